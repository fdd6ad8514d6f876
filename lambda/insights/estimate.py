"""Shares of positive feedback per gender, where the gender is only inferred.

Counting labels is biased: among the people labelled F there are men, and so the two shares are
drawn towards each other. The names' probabilities are taken for what they are instead. If how a
person feels depends on the gender but, given the gender, not on the name, then among people
whose name is a woman's with probability p

    E[s | name] = θ_M · (1 - p) + θ_F · p

with s = 1 for a positive feedback and 0 for any other. The shares θ are therefore the
coefficients of a regression of s on (1 - p, p), and a person's own word enters as p = 0 or 1.

Sources
-------
Goodman, L. A. (1953): Ecological regressions and behavior of individuals. American Sociological
Review 18(6), 663-664: the regression. Chen, J. et al. (2019): Fairness under unawareness:
assessing disparity when protected class is unobserved. FAT* '19, 339-348: the bias of counting
labels. White, H. (1980): A heteroskedasticity-consistent covariance matrix estimator.
Econometrica 48(4), 817-838: the variance. Agresti, A. and Coull, B. A. (1998): Approximate is
better than "exact" for interval estimation of binomial proportions. The American Statistician
52(2), 119-126, and Agresti, A. and Caffo, B. (2000), ibid. 54(4), 280-288: the added
observations that keep intervals honest near 0 and 1 and in small groups.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tally.contribution import SCALE

CONFIDENCE = 0.95
_Z = 1.959963984540054
"""The standard normal distribution's quantile for `CONFIDENCE`, two-sided."""

MINIMUM_SIZE = 10
"""No figure is given for a group that tells no more than this many people would."""

_ADDED_PER_SHARE = 4
_ADDED_PER_DIFFERENCE = 2
"""Observations that are added to each group, half of them positive, before an interval."""


@dataclass(frozen=True, slots=True)
class Share:
    """An estimated share, or a difference of two, and the interval it lies in.

    Attributes
    ----------
    value, low, high
        Between 0 and 1; a difference between -1 and 1.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums that determine the regression.

    Attributes
    ----------
    p
        Sums of p⁰ … p⁴ over all rated feedbacks whose p is known.
    sp
        Sums of p⁰ … p³ over the positive ones among them.
    """

    p: tuple[float, ...]
    sp: tuple[float, ...]

    @classmethod
    def from_sums(cls, sums: Mapping[str, int]) -> Moments:
        """Return the moments that the table of sums holds."""
        return cls(
            p=tuple(sums.get(f"P{power}", 0) / SCALE**power for power in range(5)),
            sp=tuple(sums.get(f"SP{power}", 0) / SCALE**power for power in range(4)),
        )

    @property
    def tell_apart(self) -> bool:
        """Whether the names tell men and women apart, and there are people to regress on."""
        n = self.p[0]
        return n > 2 and self.determinant() > 1e-9 * n * n

    def inner(self) -> tuple[float, float, float]:
        """Return X'X: men with men, men with women, women with women."""
        return self.p[0] - 2 * self.p[1] + self.p[2], self.p[1] - self.p[2], self.p[2]

    def determinant(self) -> float:
        """Return the determinant of X'X."""
        mm, mf, ff = self.inner()
        return mm * ff - mf * mf

    def with_added(self, count: int) -> Moments:
        """Return the moments with `count` men and `count` women more, half of them positive."""
        return Moments(
            p=(self.p[0] + 2 * count, *(moment + count for moment in self.p[1:])),
            sp=(self.sp[0] + count, *(moment + count / 2 for moment in self.sp[1:])),
        )


@dataclass(frozen=True, slots=True)
class Regression:
    """The regression of s on (1 - p, p).

    Attributes
    ----------
    theta
        Coefficients: the shares of men and of women.
    covariance
        Robust covariance of the coefficients.
    size
        Men and women that, were every gender known, would tell as much: the inverse diagonal of
        (X'X)⁻¹.
    """

    theta: tuple[float, float]
    covariance: tuple[tuple[float, float], tuple[float, float]]
    size: tuple[float, float]


