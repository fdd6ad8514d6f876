from __future__ import annotations

from typing import Any

from tests.local.embedded_aws import EmbeddedAws

KEY = "arn:aws:kms:us-east-1:000000000000:key/test"


def _table(encryption: dict[str, Any] | None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "ID", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "ID", "KeyType": "HASH"}],
    }
    if encryption is not None:
        properties["SSESpecification"] = encryption
    return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}


def test_a_table_says_whose_key_it_has(embedded_aws: EmbeddedAws) -> None:
    dynamodb = embedded_aws.client("dynamodb")
    outputs = {"Name": {"Ref": "Table"}}
    customers = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}

    def key() -> Any:
        table = dynamodb.describe_table(TableName=name)["Table"]
        return table.get("SSEDescription", {}).get("KMSMasterKeyArn")

    with embedded_aws.stack(_table(customers), outputs) as stack:
        name = stack.outputs["Name"]
        assert key() == KEY
        embedded_aws.update_stack(stack.name, _table({"SSEEnabled": True}), outputs)
        assert key().endswith(":alias/aws/dynamodb")
        embedded_aws.update_stack(stack.name, _table(None), outputs)
        assert key() is None
