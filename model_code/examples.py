"""From a table of names to training examples: targets, weights and batches of features."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code import features
from model_code.channel import NameTable
from model_code.evidence import US
from model_code.network import Batch

_CHUNK = 20_000


def split_of(names: list[str]) -> npt.NDArray[np.int64]:
    """Return a number from 0 to 99 per name: the same for a name in every source and job."""
    return np.array(
        [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % 100 for name in names],
        dtype=np.int64,
    )


def targets(table: NameTable) -> npt.NDArray[np.float32]:
    """Return the share of women, drawn a little towards even where little was counted.

    A census count of five is not certainty; neither is a single list. The pseudo-counts are
    those of the prior that scored best on validation.
    """
    us = (table.female + 0.6) / (table.people + 1.2)
    world = (table.sources * table.share + 0.225) / (table.sources + 0.45)
    return np.where(table.population == US, us, world).astype(np.float32)


def weights(table: NameTable) -> npt.NDArray[np.float32]:
    """Return how much each name counts: the logarithm of how well it is known."""
    us = np.log1p(table.people) / np.log(6)
    counted = np.where(table.people > table.sources, table.people, 0)
    world = 0.6 * np.log1p(table.sources + 0.2 * np.log1p(counted))
    return np.where(table.population == US, us, world).astype(np.float32)


@dataclass(slots=True)
class Examples:
    """Names as rows of feature numbers, ready to be drawn in batches.

    Attributes
    ----------
    slots
        Slot of the table of weights per row of the network's table.
    rows
        All features of all names, one after another: rows of the network's table.
    starts, counts
        Where each name's features begin, and how many there are.
    population, target, weight
        Per name.
    """

    slots: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    population: npt.NDArray[np.int32]
    target: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]

    @classmethod
    def of(cls, table: NameTable, learned: npt.NDArray[np.bool_]) -> "Examples":
        """Compute the features and keep those that more than a couple of learned names have.

        A feature of two American names or of three names in all stays; the rarer ones would only
        memorise.
        """
        parts, owners = [], []
        for begin in range(0, len(table), _CHUNK):
            bag = features.hashed(table.names[begin : begin + _CHUNK])
            order = np.argsort(bag.rows, kind="stable")
            parts.append(features.slots(bag)[order])
            owners.append(bag.rows[order] + begin)
        slots, owner = np.concatenate(parts), np.concatenate(owners)
        del parts, owners
        in_all = np.bincount(slots[learned[owner]], minlength=features.SLOTS)
        american = learned & (table.population == US)
        in_us = np.bincount(slots[american[owner]], minlength=features.SLOTS)
        kept = np.flatnonzero((in_us >= 2) | (in_all >= 3))
        # Frequent slots first: a batch then touches few pages of memory.
        kept = kept[np.argsort(-in_all[kept], kind="stable")]
        row_of = np.full(features.SLOTS, -1, dtype=np.int32)
        row_of[kept] = np.arange(len(kept), dtype=np.int32)
        rows = row_of[slots]
        used = rows >= 0
        counts = np.bincount(owner[used], minlength=len(table))
        return cls(
            kept,
            rows[used],
            np.cumsum(counts) - counts,
            counts,
            table.population.astype(np.int32),
            targets(table),
            weights(table),
        )

    def batches(
        self, chosen: npt.NDArray[np.int64], size: int
    ) -> Iterator[Batch]:
        """Yield batches of the chosen names in that order."""
        latest = np.zeros(len(self.slots), dtype=np.int32)
        for begin in range(0, len(chosen), size):
            yield self._batch(chosen[begin : begin + size], latest)

    def _batch(self, names: npt.NDArray[np.int64], latest: npt.NDArray[np.int32]) -> Batch:
        counts = self.counts[names]
        segments = np.repeat(np.arange(len(names), dtype=np.int32), counts)
        shift = np.repeat(self.starts[names] - (np.cumsum(counts) - counts), counts)
        rows = self.rows[shift + np.arange(len(shift))]
        # Distinct rows without sorting: each row remembers the last position that named it.
        position = np.arange(len(rows), dtype=np.int32)
        latest[rows] = position
        last = latest[rows]
        is_last = last == position
        rank = np.cumsum(is_last, dtype=np.int32) - 1
        return Batch(
            rows[is_last],
            rank[last],
            segments,
            self.population[names],
            self.target[names],
            self.weight[names],
        )
