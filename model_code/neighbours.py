"""Known names that differ from a name by one letter: its relatives, or what a typo meant.

Two names are neighbours where both turn into the same text by dropping at most one letter each
(symmetric deletion, after W. Garbe's SymSpell). That covers a dropped, doubled, replaced or
swapped letter, and needs no search through all names: texts are compared by their hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code.features import deletions

_BUCKET_BITS = 22

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which known names neighbour which asked names.

    Attributes
    ----------
    asked, known
        Positions, pair by pair; no pair occurs twice, and none joins a name with itself.
    close
        Whether one of the two is the other with one letter dropped.
    """

    asked: Indices
    known: Indices
    close: npt.NDArray[np.bool_]


class NeighbourIndex:
    """Finds the neighbours of many names in a few array operations.

    Parameters
    ----------
    names
        Known folded names, distinct.
    """

    def __init__(self, names: Sequence[str]) -> None:
        keys = deletions(names)
        order = np.argsort(keys.hashes, kind="stable")
        self._hashes = keys.hashes[order]
        self._owner = keys.rows[order]
        self._whole = keys.whole[order]
        buckets = (self._hashes >> np.uint64(64 - _BUCKET_BITS)).astype(np.int64)
        self._begin = np.searchsorted(
            buckets, np.arange((1 << _BUCKET_BITS) + 1), side="left"
        ).astype(np.int32)
        self._count = len(names)

    def find(self, names: Sequence[str]) -> Pairs:
        """Return all pairs of neighbours between the asked and the known names."""
        keys = deletions(names)
        bucket = (keys.hashes >> np.uint64(64 - _BUCKET_BITS)).astype(np.int64)
        begin = self._begin[bucket].astype(np.int64)
        counts = self._begin[bucket + 1] - begin
        query = np.repeat(np.arange(len(bucket)), counts)
        entry = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts - begin, counts)
        same = self._hashes[entry] == keys.hashes[query]
        query, entry = query[same], entry[same]
        pair = keys.rows[query].astype(np.int64) * self._count + self._owner[entry]
        # Two names may meet in several ways: the nearest counts. Sorting a single number that
        # ends in the distance is many times faster than sorting by two keys.
        apart = 2 - keys.whole[query].astype(np.int64) - self._whole[entry]
        ordered = np.sort(pair * 4 + apart)
        pair = ordered >> 2
        first = np.ones(len(pair), dtype=bool)
        first[1:] = pair[1:] != pair[:-1]
        ordered = ordered[first]
        ordered = ordered[ordered & 3 > 0]  # an equal name is evidence, not a neighbour
        pair = ordered >> 2
        return Pairs(pair // self._count, pair % self._count, ordered & 3 == 1)
