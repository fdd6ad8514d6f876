"""A reconciliation that finds nothing proves nothing: here it must find."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from feedback.record import Row
from soak import ledger, reconciliation
from soak.reconciliation import Finding

ENTERED = [
    {"run": 1, "attempt": 1, "kind": "enter", "marker": "m1", "first": "Mary", "once": True},
    {"run": 1, "acknowledged": 1, "id": "a"},
]
ROW = {"ID": "a", "FirstName": "Mary", "LastName": "m1", "Feedback": "Good"}


def found(entries: list[dict[str, Any]], *rows: dict[str, Any], sums: Any = None) -> Finding:
    stored = [Row.model_validate(row) for row in rows]
    if sums is None:
        sums = Counter()
        for row in stored:
            sums.update(row.contribution().sums())
    return reconciliation.compare(ledger.replay(entries), stored, sums, before=set())


def change(number: int, kind: str, *, done: bool = True, **more: Any) -> list[dict[str, Any]]:
    answer: dict[str, Any] = {
        name: more.pop(name) for name in ("genders", "sentiments") if name in more
    }
    asked: dict[str, Any] = {"run": 1, "attempt": number, "kind": kind, "ids": ["a"], **more}
    return [asked, {"run": 1, "acknowledged": number, **answer}] if done else [asked]


def test_what_was_acknowledged_is_there() -> None:
    assert found(ENTERED, ROW).is_clean
    said = {**ROW, "Gender": "X", "GenderSource": "self"}
    assert found([*ENTERED, *change(2, "say", gender="X")], said).is_clean
    assert found([*ENTERED, *change(2, "delete")]).is_clean


def test_an_attempt_without_an_answer_may_have_been_stored_or_not() -> None:
    unanswered = [*ENTERED, *change(2, "say", gender="X", done=False)]
    assert found(unanswered, ROW).is_clean
    assert found(unanswered, {**ROW, "Gender": "X", "GenderSource": "self"}).is_clean
    assert found([*ENTERED, *change(2, "delete", done=False)], ROW).is_clean
    assert found([*ENTERED, *change(2, "delete", done=False)]).is_clean


@pytest.mark.parametrize(
    ("changes", "rows", "complaint"),
    [
        ([], [], "entered, and not there"),
        ([], [{**ROW, "FirstName": "Tom"}], "not as it was entered"),
        (change(2, "delete"), [ROW], "deleted, and there again"),
        (change(2, "say", gender="X"), [ROW], "own word"),
        (
            change(2, "say", gender="X"),
            [{**ROW, "Gender": "F", "GenderSource": "inferred"}],
            "own word",
        ),
        (change(2, "identify", genders={"a": "F"}), [ROW], "identified, and not stored"),
        (change(2, "judge", sentiments={"a": "MIXED"}), [ROW], "judged, and not stored"),
    ],
)
def test_a_loss_is_found(
    changes: list[dict[str, Any]], rows: list[dict[str, Any]], complaint: str
) -> None:
    assert [complaint in line for line in found([*ENTERED, *changes], *rows).lost] == [True]


def test_what_nobody_asked_for_is_found() -> None:
    twice = found(ENTERED, ROW, {**ROW, "ID": "b"})
    assert twice.invented == ["marker m1 2 times"]
    assert found([], ROW).invented == ["marker m1"]


def test_wrong_sums_are_found() -> None:
    finding = found(ENTERED, ROW, sums={"Feedbacks": 2, "GenderNone": 1})
    assert finding.sums_differ == {"Feedbacks": (2, 1)}
