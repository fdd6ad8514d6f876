"""Infers the gender that first names suggest."""

from __future__ import annotations

from collections.abc import Sequence

from gender_model.client import GenderModel
from gender_model.prediction import MAX_NAMES, Population, Predictions
from rest_api.errors import TooLargeError


def predict(
    names: Sequence[str], *, population: Population | None, model: GenderModel
) -> Predictions:
    """Return one prediction per name, in order.

    Raises
    ------
    TooLargeError
        There are more names than one request may hold.
    """
    if len(names) > MAX_NAMES:
        message = f"At most {MAX_NAMES} names in one request."
        raise TooLargeError(message, details={"limit": MAX_NAMES, "received": len(names)})
    return model.predict(names, population=population)
