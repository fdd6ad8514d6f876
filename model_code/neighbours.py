"""Known names that differ from a name by one letter: its relatives, or what a typo meant.

Two names are neighbours where both turn into the same text by dropping at most one letter each
(symmetric deletion, after W. Garbe's SymSpell). That covers a dropped, doubled, replaced or
swapped letter, and needs no search through all names: texts are compared by their hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from model_code.features import deletions

_BUCKET_BITS = 21
_POSITION_BITS = 5
_POSITION_MASK = (1 << _POSITION_BITS) - 1

Indices = npt.NDArray[np.int64]


class Kind(IntEnum):
    """How two neighbours differ, the likelier typing error first."""

    DROPPED = 1
    """One is the other without one letter."""
    SWAPPED = 2
    """One letter stands one place further."""
    REPLACED = 3
    """Another letter, or the same letter elsewhere."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which known names neighbour which asked names.

    Attributes
    ----------
    asked, known
        Positions, pair by pair; no pair occurs twice, and none joins a name with itself.
    kind
        A :class:`Kind` per pair.
    """

    asked: Indices
    known: Indices
    kind: Indices


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
        self._dropped = keys.dropped[order]
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
        kind = _kind(keys.dropped[query].astype(np.int64), self._dropped[entry].astype(np.int64))
        # Two names may meet in several ways: the nearest counts. Sorting a single number that
        # ends in the kind is many times faster than sorting by two keys.
        pair = keys.rows[query].astype(np.int64) * self._count + self._owner[entry]
        ordered = np.sort(pair * 4 + kind)
        first = np.ones(len(ordered), dtype=bool)
        first[1:] = ordered[1:] >> 2 != ordered[:-1] >> 2
        ordered = ordered[first]
        ordered = ordered[ordered & 3 > 0]  # an equal name is evidence, not a neighbour
        pair = ordered >> 2
        return Pairs(pair // self._count, pair % self._count, ordered & 3)


def _kind(asked: Indices, known: Indices) -> Indices:
    """Tell how two names meet from what each dropped: 0 where neither dropped a letter."""
    dropped_by = (asked > 0).astype(np.int64) + (known > 0)
    same_letter = asked >> _POSITION_BITS == known >> _POSITION_BITS
    apart = np.abs((asked & _POSITION_MASK) - (known & _POSITION_MASK))
    swapped = (dropped_by == 2) & same_letter & (apart == 1)
    return np.where(dropped_by == 2, np.where(swapped, Kind.SWAPPED, Kind.REPLACED), dropped_by)
