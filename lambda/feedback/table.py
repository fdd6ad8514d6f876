"""The DynamoDB table of feedbacks, keyed by ``ID``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from dynamodb_access.client import PARALLEL_REQUESTS, dynamodb_client
from dynamodb_access.failures import answering
from dynamodb_access.pauses import pause
from dynamodb_access.reading import KEYS_PER_BATCH, plain, read_items
from feedback.changes import Change, attributes, total
from feedback.record import Feedback, Row
from rest_api.errors import StorageUnavailableError
from tally.contribution import difference
from tally.table import addition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ROWS_PER_TRANSACTION = 50
"""One transaction takes 100 actions; half of them keeps a refused one cheap."""

CHANGE_ATTEMPTS = 12
LISTING = "all"
"""The one partition of the listing index."""

EXPIRES_AT = "ExpiresAt"
"""When DynamoDB forgets a row by itself, in seconds of the epoch (``stacks`` names it too)."""

MAX_PAGE_BYTES = 5_000_000
"""A page ends here at the latest: Lambda answers with 6 MB at most."""

_Argument = TypeVar("_Argument")
_Result = TypeVar("_Result")

Decide = Callable[[Row], Row | None]
"""From a row as it is to the row as it shall be; None deletes it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of the listing ended."""

    posted_time: str
    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the listing, newest first."""

    feedbacks: list[Feedback]
    next: Cursor | None


