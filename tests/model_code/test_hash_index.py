"""The index of hashes: whatever is under a hash, and nothing else."""

import numpy as np

from model_code.hash_index import HashIndex


def test_all_values_under_a_hash_are_found_and_no_others() -> None:
    hashes = np.array([7, 2**64 - 1, 7, 0, 2**63], dtype=np.uint64)
    index = HashIndex(hashes, np.array([10, 11, 12, -13, 14]))
    asked = np.array([0, 8, 7, 2**64 - 1, 2**63 + 1], dtype=np.uint64)
    positions, values = index.find(asked)
    assert sorted(zip(positions.tolist(), values.tolist(), strict=True)) == [
        (0, -13),
        (2, 10),
        (2, 12),
        (3, 11),
    ]


def test_hashes_that_differ_in_their_last_bit_are_told_apart() -> None:
    hashes = np.arange(1000, dtype=np.uint64)
    positions, values = HashIndex(hashes, np.arange(1000)).find(hashes[::-1].copy())
    assert values[positions.argsort()].tolist() == list(range(999, -1, -1))
