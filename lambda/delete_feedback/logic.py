"""Forgetting."""

from __future__ import annotations

from feedback.table import FeedbackTable
from rest_api.errors import NotFoundError


def delete(identifier: str, *, table: FeedbackTable) -> None:
    """Delete a feedback and take it out of the sums.

    Raises
    ------
    NotFoundError
        There is no such feedback.
    """
    rows = table.read([identifier])
    if not rows:
        raise NotFoundError("There is no such feedback.")
    table.change(rows, lambda _: None)
