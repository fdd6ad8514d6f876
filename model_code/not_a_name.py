"""Telling letters that no name is made of: ``qqqq``, ``asdfgh``, ``xkcdv``.

A score of letter trigrams, estimated from the names of the channel: the mean of the average log
probability and of the three worst ones. Real names, however rare, hardly ever fall below the
threshold, which is set to reject a given small share of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code.channel import NameTable
from model_code.evidence import US
from model_code.features import lines, rows_of

FALSE_REJECTS = 0.004
"""Share of held-out names that score below the threshold."""

_KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz")
_LONG_RUN = 5
_REPEATED = re.compile(r"(.)\1\1|^(..)\2\2+.?$")

_SYMBOLS = 28  # start, a-z, end
_WORST = 3
_START = "`"  # the characters before "a" and after "z"
_END = "{"


@dataclass(frozen=True, slots=True)
class TrigramCheck:
    """Scores names by their letter trigrams.

    Attributes
    ----------
    log_probability
        [28 * 28 * 28], log probability of the third letter given the two before it.
    threshold
        Names that score below look like no names.
    """

    log_probability: npt.NDArray[np.float32]
    threshold: float

    def scores(self, names: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the score of each folded name (at least one); higher is more name-like."""
        trigrams, inside = _trigrams(names)
        values = self.log_probability[trigrams].astype(np.float64)
        values[~inside] = 0.0
        mean = values.sum(axis=0) / inside.sum(axis=0)
        values[~inside] = np.inf
        values.partition(_WORST - 1, axis=0)
        return np.asarray((mean + values[:_WORST].sum(axis=0) / _WORST) / 2)


def mechanical(name: str) -> bool:
    """Tell whether a folded text was typed without thought.

    Three equal letters in a row, two letters over and over, or a run of keys. Two letters twice are
    names: Titia, Anant, Sasan.

    Examples
    --------
    >>> [mechanical(text) for text in ("aaa", "xyxyxy", "asdf", "qwertz", "anna", "titia")]
    [True, True, True, True, False, False]
    """
    if _REPEATED.search(name) and (len(name) > 4 or len(set(name)) == 1):
        return True
    if len(name) >= _LONG_RUN - 1 and any(name in row for row in _KEYBOARD_ROWS):
        return True
    return any(
        name[begin : begin + _LONG_RUN] in row
        for begin in range(len(name) - _LONG_RUN + 1)
        for row in _KEYBOARD_ROWS
    )


def _trigrams(names: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the trigrams of names and where there are any, [longest name, names] each."""
    characters, lengths = rows_of(lines(names, 2 * _START, _END))
    symbols = np.maximum(characters.T.astype(np.int64) - ord(_START), 0)
    trigrams = (symbols[:-2] * _SYMBOLS + symbols[1:-1]) * _SYMBOLS + symbols[2:]
    return trigrams, np.arange(2, len(symbols))[:, None] < lengths


def fit(table: NameTable) -> TrigramCheck:
    """Estimate the trigrams from names, and the threshold from a tenth of them left out.

    Names of the world that a single list knows are left aside: many are no names at all.
    """
    solid = (table.population == US) | (table.sources >= 2)
    chosen = table.where(solid) if solid.any() else table
    weights = np.log1p(np.where(chosen.population == US, chosen.people, chosen.sources))
    held = np.arange(len(chosen)) % 10 == 0
    check = TrigramCheck(_estimate(chosen.names, np.where(held, 0.0, weights)), -np.inf)
    scores = np.sort(check.scores(chosen.where(held).names))
    threshold = float(scores[int(FALSE_REJECTS * len(scores))])
    return TrigramCheck(_estimate(chosen.names, weights), threshold)


def _estimate(names: Sequence[str], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    trigrams, inside = _trigrams(names)
    owner, place = np.nonzero(inside.T)
    counts = np.bincount(trigrams[place, owner], weights[owner], minlength=_SYMBOLS**3)
    trigrams = counts.reshape(_SYMBOLS, _SYMBOLS, _SYMBOLS)
    bigrams = trigrams.sum(axis=0) + 0.5
    smooth = bigrams / bigrams.sum(axis=1, keepdims=True)
    backed = trigrams + 5.0 * smooth[None]
    probability = backed / backed.sum(axis=2, keepdims=True)
    return np.asarray(np.log(probability).reshape(-1).astype(np.float32))
