"""What a table has acknowledged is on disk before the answer leaves.

Gap (ministack 1.5.33): tables are saved when the emulator is stopped in an orderly way, and ours
are saved every few seconds besides; what was acknowledged in between is lost with ``kill -9``.

Every request that writes items appends one line to a journal: the items as they are now, all of
a transaction on the same line. A start reads the last saved state and then the journal. Lines
hold whole items, so that reading one twice changes nothing, and a line that was cut short by the
end was never acknowledged. If the line cannot be written, for a full disk for instance, the
items are put back as they were and the caller is answered with ``InternalServerError``.

The lines are given to the operating system, not forced onto the disk: they outlive the emulator
however it ends, not a power failure.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ministack.core import persistence
from ministack.core.responses import error_response_json
from ministack.services import dynamodb

SEGMENT_BYTES = 8_000_000
"""From this size on, a journal is replaced by a saved state: reading it takes some 0.3 s."""

_SEGMENT = "journal"
_logger = logging.getLogger(__name__)

_Table = dict[str, Any]
_Key = tuple[str, str]


class _Request:
    """What one request changed: every item by its key, as it was before."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, *_Key], tuple[_Table, Any]] = {}

    def note(self, table: _Table, key: _Key, before: Any) -> None:
        self._before.setdefault((table["TableArn"], *key), (table, before))

    def line(self) -> bytes | None:
        """Return the items as they are now as one line, or None if there are none."""
        images = [
            [arn, table["TableId"], pk, sk, table["items"].get(pk, {}).get(sk)]
            for (arn, pk, sk), (table, _) in self._before.items()
        ]
        if not images:
            return None
        text = json.dumps(images, default=persistence._json_default, separators=(",", ":"))
        return text.encode() + b"\n"

    def undo(self) -> None:
        """Put the items back."""
        for (_, pk, sk), (table, before) in self._before.items():
            if before is None:
                _remove_item(table, pk, sk)
            else:
                _set_item(table, pk, sk, before)


class TableJournal:
    """Journal of the items of all tables, in numbered files.

    Requests write on the event loop, and what expires is removed on a thread of its own: one line
    is written at a time, and no file is closed under a writer.

    Parameters
    ----------
    folder
        Folder of its files; made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._number = max((number for number, _ in self._segments()), default=0)
        self._file: int | None = None
        self._size = 0
        self._saved_description: str | None = None

    def append(self, line: bytes) -> None:
        """Write a line as a whole, or not at all.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        with self._lock:
            file = self._file if self._file is not None else self._begin_segment()
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(file, rest) :]
            except OSError:
                os.ftruncate(file, self._size)
                raise
            self._size += len(line)

    def begin_snapshot(self, description: str) -> int | None:
        """Begin a new file, which the state that is now being copied does not cover.

        Parameters
        ----------
        description
            Everything about the tables but their items.

        Returns
        -------
        int or None
            Its number; None if the journal is short and the description is the saved one, so
            that no state needs to be saved.
        """
        with self._lock:
            if self._size < SEGMENT_BYTES and description == self._saved_description:
                return None
            self._begin_segment()
            self._saved_description = description
            return self._number

    def forget_saved(self, number: int) -> None:
        """Remove the files before `number`: a state that was saved holds what they hold."""
        for older, file in self._segments():
            if older < number:
                file.unlink(missing_ok=True)

    def save_again(self) -> None:
        """Let the next copy be saved in any case: this one was not."""
        self._saved_description = None

    def read(self, since: int) -> int:
        """Bring the tables up to date.

        Parameters
        ----------
        since
            Number of the first file that the saved state does not cover.

        Returns
        -------
        int
            Number of lines that were read.
        """
        lines = 0
        for number, file in sorted(self._segments()):
            if number < since:
                continue
            with file.open("rb") as stream:
                for line in stream:
                    if not line.endswith(b"\n"):
                        # Cut short by the end of the emulator: nobody was told that it is done.
                        break
                    _restore(json.loads(line, object_hook=persistence._json_object_hook))
                    lines += 1
        return lines

    def _begin_segment(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        number = self._number + 1
        file = os.open(
            self._folder / f"{_SEGMENT}-{number}.jsonl",
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL,
            0o600,
        )
        if self._file is not None:
            os.close(self._file)
        self._number, self._file, self._size = number, file, 0
        return file

    def _segments(self) -> list[tuple[int, Path]]:
        return [
            (int(file.stem.rpartition("-")[2]), file)
            for file in self._folder.glob(f"{_SEGMENT}-*.jsonl")
        ]


_request: ContextVar[_Request | None] = ContextVar("dynamodb_request", default=None)
_set_item: Any = dynamodb._set_item
_remove_item: Any = dynamodb._remove_item


def install(folder: Path) -> None:
    """Keep a journal of all writes.

    Parameters
    ----------
    folder
        Where its files are.
    """
    journal = TableJournal(folder)
    _note_writes(journal)
    _write_before_answering(journal)
    _join_saved_state(journal)


def _note_writes(journal: TableJournal) -> None:
    def noted(table: _Table, key: _Key, before: Any) -> None:
        request = _request.get()
        if request is not None:
            request.note(table, key, before)
            return
        # Items expire, and other services write, outside of any request.
        alone = _Request()
        alone.note(table, key, before)
        line = alone.line()
        if line is not None:
            journal.append(line)

    def set_item(table: _Table, pk: str, sk: str, item: Any) -> Any:
        before = _set_item(table, pk, sk, item)
        noted(table, (pk, sk), before)
        return before

    def remove_item(table: _Table, pk: str, sk: str) -> Any:
        before = _remove_item(table, pk, sk)
        noted(table, (pk, sk), before)
        return before

    dynamodb._set_item = set_item
    dynamodb._remove_item = remove_item


def _write_before_answering(journal: TableJournal) -> None:
    upstream: Any = dynamodb.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: Any
    ) -> Any:
        request = _Request()
        context = _request.set(request)
        try:
            answer = await upstream(method, path, headers, body, query)
        finally:
            _request.reset(context)
        line = request.line()
        if line is not None:
            try:
                journal.append(line)
            except OSError as error:
                _logger.exception("A write was undone: the journal cannot be written")
                request.undo()
                # A transaction that is sent again with its token would count as done.
                dynamodb._txn_idempotency.pop(json.loads(body).get("ClientRequestToken"), None)
                message = f"The write was not stored: {error.strerror}"
                return error_response_json("InternalServerError", message, 500)
        return answer

    dynamodb.handle_request = handle_request


