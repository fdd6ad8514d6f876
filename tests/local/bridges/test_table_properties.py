from __future__ import annotations

from typing import Any

from tests.local.embedded_aws import EmbeddedAws

KEY = "arn:aws:kms:us-east-1:000000000000:key/test"
OUTPUTS = {"Name": {"Ref": "Table"}}


def _table(**properties: Any) -> dict[str, Any]:
    table = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "ID", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "ID", "KeyType": "HASH"}],
        **properties,
    }
    return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": table}}


def _expiring(attribute: str) -> dict[str, Any]:
    return _table(TimeToLiveSpecification={"AttributeName": attribute, "Enabled": True})


def test_a_table_of_a_template_forgets_as_long_as_the_template_says_so(
    embedded_aws: EmbeddedAws,
) -> None:
    dynamodb = embedded_aws.client("dynamodb")

    def expiry() -> Any:
        return dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]

    with embedded_aws.stack(_expiring("ExpiresAt"), OUTPUTS) as stack:
        name = stack.outputs["Name"]
        assert expiry() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ExpiresAt"}
        embedded_aws.update_stack(stack.name, _table(), OUTPUTS)
        assert expiry()["TimeToLiveStatus"] == "DISABLED"
        embedded_aws.update_stack(stack.name, _expiring("EndsAt"), OUTPUTS)
        assert expiry() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "EndsAt"}


def test_a_table_says_whose_key_it_has(embedded_aws: EmbeddedAws) -> None:
    dynamodb = embedded_aws.client("dynamodb")
    customers = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}

    def key() -> Any:
        table = dynamodb.describe_table(TableName=name)["Table"]
        return table.get("SSEDescription", {}).get("KMSMasterKeyArn")

    with embedded_aws.stack(_table(SSESpecification=customers), OUTPUTS) as stack:
        name = stack.outputs["Name"]
        assert key() == KEY
        amazons = _table(SSESpecification={"SSEEnabled": True})
        embedded_aws.update_stack(stack.name, amazons, OUTPUTS)
        assert key().endswith(":alias/aws/dynamodb")
        embedded_aws.update_stack(stack.name, _table(), OUTPUTS)
        assert key() is None
