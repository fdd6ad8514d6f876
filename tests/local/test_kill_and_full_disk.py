"""What the embedded AWS has acknowledged is kept, however it ends."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from local import launcher, processes
from tests.local.embedded_aws import EmbeddedAws, running

TABLE = "words"


def _item(identifier: str, value: str) -> dict[str, Any]:
    return {"ID": {"S": identifier}, "Value": {"S": value}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with running(tmp_path_factory.mktemp("journal")) as embedded_aws:
        embedded_aws.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "ID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "ID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        # Stopped in order once: the table itself is in the saved state.
        launcher.stop_emulator(embedded_aws.settings)
        launcher.start_emulator(embedded_aws.settings)
        yield embedded_aws


def _process(aws: EmbeddedAws) -> psutil.Process:
    return psutil.Process(int(aws.settings.process_file.read_text()))


def _rows(aws: EmbeddedAws) -> dict[str, str]:
    items = aws.client("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
    return {item["ID"]["S"]: item["Value"]["S"] for item in items}


def test_what_was_acknowledged_survives_a_kill(aws: EmbeddedAws) -> None:
    client = aws.client("dynamodb")
    for identifier in ("put", "updated", "deleted", "both-gone"):
        client.put_item(TableName=TABLE, Item=_item(identifier, "first"))
    client.update_item(
        TableName=TABLE,
        Key={"ID": {"S": "updated"}},
        UpdateExpression="SET #value = :value",
        ExpressionAttributeNames={"#value": "Value"},
        ExpressionAttributeValues={":value": {"S": "second"}},
    )
    client.delete_item(TableName=TABLE, Key={"ID": {"S": "deleted"}})
    client.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": _item("batch", "b")}}]})
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": TABLE, "Item": _item("both", "1")}},
            {"Delete": {"TableName": TABLE, "Key": {"ID": {"S": "both-gone"}}}},
        ]
    )
    acknowledged = _rows(aws)
    aws.client("s3").create_bucket(Bucket="kept")
    aws.client("s3").put_object(Bucket="kept", Key="a/b", Body=b"1", ContentType="text/csv")
    aws.client("iam").create_user(UserName="ann")
    aws.client("ssm").put_parameter(Name="greeting", Value="hello", Type="String")

    emulator = _process(aws)
    os.kill(emulator.pid, signal.SIGKILL)
    processes.wait_until_gone([emulator.pid], 10)
    launcher.start_emulator(aws.settings)

    assert _rows(aws) == acknowledged
    stored = aws.client("s3").get_object(Bucket="kept", Key="a/b")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"1", "text/csv")
    assert aws.client("iam").get_user(UserName="ann")
    assert aws.client("ssm").get_parameter(Name="greeting")["Parameter"]["Value"] == "hello"
    assert acknowledged == {"put": "first", "updated": "second", "batch": "b", "both": "1"}


def test_a_write_that_cannot_be_stored_is_refused_and_undone(aws: EmbeddedAws) -> None:
    client = aws.client("dynamodb")
    before = _rows(aws)
    emulator = _process(aws)
    # No file of the emulator can grow: what a full disk does, for one process.
    emulator.rlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    with pytest.raises(ClientError, match="InternalServerError"):
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": TABLE, "Item": _item("new", "lost")}},
                {"Delete": {"TableName": TABLE, "Key": {"ID": {"S": "put"}}}},
            ]
        )
    while_full = _rows(aws)
    emulator.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    client.put_item(TableName=TABLE, Item=_item("new", "stored"))

    assert while_full == before
    assert _rows(aws) == {**before, "new": "stored"}
