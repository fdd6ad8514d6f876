from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
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


@pytest.mark.parametrize(
    "interrupt",
    [lambda journal: journal.append(b"[ ]\n"), lambda journal: journal.begin_snapshot("tables")],
    ids=["line", "file"],
)
def test_a_line_is_written_before_another_line_or_file_begins(
    journal: TableJournal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    interrupt: Callable[[TableJournal], object],
) -> None:
    write = os.write
    with ThreadPoolExecutor() as pool:

        def write_half(file: int, content: memoryview) -> int:
            """Write what a system may: not all; then give another thread every chance."""
            monkeypatch.setattr(os, "write", write)
            written = write(file, content[: len(content) // 2])
            wait([pool.submit(interrupt, journal)], timeout=1)
            return written

        monkeypatch.setattr(os, "write", write_half)
        journal.append(b"[          ]\n")

    segments = sorted(tmp_path.iterdir())
    assert segments[0].read_bytes().startswith(b"[          ]\n")
    assert b"".join(file.read_bytes() for file in segments[1:]) == b""


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
