"""Neighbours: every kind of one-letter difference is found, nothing further away."""

import pytest

from model_code.neighbours import Kind, NeighbourIndex

KNOWN = ["karen", "mary", "anna", "ann", "robert", "al"]


def neighbours(asked: str) -> dict[str, Kind]:
    pairs = NeighbourIndex(KNOWN).find([asked])
    return {
        KNOWN[known]: Kind(int(kind)) for known, kind in zip(pairs.known, pairs.kind, strict=True)
    }


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("kaern", {"karen": Kind.SWAPPED}),
        ("maryy", {"mary": Kind.DROPPED}),
        ("mry", {"mary": Kind.DROPPED}),
        ("marx", {"mary": Kind.REPLACED}),
        ("anna", {"ann": Kind.DROPPED}),
        ("robrt", {"robert": Kind.DROPPED}),
        ("zzzz", {}),
        ("karne", {"karen": Kind.SWAPPED}),
        ("akren", {"karen": Kind.SWAPPED}),
    ],
)
def test_differences(asked: str, expected: dict[str, Kind]) -> None:
    assert neighbours(asked) == expected


def test_many_at_once_are_as_one_by_one() -> None:
    index = NeighbourIndex(KNOWN)
    asked = ["kaern", "zzzz", "marx", "mary", "a", "ana"]
    together = index.find(asked)
    for number, name in enumerate(asked):
        alone = index.find([name])
        assert together.known[together.asked == number].tolist() == alone.known.tolist()
