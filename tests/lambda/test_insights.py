"""The estimate of shares, its intervals, and the sums beneath."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from insights.estimate import MINIMUM_SIZE, Moments, Share, known_share, regress, shares
from insights.logic import summarize
from tally.contribution import SCALE, SELF_GENDERS, Contribution, difference


def sums_of(people: list[tuple[float, bool]]) -> Counter[str]:
    """Return the sums of people ``(probability of a woman, positive)``."""
    sums: Counter[str] = Counter()
    for probability, positive in people:
        contribution = Contribution(
            "F", "inferred", round(probability * SCALE), "POSITIVE" if positive else "NEGATIVE"
        )
        sums.update(contribution.sums())
    return sums


def names(chance: random.Random, count: int) -> list[float]:
    """Return probabilities as real names have them: most are clear, some are not."""
    return [
        chance.betavariate(0.6, 12) if chance.random() < 0.5 else chance.betavariate(12, 0.6)
        for _ in range(count - count // 5)
    ] + [chance.random() for _ in range(count // 5)]


def people_of(chance: random.Random, count: int) -> list[tuple[float, bool]]:
    """Return people of whom women are more often positive."""
    return [(round(p, 4), chance.random() < 0.3 + 0.4 * p) for p in names(chance, count)]


def by_hand(people: list[tuple[float, bool]]) -> tuple[list[float], list[list[float]]]:
    """Return coefficients and their robust covariance (HC1), person by person."""
    rows = [((1 - p, p), float(positive)) for p, positive in people]
    inner = [[sum(x[i] * x[j] for x, _ in rows) for j in (0, 1)] for i in (0, 1)]
    (a, b), (c, d) = inner
    inverse = [
        [d / (a * d - b * c), -b / (a * d - b * c)],
        [-c / (a * d - b * c), a / (a * d - b * c)],
    ]
    right = [sum(x[i] * s for x, s in rows) for i in (0, 1)]
    theta = [sum(inverse[i][j] * right[j] for j in (0, 1)) for i in (0, 1)]
    squares = [(s - theta[0] * x[0] - theta[1] * x[1]) ** 2 for x, s in rows]
    influence = [[sum(inverse[i][j] * x[j] for j in (0, 1)) for i in (0, 1)] for x, _ in rows]
    factor = len(rows) / (len(rows) - 2)
    covariance = [
        [
            factor * sum(e * v[i] * v[j] for e, v in zip(squares, influence, strict=True))
            for j in (0, 1)
        ]
        for i in (0, 1)
    ]
    return theta, covariance


@pytest.mark.parametrize("count", [30, 300])
def test_the_regression_from_sums_is_the_one_over_all_people(count: int) -> None:
    people = people_of(random.Random(count), count)  # noqa: S311
    theta, covariance = by_hand(people)

    regression = regress(Moments.from_sums(sums_of(people)))

    assert regression.theta == pytest.approx(theta)
    for found, expected in zip(regression.covariance, covariance, strict=True):
        assert found == pytest.approx(expected)


def test_intervals_come_from_people_who_are_added() -> None:
    """Four women and four men more for each share, two and two for the difference; half agree."""
    people = people_of(random.Random(3), 200)  # noqa: S311

    def with_added(count: int) -> list[tuple[float, bool]]:
        return people + [(p, yes) for p in (0.0, 1.0) for yes in (True, False)] * (count // 2)

    plain, _ = by_hand(people)
    theta, covariance = by_hand(with_added(4))

    men, women, gap = shares(Moments.from_sums(sums_of(people)))

    for place, share in enumerate((men, women)):
        assert share is not None
        half = 1.959964 * covariance[place][place] ** 0.5
        assert share.value == pytest.approx(plain[place])
        assert (share.low, share.high) == pytest.approx((theta[place] - half, theta[place] + half))
    theta, covariance = by_hand(with_added(2))
    half = 1.959964 * (covariance[0][0] + covariance[1][1] - 2 * covariance[0][1]) ** 0.5
    centre = theta[1] - theta[0]
    assert gap is not None
    assert gap.value == pytest.approx(plain[1] - plain[0])
    assert (gap.low, gap.high) == pytest.approx((centre - half, centre + half))


def test_a_difference_can_be_negative_and_is_no_less_than_all() -> None:
    nobody = [(1.0, False)] * 30 + [(0.0, True)] * 30
    _, _, gap = shares(Moments.from_sums(sums_of(nobody)))
    assert gap is not None
    assert gap.value == gap.low == -1
    assert -1 < gap.high < 0


def test_a_row_adds_powers_of_its_probability_in_steps() -> None:
    added = Contribution("F", "inferred", 9_000, "POSITIVE").sums()
    assert dict(added) == {
        "Feedbacks": 1,
        "GenderF": 1,
        "Rated": 1,
        "RatedPositive": 1,
        **{f"P{power}": 9_000**power for power in range(5)},
        **{f"SP{power}": 9_000**power for power in range(4)},
    }
    added = Contribution("X", "self", None, "NEGATIVE").sums()
    assert {name: n for name, n in added.items() if n} == {
        "Feedbacks": 1,
        "GenderX": 1,
        "SelfDescribed": 1,
        "Rated": 1,
        "RatedX": 1,
    }
    moments = Moments.from_sums({"P0": 1, "P1": 9_000})
    assert moments.p == (1, 0.9, 0, 0, 0)
    assert moments.sp == (0, 0, 0, 0)
    assert SELF_GENDERS == {"F": 10_000, "M": 0}


@pytest.mark.parametrize(
    ("women", "men"),
    [(0.62, 0.55), (0.9, 0.3), (0.97, 0.9), (0.5, 0.5)],
    ids=["weak", "strong", "near one", "none"],
)
@pytest.mark.parametrize("count", [60, 400])
def test_intervals_hold_their_coverage(women: float, men: float, count: int) -> None:
    chance = random.Random(20261122)  # noqa: S311
    rounds = 1_000
    covered: Counter[str] = Counter()
    for _ in range(rounds):
        everybody = names(chance, count)
        positive = [
            probability
            for probability in everybody
            if chance.random() < (women if chance.random() < probability else men)
        ]
        for_men, for_women, gap = shares(
            Moments(
                p=tuple(sum(p**power for p in everybody) for power in range(5)),
                sp=tuple(sum(p**power for p in positive) for power in range(4)),
            )
        )
        assert for_men is not None
        assert for_women is not None
        assert gap is not None
        covered["men"] += for_men.low <= men <= for_men.high
        covered["women"] += for_women.low <= women <= for_women.high
        covered["difference"] += gap.low <= women - men <= gap.high
        assert for_men.low <= for_men.value <= for_men.high
        assert -1 <= gap.low <= gap.value <= gap.high <= 1
    assert min(covered.values()) / rounds >= 0.93, covered


def test_counting_labels_is_biased_and_the_regression_is_not() -> None:
    chance = random.Random(1)  # noqa: S311
    people = []
    for probability in (chance.choice([0.3, 0.7]) for _ in range(40_000)):
        share = 0.8 if chance.random() < probability else 0.4
        people.append((probability, chance.random() < share))

    men, women, gap = shares(Moments.from_sums(sums_of(people)))

    assert men is not None
    assert women is not None
    assert gap is not None
    assert (men.value, women.value) == pytest.approx((0.4, 0.8), abs=0.03)
    labelled = {
        label: [positive for probability, positive in people if (probability > 0.5) == label]
        for label in (True, False)
    }
    counted = sum(labelled[True]) / len(labelled[True]) - sum(labelled[False]) / len(
        labelled[False]
    )
    assert counted == pytest.approx(0.16, abs=0.02)
    assert not gap.low <= counted <= gap.high


def test_known_genders_give_plain_shares() -> None:
    people = [(1.0, n < 30) for n in range(40)] + [(0.0, n < 10) for n in range(50)]

    regression = regress(Moments.from_sums(sums_of(people)))

    assert regression.theta == pytest.approx((10 / 50, 30 / 40))
    assert regression.size == pytest.approx((50, 40))
    variance = regression.covariance[1][1]
    assert variance == pytest.approx(0.75 * 0.25 / 40 * 90 / 88)


@pytest.mark.parametrize(
    ("people", "enough"),
    [
        ([], False),
        ([(1.0, True), (0.0, False)], False),
        ([(1.0, True), (0.0, False), (1.0, False)], True),
        ([(1.0, True)] * 500, False),
        ([(0.5, True)] * 950 + [(0.5001, True)] * 50, False),
        ([(0.5, True)] * 500 + [(0.5001, True)] * 500, True),
    ],
)
def test_names_tell_apart(people: list[tuple[float, bool]], enough: bool) -> None:
    assert Moments.from_sums(sums_of(people)).tell_apart is enough


@pytest.mark.parametrize(
    "people",
    [
        [],
        [(1.0, True), (0.0, False)],
        [(1.0, True)] * 3,
        [(1.0, True)] * 500,
        [(0.5, True)] * 500,
        [(0.5, True), (0.5, False)] * 250,
        [(0.49, True), (0.51, False)] * 20,
        [(1.0, True)] * 500 + [(0.0, False)] * (MINIMUM_SIZE - 1),
    ],
)
def test_no_figure_without_people(people: list[tuple[float, bool]]) -> None:
    men, women, gap = shares(Moments.from_sums(sums_of(people)))

    assert men is None
    assert gap is None
    assert (women is None) == (len(people) < 500 + MINIMUM_SIZE - 1)


def test_a_group_of_the_smallest_size_has_a_figure() -> None:
    people = [(1.0, True)] * 500 + [(0.0, False)] * MINIMUM_SIZE

    assert None not in shares(Moments.from_sums(sums_of(people)))


def test_a_group_that_agrees_is_not_certain() -> None:
    people = [(1.0, True)] * 12 + [(0.0, False)] * 12

    men, women, _ = shares(Moments.from_sums(sums_of(people)))

    assert men is not None
    assert women is not None
    assert women.value == women.high == 1
    assert 0.6 < women.low < 0.9
    assert men.value == men.low == 0
    assert 0.1 < men.high < 0.4


def test_sums_that_contradict_themselves_give_shares_all_the_same() -> None:
    people = sums_of([(1.0, True)] * 12 + [(0.0, True)] * 12)
    more_positive_than_people = people + sums_of([(1.0, True)] * 30)
    moments = Moments(
        p=Moments.from_sums(people).p, sp=Moments.from_sums(more_positive_than_people).sp
    )

    assert shares(moments)[1] == Share(1, 1, 1)


def test_a_known_group() -> None:
    assert known_share(5, 9) is None
    assert known_share(5, 10) is not None
    share = known_share(50, 100)
    assert isinstance(share, Share)
    assert (share.low, share.high) == pytest.approx((0.404, 0.596), abs=0.001)
    nobody, everybody = known_share(0, 10), known_share(10, 10)
    assert nobody is not None
    assert everybody is not None
    assert nobody.value == nobody.low == 0 < nobody.high < 0.4
    assert everybody.value == everybody.high == 1 > everybody.low > 0.6


def test_what_a_row_added_can_be_taken_away_exactly() -> None:
    chance = random.Random(7)  # noqa: S311
    states = [
        Contribution(gender, "inferred", steps, sentiment)
        for gender, steps in [("", None), ("F", 9_876), ("M", 3), ("U", 5_200), ("U", None)]
        for sentiment in ("", "POSITIVE", "NEGATIVE")
    ] + [
        Contribution(gender, "self", {"F": SCALE, "M": 0}.get(gender), sentiment)
        for gender in "FMX"
        for sentiment in ("", "POSITIVE", "MIXED")
    ]
    sums: Counter[str] = Counter()
    current: Contribution | None = None
    for _ in range(2_000):
        following = chance.choice([*states, None])
        sums.update(difference(current, following))
        current = following
        expected = current.sums() if current else Counter()
        assert {name: n for name, n in sums.items() if n} == {
            name: n for name, n in expected.items() if n
        }
    for state in states:
        assert Contribution.from_mark(state.mark) == state


def test_sums_that_nothing_moved_are_not_there_and_count_nothing() -> None:
    nothing = summarize({})
    assert (nothing.feedbacks, nothing.rated) == (0, 0)
    assert set(nothing.genders.model_dump().values()) == {0}
    assert nothing.unknown.share is None

    nobody_positive, expected = summarize({"RatedX": 12}).positive.X, known_share(0, 12)
    assert expected is not None
    assert (nobody_positive.share, nobody_positive.high) == (0, round(expected.high, 4))


def test_whoever_was_looked_at_counts_for_the_share_of_unknown() -> None:
    insights = summarize({"GenderF": 3, "GenderM": 2, "GenderU": 1, "GenderX": 4, "GenderNone": 9})
    assert insights.unknown.share == 0.1


@pytest.mark.usefixtures("dynamodb")
def test_the_route_tells_what_was_entered(call: Any) -> None:
    ids = []
    for number in range(36):
        name = ["Mary", "Tom", "Robin"][number % 3]
        text = "Wonderful!" if number % 3 == 0 or number < 6 else "Terrible."
        body = {"FirstName": name, "Feedback": text}
        ids.append(call("POST", "/feedback", body=body).json()["ID"])
    before = call("GET", "/insights").json()
    assert before["genders"]["not_identified"] == before["feedbacks"] == 36
    assert before["unknown"] == {"count": 0, "share": None}
    assert before["positive"]["F"]["reason"] == "too_few"

    call("POST", "/identifygender", body={"ids": ids[:34]})
    call("POST", "/predictsentiment", body={"ids": ids})
    after = call("GET", "/insights").json()

    assert after["rated"] == 36
    assert after["genders"] == {
        "F": 12, "M": 11, "U": 11, "X": 0, "not_identified": 2, "self_described": 0,
    }  # fmt: skip
    assert after["unknown"] == {"count": 11, "share": 0.3235}
    assert after["confidence"] == 0.95
    positive = after["positive"]
    assert positive["F"]["low"] > positive["M"]["high"]
    assert positive["difference"]["low"] > 0
    assert positive["X"] == {"share": None, "low": None, "high": None, "reason": "too_few"}


def test_rows_that_others_put_there_are_counted_when_they_are_touched(
    call: Any, dynamodb: Any
) -> None:
    for number in range(3):
        dynamodb.put_item(
            TableName="feedbacks",
            Item={
                "ID": {"S": f"old-{number}"},
                "Listing": {"S": "all"},
                "PostedTime": {"S": "2018-01-01"},
                "FirstName": {"S": "Mary"},
                "Sentiment": {"NULL": True},
            },
        )
    assert call("GET", "/insights").json()["feedbacks"] == 0

    call("POST", "/identifygender", body={"ids": ["old-0", "old-1"]})
    call("DELETE", "/feedback/old-0")
    call("DELETE", "/feedback/old-2")

    insights = call("GET", "/insights").json()
    assert (insights["feedbacks"], insights["genders"]["F"]) == (1, 1)
