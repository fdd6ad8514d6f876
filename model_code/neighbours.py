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
from model_code.hash_index import HashIndex

_DROP_BITS = 10
_DROP_MASK = (1 << _DROP_BITS) - 1

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
        self._index = HashIndex(
            keys.hashes, keys.rows.astype(np.int64) << _DROP_BITS | keys.dropped
        )
        self._known_bits = len(names).bit_length()

    def find(self, names: Sequence[str]) -> Pairs:
        """Return all pairs of neighbours between the asked and the known names."""
        keys = deletions(names)
        key, found = self._index.find(keys.hashes)
        kind = _kind(keys.dropped[key], (found & _DROP_MASK).astype(np.int16))
        # Two names may meet in several ways: the nearest counts. One number that ends in the kind
        # is sorted many times faster than by two keys, and a sort that merges finds most in order.
        asked = keys.rows[key].astype(np.int64) << self._known_bits
        ordered = (asked | found >> _DROP_BITS) << 2 | kind
        ordered.sort(kind="stable")
        pair = ordered >> 2
        first = np.ones(len(pair), dtype=bool)
        first[1:] = pair[1:] != pair[:-1]
        first &= ordered & 3 > 0  # an equal name is evidence, not a neighbour
        pair, kind = pair[first], ordered[first] & 3
        return Pairs(pair >> self._known_bits, pair & (1 << self._known_bits) - 1, kind)


def _kind(asked: npt.NDArray[np.int16], known: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """Tell how two names meet from what each dropped: 0 where neither dropped a letter."""
    dropped_by = (asked > 0).view(np.int8) + (known > 0)
    # The same letter one place further: places end below 31, so it can be no other letter.
    swapped = np.abs(asked - known) == 1
    return np.asarray(dropped_by + ((dropped_by == 2) & ~swapped), dtype=np.int64)
