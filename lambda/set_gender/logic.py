"""What people say about themselves."""

from __future__ import annotations

from typing import Literal

from feedback.record import SELF_DESCRIBED, Feedback, Row
from feedback.table import FeedbackTable
from rest_api.errors import NoSuchFeedbackError

OwnGender = Literal["F", "M", "X"]


def set_gender(identifier: str, gender: OwnGender, *, table: FeedbackTable) -> Feedback:
    """Store what a person said, in place of every inference, past and future.

    Raises
    ------
    NoSuchFeedbackError
        There is no such feedback.
    """

    def decide(row: Row) -> Row:
        return row.model_copy(
            update={
                "gender": gender,
                "gender_source": SELF_DESCRIBED,
                "gender_probability": None,
                "probability_female": None,
            }
        )

    rows = table.change(table.read([identifier]), decide)
    if identifier not in rows:
        raise NoSuchFeedbackError
    return rows[identifier]