class FeedbackTable:
    """Reads and writes feedbacks; every write moves the sums with it, in one transaction.

    Parameters
    ----------
    client
        A DynamoDB client.
    table_name
        The table, with the key ``ID``.
    listing_index
        Its index with the partition ``Listing`` and the sort key ``PostedTime``; needed to list.
    tally_name
        The table of the sums, with the key ``Shard``; needed to write.
    retention_days
        After how many days a new feedback is forgotten by itself; 0 keeps it.

    Raises
    ------
    StorageUnavailableError
        By every method, when DynamoDB does not answer after bounded retries.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        *,
        table_name: str,
        listing_index: str = "",
        tally_name: str = "",
        retention_days: int = 0,
    ) -> None:
        self._client = client
        self._table = table_name
        self._index = listing_index
        self._tally = tally_name
        self._retention_days = retention_days

    @classmethod
    @cache
    def from_environment(cls) -> FeedbackTable:
        """Return what ``TABLE_NAME``, ``LISTING_INDEX`` and ``INSIGHTS_TABLE_NAME`` name."""
        return cls(
            dynamodb_client(),
            table_name=os.environ["TABLE_NAME"],
            listing_index=os.environ.get("LISTING_INDEX", ""),
            tally_name=os.environ.get("INSIGHTS_TABLE_NAME", ""),
            retention_days=int(os.environ.get("FEEDBACK_RETENTION_DAYS", "0")),
        )

    def add(self, row: Row) -> None:
        """Store a new feedback, unless one with this ID is stored already."""
        contribution = row.contribution()
        counted = row.model_copy(update={"counted": contribution.mark})
        put: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "Listing": {"S": LISTING},
                    **self._expiry(row),
                    **attributes(counted),
                },
                "ConditionExpression": "attribute_not_exists(ID)",
            }
        }
        actions = [put, addition(self._tally, difference(None, contribution))]
        for attempt in range(CHANGE_ATTEMPTS):
            reasons = self._transact(actions)
            if not reasons or reasons[0] == "ConditionalCheckFailed":
                return
            pause(attempt)
        raise _overloaded()

    def newest(self, *, limit: int, after: Cursor | None = None) -> Page:
        """List feedbacks, newest first, from an index: no scan, whatever the table's size."""
        feedbacks: list[Feedback] = []
        size = 0
        start: dict[str, Any] = {}
        if after is not None:
            start = {
                "ExclusiveStartKey": {
                    "Listing": {"S": LISTING},
                    "PostedTime": {"S": after.posted_time},
                    "ID": {"S": after.id},
                }
            }
        while True:
            with answering():
                response = self._client.query(
                    TableName=self._table,
                    IndexName=self._index,
                    KeyConditionExpression="Listing = :all",
                    ExpressionAttributeValues={":all": {"S": LISTING}},
                    ScanIndexForward=False,
                    Limit=limit - len(feedbacks),
                    **start,
                )
            for item in response["Items"]:
                feedback = Feedback.model_validate(plain(item))
                size += feedback.answer_size()
                if size > MAX_PAGE_BYTES and feedbacks:
                    return Page(feedbacks, Cursor(feedbacks[-1].posted_time, feedbacks[-1].id))
                feedbacks.append(feedback)
            last = response.get("LastEvaluatedKey")
            if not last:
                return Page(feedbacks, None)
            if len(feedbacks) >= limit:
                return Page(feedbacks, Cursor(last["PostedTime"]["S"], last["ID"]["S"]))
            start = {"ExclusiveStartKey": last}

    def read(self, ids: Iterable[str]) -> dict[str, Row]:
        """Return the rows of `ids` as they are now; those that do not exist are left out."""
        distinct = list(dict.fromkeys(ids))
        batches = [
            distinct[start : start + KEYS_PER_BATCH]
            for start in range(0, len(distinct), KEYS_PER_BATCH)
        ]
        found: dict[str, Row] = {}
        for rows in _in_parallel(self._read_batch, batches):
            found.update(rows)
        return found

    def _read_batch(self, ids: Sequence[str]) -> dict[str, Row]:
        keys = [{"ID": {"S": identifier}} for identifier in ids]
        rows = map(Row.model_validate, read_items(self._client, self._table, keys))
        return {row.id: row for row in rows}

    def change(self, rows: Mapping[str, Row], decide: Decide) -> dict[str, Row]:
        """Change rows and return them as they stand afterwards; deleted ones are left out.

        Parameters
        ----------
        rows
            The rows as they were read.
        decide
            What becomes of a row. It is asked again, with the row as it is by then, when the row
            changed between reading and writing. It must not change the ID.
        """
        settled: dict[str, Row] = {}
        pending = dict(rows)
        for attempt in range(CHANGE_ATTEMPTS):
            changes = [Change(row, decide(row)) for row in pending.values()]
            settled.update(
                {change.before.id: change.before for change in changes if not change.is_needed}
            )
            needed = [change for change in changes if change.is_needed]
            # After a refusal smaller transactions: one contested row must not hold up the others.
            size = max(1, ROWS_PER_TRANSACTION >> attempt)
            groups = [needed[start : start + size] for start in range(0, len(needed), size)]
            again: list[str] = []
            for group, refused in zip(groups, _in_parallel(self._apply, groups), strict=True):
                again.extend(refused)
                if not refused:
                    settled.update(
                        {
                            change.before.id: change.counted_after()
                            for change in group
                            if change.after is not None
                        }
                    )
            if not again:
                return settled
            pause(attempt)
            pending = self.read(again)
        raise _overloaded()

    def _expiry(self, row: Row) -> dict[str, Any]:
        if self._retention_days == 0:
            return {}
        ends = datetime.fromisoformat(row.posted_time) + timedelta(days=self._retention_days)
        return {EXPIRES_AT: {"N": str(int(ends.timestamp()))}}

    def _apply(self, changes: list[Change]) -> list[str]:
        """Apply all of `changes`, or none; return the ids to decide again: all, or none."""
        actions = [change.action(self._table) for change in changes]
        sums = total(changes)
        if sums:
            actions.append(addition(self._tally, sums))
        if self._transact(actions) == []:
            return []
        return [change.before.id for change in changes]

    def _transact(self, actions: list[TransactWriteItemTypeDef]) -> list[str]:
        """Run a transaction; return why it was refused, if a new attempt may succeed."""
        try:
            with answering():
                self._client.transact_write_items(TransactItems=actions)
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = [
                reason.get("Code", "None")
                for reason in error.response.get("CancellationReasons", [])
            ]
            if not _PASSING.issuperset(reasons):
                raise
            return reasons or ["TransactionConflict"]
        return []


_PASSING = frozenset(
    {
        "None",
        "ConditionalCheckFailed",
        "ProvisionedThroughputExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)


def _in_parallel(
    work: Callable[[_Argument], _Result], arguments: Sequence[_Argument]
) -> list[_Result]:
    if len(arguments) < 2:
        return [work(argument) for argument in arguments]
    with ThreadPoolExecutor(max_workers=PARALLEL_REQUESTS) as pool:
        return list(pool.map(work, arguments))


def _overloaded() -> StorageUnavailableError:
    return StorageUnavailableError("The table is overloaded.")
