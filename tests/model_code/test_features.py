"""Features: the same alone and among others, and free of collisions that matter."""

import numpy as np

from model_code import features

NAMES = ["al", "mary", "tom", "jean", "christopher", "b" * 20, "ng", "aaron", "yvonne", "xochitl"]


def test_a_name_has_the_same_features_in_any_company() -> None:
    together = features.hashed(NAMES)
    sizes = np.diff(together.starts, append=len(together.hashes))
    owners = np.repeat(together.owners, sizes)
    for number, name in enumerate(NAMES):
        alone = features.hashed([name])
        assert sorted(together.hashes[owners == number]) == sorted(alone.hashes)


def test_names_are_told_apart() -> None:
    seen = {tuple(sorted(features.hashed([name]).hashes)) for name in NAMES}
    assert len(seen) == len(NAMES)


def test_similar_names_share_features() -> None:
    anna, hanna, bob = (set(features.hashed([name]).hashes) for name in ("anna", "hanna", "bob"))
    assert len(anna & hanna) > len(anna & bob)


def test_wide_numbers_stay_in_range() -> None:
    wide = features.wide(features.hashed(NAMES))
    assert wide.dtype == np.int32
    assert wide.min() >= 0
    assert wide.max() < features.WIDE


def test_deletions_meet_in_the_shorter_name() -> None:
    keys = features.deletions(["maryy", "mary"])
    whole = keys.hashes[(keys.rows == 1) & (keys.dropped == 0)]
    assert whole[0] in keys.hashes[keys.rows == 0]
    assert (keys.rows == 0).sum() == 5  # itself, and four: either y leaves the same
