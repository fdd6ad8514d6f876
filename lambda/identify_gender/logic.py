"""Infers genders from first names and stores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feedback.record import MAX_IDS, Feedback
from feedback.table import FeedbackTable, Inference
from gender_model.client import GenderModel
from rest_api.errors import BadRequestError, TooLargeError


@dataclass(frozen=True, slots=True)
class Identification:
    """What became of the ids that were asked for.

    Attributes
    ----------
    feedbacks
        The rows as they stand now, by id, in the order asked.
    missing
        Ids without a row: there never was one, or it was deleted meanwhile.
    inferred
        How many rows got a gender from the model, or kept the same one.
    """

    feedbacks: dict[str, Feedback]
    missing: list[str]
    inferred: int


def distinct_ids(ids: Sequence[str]) -> list[str]:
    """Return every id once, in the order of their first appearance.

    Raises
    ------
    BadRequestError
        There is none.
    TooLargeError
        There are more than one request may hold.
    """
    distinct = list(dict.fromkeys(ids))
    if not distinct:
        message = "Name at least one id."
        raise BadRequestError(message)
    if len(distinct) > MAX_IDS:
        message = f"At most {MAX_IDS} ids in one request."
        raise TooLargeError(message, details={"limit": MAX_IDS, "received": len(distinct)})
    return distinct


def identify(ids: Sequence[str], *, table: FeedbackTable, model: GenderModel) -> Identification:
    """Infer the gender of the people behind `ids` with one question to the model, and store it.

    What a person said about themselves stays, and the model is not asked about them. Asking
    twice changes nothing.
    """
    rows = table.read(ids)
    asked = [row for row in rows.values() if not row.is_self_described]
    if asked:
        answer = model.predict([row.first_name for row in asked])
        inferences = [
            Inference(row.id, row.first_name, said.gender, said.probability)
            for row, said in zip(asked, answer.predictions, strict=True)
        ]
        stored = table.store(inferences)
        rows = {
            identifier: stored.get(identifier, row)
            for identifier, row in rows.items()
            if row.is_self_described or identifier in stored
        }
    return Identification(
        feedbacks={identifier: rows[identifier] for identifier in ids if identifier in rows},
        missing=[identifier for identifier in ids if identifier not in rows],
        inferred=sum(not row.is_self_described for row in rows.values()),
    )
