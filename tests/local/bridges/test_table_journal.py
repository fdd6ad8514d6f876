from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ministack.services import dynamodb

from local.bridges import table_journal
from local.bridges.table_journal import TableJournal

TABLE = "words"


def _item(identifier: str, value: str) -> dict[str, Any]:
    return {"ID": {"S": identifier}, "Value": {"S": value}}


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
