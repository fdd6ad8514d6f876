"""What the sums say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from insights.estimate import CONFIDENCE, MINIMUM_SIZE, Moments, Share, known_share, shares

DIGITS = 4


class Estimate(BaseModel):
    """A share with its interval, or why there is none."""

    share: float | None = None
    low: float | None = None
    high: float | None = None
    reason: Literal["too_few"] | None = None


class Positive(BaseModel):
    """Shares of positive feedback, and women's minus men's."""

    F: Estimate
    M: Estimate
    X: Estimate
    difference: Estimate


class Genders(BaseModel):
    """Feedbacks by what is known of the gender."""

    F: int
    M: int
    U: int
    X: int
    not_identified: int
    self_described: int = Field(description="Of all these, by the person's own word")


class Unknown(BaseModel):
    """Feedbacks whose gender was looked for in vain."""

    count: int
    share: float | None = Field(description="Among all that were looked at; null if none was")


class Insights(BaseModel):
    """Whether women and men feel differently about the service."""

    feedbacks: int
    rated: int = Field(description="Feedbacks whose sentiment is known")
    genders: Genders
    unknown: Unknown
    positive: Positive
    confidence: float
    minimum_group_size: int
    method: str


METHOD = (
    "Regression of sentiment on the probability of a woman; robust intervals that account for "
    "the uncertainty of every inferred gender. It assumes that, given the gender, the name says "
    "nothing more about the sentiment."
)


def summarize(sums: Mapping[str, int]) -> Insights:
    """Return the insights of `sums`."""
    genders = Genders(
        F=sums.get("GenderF", 0),
        M=sums.get("GenderM", 0),
        U=sums.get("GenderU", 0),
        X=sums.get("GenderX", 0),
        not_identified=sums.get("GenderNone", 0),
        self_described=sums.get("SelfDescribed", 0),
    )
    looked_at = genders.F + genders.M + genders.U + genders.X
    men, women, difference = shares(Moments.from_sums(sums))
    return Insights(
        feedbacks=sums.get("Feedbacks", 0),
        rated=sums.get("Rated", 0),
        genders=genders,
        unknown=Unknown(
            count=genders.U,
            share=round(genders.U / looked_at, DIGITS) if looked_at else None,
        ),
        positive=Positive(
            F=_estimate(women),
            M=_estimate(men),
            X=_estimate(known_share(sums.get("RatedXPositive", 0), sums.get("RatedX", 0))),
            difference=_estimate(difference),
        ),
        confidence=CONFIDENCE,
        minimum_group_size=MINIMUM_SIZE,
        method=METHOD,
    )


def _estimate(share: Share | None) -> Estimate:
    if share is None:
        return Estimate(reason="too_few")
    return Estimate(
        share=round(share.value, DIGITS),
        low=round(share.low, DIGITS),
        high=round(share.high, DIGITS),
    )
