"""Forgetting."""

from __future__ import annotations

from feedback.table import FeedbackTable
from rest_api.errors import NoSuchFeedbackError


def delete(identifier: str, *, table: FeedbackTable) -> None:
    """Delete a feedback and take it out of the sums.

    Raises
    ------
    NoSuchFeedbackError
        There is no such feedback.
    """
    rows = table.read([identifier])
    if not rows:
        raise NoSuchFeedbackError
    table.change(rows, lambda _: None)
