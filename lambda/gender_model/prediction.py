"""What the model says about one name."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Population = Literal["us", "world"]

MAX_NAMES = 1_000
"""Names that one request may hold."""


class Prediction(BaseModel):
    """The inferred gender of one name.

    ``U`` is unknown: the text is no name, or the model is not sure enough.
    """

    model_config = ConfigDict(extra="ignore")

    name: str
    gender: Literal["F", "M", "U"]
    probability_female: float | None = Field(
        description="Probability that a person of this name is a woman; null if it is no name"
    )
    probability: float | None = Field(
        description="Probability of the likelier gender; null if the text is no name"
    )
    reason: str | None = Field(default=None, description="Why the gender is unknown")

    def as_answer(self) -> dict[str, Any]:
        """Return the fields as answered: null probabilities stay, an empty reason does not."""
        return self.model_dump(exclude={"reason"} if self.reason is None else None)


class Predictions(BaseModel):
    """What the model says about a list of names, in the same order."""

    model_config = ConfigDict(extra="ignore")

    predictions: list[Prediction]
    model: str = Field(description="Which model answered: a fingerprint")

    def as_answer(self) -> dict[str, Any]:
        """Return what the REST API answers."""
        return {
            "predictions": [prediction.as_answer() for prediction in self.predictions],
            "model": self.model,
        }
