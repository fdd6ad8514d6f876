"""From a table of names to training examples: targets, weights and batches of features."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_code import features
from model_code.channel import NameTable
from model_code.evidence import US

_CHUNK = 4_000


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
    """Return how much each name counts: the logarithm of how well it is known.

    Names of people born long ago count less: fashions of spelling pass, and a name that no table
    knows is most likely a new one. The divisor makes American and world names weigh alike.
    """
    us = np.log1p(table.people) * np.sqrt(table.recency) / 1.25
    counted = np.where(table.people > table.sources, table.people, 0)
    world = 1.2 * np.log1p(table.sources + 0.2 * np.log1p(counted))
    return np.where(table.population == US, us, world).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in a form that needs each touched row of the table once.

    Attributes
    ----------
    touched
        Rows of the weight table, each once.
    entries
        For every feature of every name, the name's position in the batch, and the feature's in
        ``touched``: where the sparse matrix of the batch holds ones.
    population, target, weight
        Per name: index of the head, share of women, weight of the row.
    """

    touched: npt.NDArray[np.int32]
    entries: npt.NDArray[np.int64]
    population: npt.NDArray[np.int32]
    target: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]


@dataclass(slots=True)
class Examples:
    """Names as rows of feature numbers, ready to be drawn in batches.

    Attributes
    ----------
    owners
        The feature (:func:`model_code.features.wide`) that each row of the network's table is for.
    rows
        All features of all names, one after another: rows of the network's table.
    starts, counts
        Where each name's features begin, and how many there are.
    population, target, weight
        Per name.
    """

    owners: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    population: npt.NDArray[np.int32]
    target: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]

    @classmethod
    def of(cls, table: NameTable) -> "Examples":
        """Compute the features and keep those that more than a couple of names have."""
        chunks = list(_in_order(table.names))
        row_of, owners = _owners(chunks, table.population)
        rows, counts = [], []
        for wide, per_name in chunks:
            found = row_of[wide]
            used = found >= 0
            owner = np.repeat(np.arange(len(per_name)), per_name)
            rows.append(found[used])
            counts.append(np.bincount(owner[used], minlength=len(per_name)))
        per_name = np.concatenate(counts)
        return cls(
            owners,
            np.concatenate(rows),
            np.cumsum(per_name) - per_name,
            per_name,
            table.population.astype(np.int32),
            targets(table),
            weights(table),
        )

    def batches(
        self,
        chosen: npt.NDArray[np.int64],
        *,
        size: int,
        dropout: float,
        random: np.random.Generator,
    ) -> Iterator[Batch]:
        """Yield batches of the chosen names in that order, some features left out at random."""
        latest = np.zeros(len(self.owners), dtype=np.int32)
        for begin in range(0, len(chosen), size):
            yield self._batch(chosen[begin : begin + size], latest, dropout, random)

    def _batch(
        self,
        names: npt.NDArray[np.int64],
        latest: npt.NDArray[np.int32],
        dropout: float,
        random: np.random.Generator,
    ) -> Batch:
        counts = self.counts[names]
        owners = np.repeat(np.arange(len(names)), counts)
        shift = np.repeat(self.starts[names] - (np.cumsum(counts) - counts), counts)
        rows = self.rows[shift + np.arange(len(shift))]
        if dropout:
            kept = random.random(len(rows), dtype=np.float32) >= dropout
            rows, owners = rows[kept], owners[kept]
        # Distinct rows without sorting: each row remembers the last position that named it.
        position = np.arange(len(rows), dtype=np.int32)
        latest[rows] = position
        last = latest[rows]
        is_last = last == position
        rank = np.cumsum(is_last, dtype=np.int32) - 1
        entries = np.empty((len(rows), 2), dtype=np.int64)
        entries[:, 0], entries[:, 1] = owners, rank[last]
        return Batch(
            rows[is_last],
            entries,
            self.population[names],
            self.target[names],
            self.weight[names],
        )


def _in_order(names: list[str]) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]]:
    """Yield, for one chunk of names after another, their features name by name, and how many."""

    def compute(begin: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        chunk = names[begin : begin + _CHUNK]
        bag = features.hashed(chunk)
        sizes = np.diff(bag.starts, append=len(bag.hashes))
        order = np.argsort(bag.owners, kind="stable")  # whole segments: a tenth of the features
        ordered = sizes[order]
        ends = np.cumsum(ordered)
        position = np.repeat(bag.starts[order] - (ends - ordered), ordered) + np.arange(ends[-1])
        counts = np.bincount(bag.owners, sizes, minlength=len(chunk)).astype(np.int64)
        return features.wide(bag)[position], counts

    with ThreadPoolExecutor(max_workers=2) as pool:  # numpy computes outside Python's lock
        yield from pool.map(compute, range(0, len(names), _CHUNK))


def _owners(
    chunks: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]],
    population: npt.NDArray[np.int8],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Choose the features in use and number them, the most frequent first.

    A feature of two American names or of three names in all is in use: points of 3 and 2 say so in
    one sum. Of several in one slot, the most frequent owns it.

    Returns
    -------
    tuple
        Per wide number its row, -1 where not in use; and per row its wide number.
    """
    points = np.zeros(features.WIDE, dtype=np.uint32)
    begin = 0
    for wide, per_name in chunks:
        american = population[begin : begin + len(per_name)] == US
        np.add.at(points, wide, np.where(np.repeat(american, per_name), 3, 2).astype(np.uint32))
        begin += len(per_name)
    candidates = np.flatnonzero(points >= 6)
    candidates = candidates[np.argsort(-points[candidates].astype(np.int64), kind="stable")]
    _slot, first = np.unique(candidates >> features.TAG_BITS, return_index=True)
    owners = candidates[np.sort(first)]
    row_of = np.full(features.WIDE, -1, dtype=np.int32)
    row_of[owners] = np.arange(len(owners), dtype=np.int32)
    return row_of, owners
