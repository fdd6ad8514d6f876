from __future__ import annotations

from typing import Any

from tests.local.embedded_aws import EmbeddedAws


def _table(attribute: str | None) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "ID", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "ID", "KeyType": "HASH"}],
    }
    if attribute is not None:
        properties["TimeToLiveSpecification"] = {"AttributeName": attribute, "Enabled": True}
    return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}


def test_a_table_of_a_template_forgets_as_long_as_the_template_says_so(
    embedded_aws: EmbeddedAws,
) -> None:
    dynamodb = embedded_aws.client("dynamodb")
    outputs = {"Name": {"Ref": "Table"}}

    def expiry() -> Any:
        return dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]

    with embedded_aws.stack(_table("ExpiresAt"), outputs) as stack:
        name = stack.outputs["Name"]
        assert expiry() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ExpiresAt"}

        embedded_aws.update_stack(stack.name, _table(None), outputs)
        assert expiry()["TimeToLiveStatus"] == "DISABLED"

        embedded_aws.update_stack(stack.name, _table("EndsAt"), outputs)
        assert expiry() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "EndsAt"}
