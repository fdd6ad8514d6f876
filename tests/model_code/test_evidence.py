"""What was counted, and how it is weighed against the spelling."""

import numpy as np
import pytest

from model_code.channel import NameTable
from model_code.evidence import US, WORLD, Evidence, EvidenceLookup, posterior


@pytest.fixture
def lookup() -> EvidenceLookup:
    """Andrea is known in both populations, Mary in one, and each entry has another weight."""
    return EvidenceLookup(
        Evidence.of(
            NameTable(
                names=["mary", "andrea", "andrea"],
                population=np.array([US, WORLD, US], dtype=np.int8),
                female=np.array([990.0, 40.0, 90.0]),
                male=np.array([10.0, 60.0, 10.0]),
                sources=np.array([1.0, 30.0, 1.0]),
                today=np.array([0.98, 0.3, 0.95]),
                recency=np.array([0.5, 1.0, 0.5]),
            )
        )
    )


def test_people_count_in_the_us_and_lists_in_the_world(lookup: EvidenceLookup) -> None:
    weight, share = lookup.find(["andrea", "nobody", "mary"])
    assert weight[:, US].tolist() == [100, 0, 1000]
    assert weight[:, WORLD].tolist() == [30, 0, 0]
    assert share[0].tolist() == pytest.approx([0.95, 0.3] if US == 0 else [0.3, 0.95])
    assert share[2, US] == pytest.approx(0.98)
    assert share[2, WORLD] == 0.5
    assert share[1].tolist() == [0.5, 0.5]


def test_looking_up_the_unknown_leaves_the_known_as_it_was(lookup: EvidenceLookup) -> None:
    lookup.find(["nobody"])
    weight, _ = lookup.find(["mary"])
    assert weight[0, US] == 1000


def test_without_counts_the_spelling_decides() -> None:
    prior = np.array([[0.2, 0.9]])
    nothing = np.zeros((1, 2), dtype=np.float32)
    assert posterior(prior, nothing, nothing) == pytest.approx(prior)


@pytest.mark.parametrize(
    ("people", "lists", "us", "world"),
    [(3, 2, 0.75, 0.75), (9, 6, 0.875, 0.875), (3, 0, 0.75, 0.5), (0, 2, 0.5, 0.75)],
)
def test_the_opinion_is_worth_three_people_or_two_lists(
    people: float, lists: float, us: float, world: float
) -> None:
    weight = np.zeros((1, 2), dtype=np.float32)
    weight[0, US], weight[0, WORLD] = people, lists
    answer = posterior(np.full((1, 2), 0.5), weight, np.ones((1, 2), dtype=np.float32))
    assert answer[0, US] == pytest.approx(us)
    assert answer[0, WORLD] == pytest.approx(world)
