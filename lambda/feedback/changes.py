"""Changes of rows, each in one transaction with the sums that it moves.

A change is refused by DynamoDB if the row is no longer what it was when it was read. It is then
read again and decided again, so that a correction or a deletion that came between is never
overwritten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeSerializer

from feedback.record import Row
from tally.contribution import Contribution, difference

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_LOCKING = ("FirstName", "Gender", "GenderSource", "Sentiment", "Counted")
"""Attributes that must not have changed between reading and writing."""

_serialize = TypeSerializer().serialize


@dataclass(frozen=True, slots=True)
class Change:
    """One row as it was read, and what it shall be; None deletes it."""

    before: Row
    after: Row | None

    @property
    def is_needed(self) -> bool:
        """Whether anything would be different."""
        return self.after is None or attributes(self.counted_after()) != attributes(self.before)

    def counted_after(self) -> Row:
        """Return the row as it is stored: it records what it added to the sums."""
        if self.after is None:
            message = "a deleted row is not stored"
            raise ValueError(message)
        return self.after.model_copy(update={"counted": self.after.contribution().mark})

    def sums(self) -> Mapping[str, int]:
        """Return what this change adds to the sums."""
        counted = self.before.counted
        return difference(
            Contribution.from_mark(counted) if counted is not None else None,
            self.after.contribution() if self.after is not None else None,
        )

    def action(self, table_name: str) -> TransactWriteItemTypeDef:
        """Return this change as part of a transaction on the table `table_name`."""
        before = attributes(self.before)
        conditions = ["attribute_exists(ID)"]
        values: dict[str, Any] = {}
        for name in _LOCKING:
            if name in before:
                conditions.append(f"{name} = :was{name}")
                values[f":was{name}"] = before[name]
            else:
                conditions.append(
                    f"(attribute_not_exists({name}) OR attribute_type({name}, :null))"
                )
                values[":null"] = {"S": "NULL"}
        key = {"ID": {"S": self.before.id}}
        condition = " AND ".join(conditions)
        if self.after is None:
            return {
                "Delete": {
                    "TableName": table_name,
                    "Key": key,
                    "ConditionExpression": condition,
                    "ExpressionAttributeValues": values,
                }
            }
        after = attributes(self.counted_after())
        changed = [name for name in after if after[name] != before.get(name)]
        gone = [name for name in before if name not in after]
        expression = "SET " + ", ".join(f"{name} = :{name}" for name in changed)
        if gone:
            expression += " REMOVE " + ", ".join(gone)
        values.update({f":{name}": after[name] for name in changed})
        return {
            "Update": {
                "TableName": table_name,
                "Key": key,
                "ConditionExpression": condition,
                "UpdateExpression": expression,
                "ExpressionAttributeValues": values,
            }
        }


def attributes(row: Row) -> dict[str, Any]:
    """Return a row's attributes in DynamoDB's own form; defaults that nobody stored stay out."""
    known = row.model_dump(by_alias=True, exclude_none=True, exclude_unset=True)
    return {
        name: _serialize(Decimal(str(value)) if isinstance(value, float) else value)
        for name, value in known.items()
    }


def total(changes: list[Change]) -> Mapping[str, int]:
    """Return what all of `changes` add to the sums."""
    added: Counter[str] = Counter()
    for change in changes:
        added.update(change.sums())
    return {name: amount for name, amount in added.items() if amount}
