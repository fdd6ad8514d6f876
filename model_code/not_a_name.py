"""Telling letters that no name is made of: ``qqqq``, ``asdfgh``, ``xkcdv``.

A score of letter trigrams, estimated from the names of the channel: the mean of the average log
probability and of the three worst ones. Real names, however rare, hardly ever fall below the
threshold, which is set to reject a given small share of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code.channel import NameTable
from model_code.evidence import US

_SYMBOLS = 28  # a-z, start, end
_WORST = 3
FALSE_REJECTS = 0.003
"""Share of real names that the check may refuse."""


def _codes(name: str) -> list[int]:
    return [26, 26, *(ord(letter) - 97 for letter in name), 27]


@dataclass(frozen=True, slots=True)
class TrigramCheck:
    """Scores names by their letter trigrams.

    Attributes
    ----------
    log_probability
        [28, 28, 28], log probability of the third letter given the two before it.
    threshold
        Names that score below are no names.
    """

    log_probability: npt.NDArray[np.float32]
    threshold: float

    def scores(self, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the score of each folded name; higher is more name-like."""
        return np.array([self._score(name) for name in names])

    def refuses(self, name: str) -> bool:
        """Tell whether a folded name looks like no name."""
        return self._score(name) < self.threshold

    def _score(self, name: str) -> float:
        codes = np.array(_codes(name))
        values = self.log_probability[codes[:-2], codes[1:-1], codes[2:]]
        worst = np.sort(values)[:_WORST]
        return float(values.mean() + worst.mean()) / 2


def fit(table: NameTable) -> TrigramCheck:
    """Estimate the trigrams from names, and the threshold from a tenth of them left out.

    Names of the world that a single list knows are left aside: many are no names at all.
    """
    solid = (table.population == US) | (table.sources >= 2)
    chosen = table.where(solid) if solid.any() else table
    names = chosen.names
    weights = np.log1p(np.where(chosen.population == US, chosen.people, chosen.sources))
    held = np.arange(len(names)) % 10 == 0
    check = TrigramCheck(_estimate(names, np.where(held, 0.0, weights)), -np.inf)
    scores = np.sort(check.scores([name for name, out in zip(names, held, strict=True) if out]))
    threshold = float(scores[int(FALSE_REJECTS * len(scores))])
    return TrigramCheck(_estimate(names, weights), threshold)


def _estimate(
    names: Sequence[str], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    codes = np.concatenate([np.array(_codes(name)) for name in names])
    lengths = np.array([len(name) + 3 for name in names])
    owner = np.repeat(np.arange(len(names)), lengths)
    inside = (owner[:-2] == owner[2:]).nonzero()[0]
    flat = (codes[inside] * _SYMBOLS + codes[inside + 1]) * _SYMBOLS + codes[inside + 2]
    counts = np.bincount(flat, weights[owner[inside]], minlength=_SYMBOLS**3)
    trigrams = counts.reshape(_SYMBOLS, _SYMBOLS, _SYMBOLS)
    bigrams = trigrams.sum(axis=0)
    smooth_bigrams = (bigrams + 0.5) / (bigrams + 0.5).sum(axis=1, keepdims=True)
    backed = trigrams + 5.0 * smooth_bigrams[None]
    return np.log(backed / backed.sum(axis=2, keepdims=True)).astype(np.float32)