def _join_saved_state(journal: TableJournal) -> None:
    copy_state: Any = dynamodb.get_state
    load_state: Any = dynamodb.load_persisted_state
    save_state: Any = persistence.save_state

    def get_state() -> Any:
        number = journal.begin_snapshot(_description())
        return None if number is None else {**copy_state(), _SEGMENT: number}

    def load_persisted_state(state: Mapping[str, Any]) -> None:
        load_state(state)
        lines = journal.read(state.get(_SEGMENT, 0))
        if lines:
            _logger.info("%d writes were read from the journal", lines)

    def save(service: str, state: Any) -> None:
        if service != "dynamodb":
            save_state(service, state)
            return
        file = Path(persistence.STATE_DIR, f"{service}.json")
        before = _identity(file)
        save_state(service, state)
        # It reports a failure in its log only; a state that was written is a new file.
        if _identity(file) == before:
            journal.save_again()
        else:
            journal.forget_saved(state[_SEGMENT])

    dynamodb.get_state = get_state
    dynamodb.load_persisted_state = load_persisted_state
    persistence.save_state = save


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _description() -> str:
    """Everything that a saved state holds but the items and their number."""
    changing = {"items", "ItemCount", "TableSizeBytes", dynamodb._INDEX_MEMBERS}
    tables = [
        {name: value for name, value in table.items() if name not in changing}
        for table in dynamodb._tables.all_values()
    ]
    rest = [
        dynamodb._tags,
        dynamodb._ttl_settings,
        dynamodb._pitr_settings,
        dynamodb._kinesis_destinations,
        dynamodb._contributor_insights,
        dynamodb._backups,
        dynamodb._resource_policies,
        dynamodb._exports,
        dynamodb._imports,
    ]
    return json.dumps([tables, rest], default=persistence._json_default)


def _restore(images: list[list[Any]]) -> None:
    for arn, table_id, pk, sk, item in images:
        _, _, _, region, account, resource = arn.split(":", 5)
        table = dynamodb._tables.get_scoped(account, region, resource.removeprefix("table/"))
        # A table of the same name may have been created anew.
        if table is None or table["TableId"] != table_id:
            continue
        if item is None:
            _remove_item(table, pk, sk)
        else:
            _set_item(table, pk, sk, item)
