from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError
from ministack.services import dynamodb

from local import launcher, processes
from local.bridges import table_journal
from local.bridges.table_journal import TableJournal
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
    return psutil.Process(int((aws.settings.state_folder / "emulator.pid").read_text()))


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

    emulator = _process(aws)
    os.kill(emulator.pid, signal.SIGKILL)
    processes.wait_until_gone([emulator.pid], 10)
    launcher.start_emulator(aws.settings)

    assert _rows(aws) == acknowledged
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


@pytest.fixture
def journal(tmp_path: Path) -> TableJournal:
    return TableJournal(tmp_path)


def test_a_saved_state_replaces_what_it_holds(journal: TableJournal, tmp_path: Path) -> None:
    journal.append(b"[]\n")
    number = journal.begin_snapshot("tables")
    assert number is not None
    journal.append(b"[]\n")
    assert TableJournal(tmp_path).read(0) == 2
    journal.forget_saved(number)
    assert TableJournal(tmp_path).read(0) == 1
    # Short, and the tables are as they were saved: nothing to save.
    assert journal.begin_snapshot("tables") is None
    assert journal.begin_snapshot("other tables") is not None


def test_a_line_that_was_cut_short_is_not_read(journal: TableJournal, tmp_path: Path) -> None:
    journal.append(b"[]\n")
    journal.append(b"[[")
    assert TableJournal(tmp_path).read(0) == 1


def test_a_table_created_anew_does_not_get_the_items_of_the_old_one() -> None:
    dynamodb._create_table(
        {
            "TableName": TABLE,
            "KeySchema": [{"AttributeName": "ID", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "ID", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
    )
    table = dynamodb._tables[TABLE]
    try:
        arn = table["TableArn"]
        table_journal._restore([[arn, "another table's id", "a", "", _item("a", "old")]])
        assert not table["items"]
        table_journal._restore([[arn, table["TableId"], "a", "", _item("a", "new")]])
        assert table["items"]["a"][""] == _item("a", "new")
    finally:
        dynamodb._delete_table({"TableName": TABLE})