def regress(moments: Moments) -> Regression:
    """Return the regression; needs moments that tell men and women apart."""
    p, sp = moments.p, moments.sp
    mm, mf, ff = moments.inner()
    determinant = moments.determinant()
    inverse = ((ff / determinant, -mf / determinant), (-mf / determinant, mm / determinant))
    right = (sp[0] - sp[1], sp[1])
    men, women = (row[0] * right[0] + row[1] * right[1] for row in inverse)

    slope = women - men

    def weighted_squares(weight: tuple[float, float, float]) -> float:
        # The sum of (w₀ + w₁p + w₂p²)·(s - μ)², where μ = θ_M + slope·p and s² = s.
        return sum(
            factor
            * (
                (1 - 2 * men) * sp[k]
                - 2 * slope * sp[k + 1]
                + men * men * p[k]
                + 2 * men * slope * p[k + 1]
                + slope * slope * p[k + 2]
            )
            for k, factor in enumerate(weight)
        )

    cross = weighted_squares((0, 1, -1))
    meat = ((weighted_squares((1, -2, 1)), cross), (cross, weighted_squares((0, 0, 1))))
    correction = p[0] / (p[0] - 2)
    covariance = _product(_product(inverse, meat), inverse)
    return Regression(
        theta=(men, women),
        covariance=(
            (correction * covariance[0][0], correction * covariance[0][1]),
            (correction * covariance[1][0], correction * covariance[1][1]),
        ),
        size=(1 / inverse[0][0], 1 / inverse[1][1]),
    )


def shares(moments: Moments) -> tuple[Share | None, Share | None, Share | None]:
    """Return the shares of men and of women, and women's minus men's.

    None stands for a group that is smaller than `MINIMUM_SIZE`, in the sense of
    `Regression.size`; the difference needs both.
    """
    if not moments.tell_apart:
        return None, None, None
    plain = regress(moments)
    for_shares = regress(moments.with_added(_ADDED_PER_SHARE))
    for_difference = regress(moments.with_added(_ADDED_PER_DIFFERENCE))
    told = [
        _share(plain.theta[k], for_shares.theta[k], for_shares.covariance[k][k], lowest=0.0)
        if plain.size[k] >= MINIMUM_SIZE
        else None
        for k in (0, 1)
    ]
    if None in told:
        return told[0], told[1], None
    covariance = for_difference.covariance
    difference = _share(
        plain.theta[1] - plain.theta[0],
        for_difference.theta[1] - for_difference.theta[0],
        covariance[0][0] + covariance[1][1] - 2 * covariance[0][1],
        lowest=-1.0,
    )
    return told[0], told[1], difference


def known_share(positive: int, total: int) -> Share | None:
    """Return the share of a group whose members are all known."""
    if total < MINIMUM_SIZE:
        return None
    enlarged = total + _ADDED_PER_SHARE
    centre = (positive + _ADDED_PER_SHARE / 2) / enlarged
    return _share(positive / total, centre, centre * (1 - centre) / enlarged, lowest=0.0)


def _share(value: float, centre: float, variance: float, *, lowest: float) -> Share:
    half = _Z * math.sqrt(max(variance, 0.0))

    def within(number: float) -> float:
        return min(1.0, max(lowest, number))

    value = within(value)
    return Share(
        value=value, low=min(value, within(centre - half)), high=max(value, within(centre + half))
    )


_Matrix = tuple[tuple[float, float], tuple[float, float]]


def _product(a: _Matrix, b: _Matrix) -> _Matrix:
    return (
        (a[0][0] * b[0][0] + a[0][1] * b[1][0], a[0][0] * b[0][1] + a[0][1] * b[1][1]),
        (a[1][0] * b[0][0] + a[1][1] * b[1][0], a[1][0] * b[0][1] + a[1][1] * b[1][1]),
    )
