"""One feedback: as it is entered, as it is answered, and as it is stored."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_pascal

from tally.contribution import SCALE, SELF_GENDERS, Contribution

SENTIMENTS: list[Any] = ["POSITIVE", "NEGATIVE", "NEUTRAL", "MIXED"]
"""As Amazon Comprehend names them."""

GENDERS: list[Any] = ["F", "M", "U", "X"]
"""Female, male, unknown; neither or another, which is only ever self-described."""

SELF_DESCRIBED = "self"
"""`GenderSource` of a gender that the person stated. No inference ever replaces it."""

INFERRED = "inferred"
"""`GenderSource` of a gender that the model inferred from the first name."""

_NOT_BLANK = r"\S"

FirstName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_NOT_BLANK)
]
LastName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
FeedbackText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000, pattern=_NOT_BLANK),
]


class NewFeedback(BaseModel):
    """What a customer enters. A last name is not required: not everybody has one."""

    # Every field stands in `Feedback` too, where it is read back.
    model_config = ConfigDict(alias_generator=to_pascal)

    first_name: FirstName
    last_name: LastName = ""
    feedback: FeedbackText


class Feedback(BaseModel):
    """One customer's feedback."""

    # Reading is lenient: one odd row must not take the whole list away.
    model_config = ConfigDict(
        alias_generator=to_pascal, populate_by_name=True, extra="ignore", frozen=True
    )

    id: str = Field(alias="ID")
    first_name: str = ""
    last_name: str = ""
    feedback: str = ""
    posted_time: str = Field(default="", description="ISO 8601, UTC")
    sentiment: str | None = Field(default=None, json_schema_extra={"enum": SENTIMENTS})
    gender: str | None = Field(
        default=None,
        description="F, M, U (unknown), or X (neither or another; only ever self-described)",
        json_schema_extra={"enum": GENDERS},
    )
    gender_probability: float | None = Field(
        default=None, description="Probability of the likelier gender, if it was inferred"
    )
    gender_source: str | None = Field(
        default=None, json_schema_extra={"enum": [INFERRED, SELF_DESCRIBED]}
    )

    @property
    def is_self_described(self) -> bool:
        """Whether the person stated the gender."""
        return self.gender_source == SELF_DESCRIBED

    def as_answer(self) -> dict[str, Any]:
        """Return the fields that the REST API answers, without those that are not known."""
        return self.model_dump(by_alias=True, exclude_none=True, include=_ANSWERED)

    def answer_size(self) -> int:
        """Return how many bytes of Lambda's answer this feedback takes, at most.

        The body is JSON inside of JSON: quotes and what is not ASCII grow twice.
        """
        return len(json.dumps(json.dumps(self.as_answer()))) + 2


_ANSWERED = set(Feedback.model_fields)


class Row(Feedback):
    """A feedback with what the table keeps beside it.

    Attributes
    ----------
    probability_female
        What the model said, also where it was not sure enough to name a gender.
    counted
        What this row has added to the sums; None while it has not been counted.
    """

    probability_female: float | None = None
    counted: str | None = None

    def contribution(self) -> Contribution:
        """Return what this row should have added to the sums."""
        if self.is_self_described:
            steps = SELF_GENDERS.get(self.gender or "")
        elif self.probability_female is None:
            steps = None
        else:
            steps = round(self.probability_female * SCALE)
        return Contribution(
            gender=self.gender or "",
            by=self.gender_source or "",
            steps=steps,
            sentiment=self.sentiment or "",
        )
