"""What a new feedback must be, and how it becomes a row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_pascal

from feedback.record import Row
from feedback.table import FeedbackTable

NOT_BLANK = r"\S"

FirstName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NOT_BLANK)
]
LastName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
FeedbackText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000, pattern=NOT_BLANK),
]


class NewFeedback(BaseModel):
    """What a customer enters. A last name is not required: not everybody has one."""

    model_config = ConfigDict(alias_generator=to_pascal)

    first_name: FirstName
    last_name: LastName = ""
    feedback: FeedbackText


def enter(new: NewFeedback, *, table: FeedbackTable, key: str | None = None) -> str:
    """Store a feedback and return its ID.

    With a `key`, the ID follows from it and from the feedback: whatever became of a first
    attempt, a second one stores nothing more.
    """
    identifier = uuid4() if key is None else uuid5(_NAMESPACE, f"{key}\0{new.model_dump_json()}")
    table.add(
        Row(
            id=str(identifier),
            first_name=new.first_name,
            last_name=new.last_name,
            feedback=new.feedback,
            posted_time=datetime.now(UTC).isoformat(timespec="microseconds"),
        )
    )
    return str(identifier)


_NAMESPACE = UUID("d1f2f0a5-55a7-4f55-8d9c-3f7b6f0e8a11")
