"""Figures on names that training never saw."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model_code.artifact import Model
from model_code.channel import POPULATIONS, NameTable
from model_code.evidence import US
from model_code.predictor import DEFAULT_THRESHOLD, Predictor

Floats = npt.NDArray[np.float64]

BINS = 15
_AMBIGUOUS_SHARE = 0.1
_TINY = 1e-7


@dataclass(frozen=True, slots=True)
class Scored:
    """Names with what was inferred of them.

    Attributes
    ----------
    share
        Share of women among the people of each name.
    female
        Inferred probability of a woman.
    """

    share: Floats
    female: Floats

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Scored":
        """Return the names at the true positions."""
        return Scored(self.share[chosen], self.female[chosen])


def accuracy(scored: Scored) -> float:
    """Share of names whose likelier gender is that of most of their people."""
    return float(np.mean((scored.female > 0.5) == (scored.share > 0.5)))


def log_loss(scored: Scored) -> float:
    """Mean negative log probability of the gender of most of a name's people, in nats."""
    female = np.clip(scored.female, _TINY, 1 - _TINY)
    return float(-np.mean(np.log(np.where(scored.share > 0.5, female, 1 - female))))


def brier(scored: Scored) -> float:
    """Mean squared difference between probability and majority label (G. Brier, 1950)."""
    return float(np.mean((scored.female - (scored.share > 0.5)) ** 2))


def ece(scored: Scored) -> float:
    """Return the expected calibration error, in 15 equal bins of probability.

    Against people's shares, not majority labels: a name that 30 % women bear should be called .30
    (M. P. Naeini, G. Cooper, M. Hauskrecht, 2015).
    """
    gaps = np.bincount(_bins(scored), scored.female - scored.share, minlength=BINS)
    return float(np.abs(gaps).sum() / len(scored.share))


def reliability(scored: Scored) -> list[dict[str, float]]:
    """Return mean inferred probability, observed share and count of each bin in use."""
    bins = _bins(scored)
    counts = np.bincount(bins, minlength=BINS)
    inferred = np.bincount(bins, scored.female, minlength=BINS)
    observed = np.bincount(bins, scored.share, minlength=BINS)
    return [
        {
            "inferred": float(inferred[k] / counts[k]),
            "observed": float(observed[k] / counts[k]),
            "names": int(counts[k]),
        }
        for k in np.flatnonzero(counts)
    ]


def _bins(scored: Scored) -> npt.NDArray[np.int64]:
    return np.minimum((scored.female * BINS).astype(np.int64), BINS - 1)


def _error_rates(scored: Scored) -> Floats:
    """Return the share of errors among the surest 1, 2, 3, … names."""
    order = np.argsort(-np.abs(scored.female - 0.5), kind="stable")
    wrong = ((scored.female > 0.5) != (scored.share > 0.5))[order]
    return np.asarray(np.cumsum(wrong) / np.arange(1, len(wrong) + 1))


def coverage_curve(scored: Scored) -> list[dict[str, float]]:
    """Return the share of errors at 50 shares of names answered, the surest first."""
    rates = _error_rates(scored)
    points = np.unique(np.ceil(np.linspace(0.02, 1, 50) * len(rates)).astype(int))
    return [
        {"coverage": float(count / len(rates)), "error": float(rates[count - 1])}
        for count in points
    ]


def coverage(scored: Scored, error: float) -> float:
    """Largest share of names that can be answered with at most this share of errors."""
    rates = _error_rates(scored)
    allowed = np.flatnonzero(rates <= error)
    return float((allowed[-1] + 1) / len(rates)) if len(allowed) else 0.0


def error_metrics(scored: Scored, threshold: float) -> dict[str, float]:
    """Error rates of published benchmarks (L. Santamaría, H. Mihaljević, PeerJ CS 4:e156, 2018).

    ``errorCoded`` counts an answer of unknown as an error, ``errorCodedWithoutNA`` leaves it out,
    ``naCoded`` is its share, ``errorGenderBias`` is positive where more men are called women
    than women men. ``errorCodedFull`` is the error where every name must be answered.
    """
    is_female = scored.share > 0.5
    answered = np.maximum(scored.female, 1 - scored.female) >= threshold
    says_female = scored.female > 0.5
    wrong = answered & (says_female != is_female)
    men_as_women = np.sum(wrong & ~is_female)
    women_as_men = np.sum(wrong & is_female)
    total = len(is_female)
    count = max(int(answered.sum()), 1)
    return {
        "errorCoded": float((wrong.sum() + total - answered.sum()) / total),
        "errorCodedWithoutNA": float(wrong.sum() / count),
        "naCoded": float(1 - answered.mean()),
        "errorGenderBias": float((men_as_women - women_as_men) / count),
        "errorCodedFull": float(np.mean(says_female != is_female)),
    }


def summary(scored: Scored, threshold: float) -> dict[str, Any]:
    """Return all figures of one group of names; only the count for an empty group."""
    if len(scored.share) == 0:
        return {"names": 0}
    return {
        "names": len(scored.share),
        "accuracy": accuracy(scored),
        "log_loss": log_loss(scored),
        "brier": brier(scored),
        "ece": ece(scored),
        "coverage": {f"{error:g}": coverage(scored, error) for error in (0.01, 0.02, 0.05)},
        **error_metrics(scored, threshold),
    }


def by_group(scored: Scored, table: NameTable, threshold: float) -> dict[str, Any]:
    """Return figures by frequency, sex and ambiguity, for the entries of one population."""
    is_us = bool(len(table)) and table.population[0] == US
    size = table.people if is_us else table.sources
    edges = (5, 26, 101, 1001) if is_us else (1, 2, 3, 5, 10)
    bands = {}
    for low, high in zip(edges, (*edges[1:], float("inf")), strict=True):
        unit = "people" if is_us else "sources"
        label = f"{low}+ {unit}" if high == float("inf") else f"{low}-{high - 1:g} {unit}"
        bands[label] = summary(scored.where((size >= low) & (size < high)), threshold)
    minority = np.minimum(table.share, 1 - table.share)
    return {
        "frequency": bands,
        "sex": {
            "women": summary(scored.where(table.share > 0.5), threshold),
            "men": summary(scored.where(table.share <= 0.5), threshold),
        },
        "ambiguity": {
            "minority above 10 %": summary(scored.where(minority > _AMBIGUOUS_SHARE), threshold),
            "minority up to 10 %": summary(scored.where(minority <= _AMBIGUOUS_SHARE), threshold),
        },
    }


def evaluate(model: Model, parts: dict[str, NameTable]) -> dict[str, Any]:
    """Return the figures of names that the model has no evidence for, per split and population.

    Parameters
    ----------
    model
        With the evidence of the learned names only.
    parts
        Held-out names by the name of their split.
    """
    predictor = Predictor(model)
    figures: dict[str, Any] = {}
    for part, held in parts.items():
        figures[part] = {}
        for column, population in enumerate(POPULATIONS):
            table = held.where(held.population == column)
            if not len(table):
                continue
            scored = Scored(table.share, predictor.believe(table.names).female[:, column])
            figures[part][population] = summary(scored, DEFAULT_THRESHOLD) | {
                "by": by_group(scored, table, DEFAULT_THRESHOLD),
                "reliability": reliability(scored),
                "curve": coverage_curve(scored),
            }
    return figures
