"""Infers genders from first names and stores them."""

from __future__ import annotations

from collections.abc import Sequence

from feedback.outcome import Outcome
from feedback.record import INFERRED, Row
from feedback.table import FeedbackTable
from gender_model.client import GenderModel
from gender_model.prediction import Prediction

PROBABILITY_DIGITS = 4


def identify(ids: Sequence[str], *, table: FeedbackTable, model: GenderModel) -> Outcome:
    """Infer the gender of the people behind `ids` with one question to the model, and store it.

    What a person said about themselves stays, and the model is not asked about them. Asking
    twice changes nothing.
    """
    rows = table.read(ids)
    names = dict.fromkeys(row.first_name for row in rows.values() if not row.is_self_described)
    said: dict[str, Prediction] = {}
    if names:
        answer = model.predict(list(names))
        said = dict(zip(names, answer.predictions, strict=True))

    def decide(row: Row) -> Row:
        prediction = said.get(row.first_name)
        if row.is_self_described or prediction is None:
            return row
        return _inferred(row, prediction)

    return Outcome(ids, table.change(rows, decide))


def _inferred(row: Row, prediction: Prediction) -> Row:
    return row.model_copy(
        update={
            "gender": prediction.gender,
            "gender_source": INFERRED,
            "gender_probability": _rounded(prediction.probability),
            "probability_female": _rounded(prediction.probability_female),
        }
    )


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, PROBABILITY_DIGITS)
