"""Compares what was acknowledged with what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from feedback.record import SELF_DESCRIBED, Row
from soak.ledger import Ledger, Promise

_deserialize = TypeDeserializer().deserialize


@dataclass
class Finding:
    """The outcome of one comparison.

    Attributes
    ----------
    acknowledged
        Number of acknowledged changes of each kind.
    unanswered
        Number of feedbacks that were never acknowledged, in spite of repeating.
    rows
        Rows in the table.
    lost
        One line for each acknowledged change that the table does not show.
    invented
        One line for each row that nobody, or nobody a second time, asked for.
    sums_differ
        The sums of the insights that are not those of the rows: stored and right value.
    """

    acknowledged: dict[str, int]
    unanswered: int
    rows: int
    lost: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    sums_differ: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether everything is as it was acknowledged."""
        return not (self.lost or self.invented or self.sums_differ)


def compare(
    ledger: Ledger, rows: Iterable[Row], sums: Mapping[str, int], *, before: set[str]
) -> Finding:
    """Compare the ledger with the tables.

    Parameters
    ----------
    ledger
        What was asked for and acknowledged.
    rows, sums
        The table of feedbacks and the sums of the insights, read while nobody writes.
    before
        IDs of the rows that were there before the clients came.
    """
    stored = {row.id: row for row in rows}
    finding = Finding(
        acknowledged=dict(ledger.acknowledged),
        unanswered=len(ledger.unanswered),
        rows=len(stored),
    )
    for identifier, promise in ledger.promises.items():
        finding.lost.extend(
            f"{identifier}: {complaint}" for complaint in _broken(promise, stored.get(identifier))
        )
    entered = Counter(row.last_name for row in stored.values() if row.id not in before)
    known = {promise.marker for promise in ledger.promises.values()} | ledger.unanswered
    finding.invented.extend(f"marker {marker}" for marker in entered if marker not in known)
    finding.invented.extend(
        f"marker {marker} {count} times"
        for marker, count in entered.items()
        if count > 1 and marker in ledger.once
    )
    finding.sums_differ = _differences(sums, stored.values())
    return finding


def _broken(promise: Promise, row: Row | None) -> Iterable[str]:
    if promise.deleted:
        if row is not None:
            yield "deleted, and there again"
        return
    if row is None:
        if promise.marker and not promise.maybe_deleted:
            yield "entered, and not there"
        return
    if promise.marker and (row.first_name, row.last_name) != (promise.first_name, promise.marker):
        yield "not as it was entered"
    if not promise.maybe_silent and not (
        row.gender_source == SELF_DESCRIBED and row.gender in promise.own_words
    ):
        yield "the person's own word is not there"
    if promise.gender is not None and row.gender is None:
        yield "identified, and not stored"
    if promise.sentiment is not None and row.sentiment != promise.sentiment:
        yield "judged, and not stored"


def _differences(sums: Mapping[str, int], rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    right: Counter[str] = Counter()
    for row in rows:
        right.update(row.contribution().sums())
    return {
        name: (sums.get(name, 0), right[name])
        for name in sorted({*sums, *right})
        if sums.get(name, 0) != right[name]
    }


def read_rows(dynamodb: Any, table: str) -> list[Row]:
    """Read every row of the table of feedbacks."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [Row.model_validate(_plain(item)) for page in pages for item in page["Items"]]


def read_sums(dynamodb: Any, table: str) -> Counter[str]:
    """Read the sums of the insights and add their shards up."""
    total: Counter[str] = Counter()
    for item in dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]:
        total.update({name: int(value) for name, value in _plain(item).items() if name != "Shard"})
    return total


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}
