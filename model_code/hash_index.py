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
        self._entries = np.empty(len(hashes), dtype=[("hash", np.uint64), ("value", np.int64)])
        self._entries["hash"], self._entries["value"] = hashes[order], values[order]
        bits = len(hashes).bit_length()
        self._shift = np.uint64(64 - bits)
        self._begin = np.searchsorted(
            self._bucket(self._entries["hash"]), np.arange((1 << bits) + 1), side="left"
        ).astype(np.int32)

    def find(self, hashes: Hashes) -> tuple[Integers, Integers]:
        """Return all pairs of an asked hash's position and a value under that hash."""
        bucket = self._bucket(hashes)
        begin = self._begin[bucket]
        counts = self._begin[bucket + 1] - begin
        ends = counts.cumsum()
        asked = np.arange(len(counts)).repeat(counts)
        place = np.arange(len(asked)) + (begin - (ends - counts)).repeat(counts)
        candidates = self._entries[place]
        same = np.flatnonzero(candidates["hash"] == hashes.repeat(counts))
        return asked[same], candidates["value"][same]

    def _bucket(self, hashes: Hashes) -> Integers:
        return (hashes >> self._shift).view(np.int64)
