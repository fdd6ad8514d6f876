"""How a new feedback becomes a row."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

from feedback.record import NewFeedback, Row
from feedback.table import FeedbackTable

_IDS_BY_KEY = UUID("d1f2f0a5-55a7-4f55-8d9c-3f7b6f0e8a11")
"""Namespace of the IDs that follow from a key."""


def enter(new: NewFeedback, *, table: FeedbackTable, key: str | None = None) -> str:
    """Store a feedback and return its ID.

    With a `key`, the ID follows from it and from the feedback: whatever became of a first
    attempt, a second one stores nothing more.
    """
    if key is None:
        identifier = uuid4()
    else:
        # Without defaults: a field that came with a release leaves earlier requests what they were.
        identifier = uuid5(_IDS_BY_KEY, f"{key}\0{new.model_dump_json(exclude_defaults=True)}")
    table.add(
        Row(
            id=str(identifier),
            posted_time=datetime.now(UTC).isoformat(timespec="microseconds"),
            **new.model_dump(),
        )
    )
    return str(identifier)
