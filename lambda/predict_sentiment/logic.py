"""Asks for the sentiment of feedbacks and stores it."""

from __future__ import annotations

from collections.abc import Sequence

from feedback.outcome import Outcome
from feedback.record import Row
from feedback.table import FeedbackTable
from sentiment.client import SentimentService


def predict_sentiment(
    ids: Sequence[str], *, table: FeedbackTable, service: SentimentService
) -> Outcome:
    """Store the sentiment of the feedbacks `ids`.

    A text never changes, so that a sentiment that is known already is not paid for again.
    """
    rows = table.read(ids)
    judged = service.judge([row.feedback for row in rows.values() if row.sentiment is None])

    def decide(row: Row) -> Row:
        judgement = judged.get(row.feedback)
        if row.sentiment is not None or judgement is None or judgement.sentiment is None:
            return row
        return row.model_copy(update={"sentiment": judgement.sentiment})

    return Outcome(ids, table.change(rows, decide))
