"""Asks for the sentiment of feedbacks and stores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feedback.record import Row
from feedback.table import FeedbackTable
from sentiment.client import SentimentService


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the ids that were asked for.

    Attributes
    ----------
    rows
        The rows as they stand now, by id, in the order asked.
    missing
        Ids without a row.
    """

    rows: dict[str, Row]
    missing: list[str]


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

    rows = table.change(rows, decide)
    return Outcome(
        rows={identifier: rows[identifier] for identifier in ids if identifier in rows},
        missing=[identifier for identifier in ids if identifier not in rows],
    )
