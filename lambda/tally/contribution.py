"""What one feedback adds to the sums.

All sums are integers, because DynamoDB adds those exactly: what a row added can be taken away
again without a trace, after any number of changes. Probabilities count in steps of 1/10,000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

SCALE = 10_000
"""Steps of a probability."""

POSITIVE = "POSITIVE"
"""The sentiment whose share `insights` estimates."""

SELF_GENDERS = {"F": SCALE, "M": 0}
"""Probability of a woman, in steps, where the person said it."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What is known about one feedback, as far as the sums care.

    Attributes
    ----------
    gender
        F, M, U, X, or empty while nobody asked.
    by
        ``self``, ``inferred`` or empty.
    steps
        Probability of a woman in steps of 1/10,000; None where the name says nothing.
    sentiment
        As Amazon Comprehend names it, or empty.
    """

    gender: str = ""
    by: str = ""
    steps: int | None = None
    sentiment: str = ""

    @property
    def mark(self) -> str:
        """A word for the row's own record of what it added."""
        steps = "" if self.steps is None else str(self.steps)
        return f"{self.gender}:{self.by}:{steps}:{self.sentiment}"

    @classmethod
    def from_mark(cls, mark: str) -> Contribution:
        """Return the contribution that `mark` records."""
        gender, by, steps, sentiment = mark.split(":")
        return cls(gender, by, int(steps) if steps else None, sentiment)

    def sums(self) -> Counter[str]:
        """Return what is added to each sum.

        For the regression of s (1 if positive, else 0) on p (probability of a woman) and for its
        robust variance, these suffice: n, the sums of p, p², p³, p⁴, and of s, sp, sp², sp³.
        """
        added = Counter({"Feedbacks": 1})
        added[f"Gender{self.gender or 'None'}"] += 1
        if self.by == "self":
            added["SelfDescribed"] += 1
        if not self.sentiment:
            return added
        positive = int(self.sentiment == POSITIVE)
        added["Rated"] += 1
        added["RatedPositive"] += positive
        if self.gender == "X":
            added["RatedX"] += 1
            added["RatedXPositive"] += positive
        elif self.steps is not None:
            for power in range(5):
                added[f"P{power}"] += self.steps**power
            if positive:
                for power in range(4):
                    added[f"SP{power}"] += self.steps**power
        return added


def difference(before: Contribution | None, after: Contribution | None) -> Mapping[str, int]:
    """Return how the sums change when a row turns from `before` into `after`.

    None stands for a row that is not there, or not counted yet.
    """
    change: Counter[str] = after.sums() if after else Counter()
    change.subtract(before.sums() if before else {})
    return {name: amount for name, amount in change.items() if amount}
