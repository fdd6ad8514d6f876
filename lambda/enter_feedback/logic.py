"""What a new feedback must be, and how it becomes a row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_pascal

from feedback.record import Row
from feedback.table import FeedbackTable

FirstName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LastName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
FeedbackText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)
]


class NewFeedback(BaseModel):
    """What a customer enters. A last name is not required: not everybody has one."""

    model_config = ConfigDict(alias_generator=to_pascal)

    first_name: FirstName
    last_name: LastName = ""
    feedback: FeedbackText


def enter(new: NewFeedback, *, table: FeedbackTable) -> str:
    """Store a feedback and return its ID."""
    identifier = str(uuid4())
    table.add(
        Row(
            id=identifier,
            first_name=new.first_name,
            last_name=new.last_name,
            feedback=new.feedback,
            posted_time=datetime.now(UTC).isoformat(timespec="microseconds"),
        )
    )
    return identifier
