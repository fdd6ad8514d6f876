"""Finds hashes of 64 bits among many known ones in a few array operations."""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]


class HashIndex:
    """Numbers under hashes, which need not be distinct.

    Known hashes are ordered, and a table says where those that begin with the same bits start:
    about one for each known hash, so that hardly any other is looked at.

    Parameters
    ----------
    hashes
        At least one.
    values
        What is found under each.
    """

    def __init__(self, hashes: Hashes, values: Integers) -> None:
        order = np.argsort(hashes, kind="stable")
        # Side by side: one look into memory for both.
        self._entries = np.stack([hashes, values.view(np.uint64)], axis=1)[order]
        bits = len(hashes).bit_length()
        self._shift = np.uint64(64 - bits)
        self._begin = np.searchsorted(
            self._bucket(hashes[order]), np.arange((1 << bits) + 1), side="left"
        ).astype(np.int32)

    def find(self, hashes: Hashes) -> tuple[Integers, Integers]:
        """Return all pairs of an asked hash's position and a value under that hash."""
        bucket = self._bucket(hashes)
        begin = self._begin[bucket]
        counts = self._begin[bucket + 1] - begin
        ends = counts.cumsum()
        asked = np.arange(len(counts)).repeat(counts)
        candidates = self._entries.take(
            np.arange(len(asked)) + (begin - (ends - counts)).repeat(counts), axis=0
        )
        same = np.flatnonzero(candidates[:, 0] == hashes.repeat(counts))
        return asked[same], candidates[same, 1].view(np.int64)

    def _bucket(self, hashes: Hashes) -> Integers:
        return (hashes >> self._shift).view(np.int64)
