"""What people say about themselves, and forgetting them."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("dynamodb")


def enter(call: Any, first_name: str, text: str = "Fine.") -> str:
    """Enter a feedback and return its ID."""
    body = {"FirstName": first_name, "LastName": "Doe", "Feedback": text}
    identifier: str = call("POST", "/feedback", body=body).json()["ID"]
    return identifier


def rows(call: Any) -> dict[str, dict[str, Any]]:
    """Return the listing by ID."""
    return {row["ID"]: row for row in call("GET", "/getallcontents").json()}


@pytest.mark.parametrize("gender", ["F", "M", "X"])
def test_the_own_word_wins_over_inferences_past_and_future(
    call: Any, model: Any, gender: str
) -> None:
    identifier = enter(call, "Mary")
    call("POST", "/identifygender", body={"ids": [identifier]})

    answer = call("PUT", f"/feedback/{identifier}/gender", body={"gender": gender})

    assert answer.status == 200
    assert answer.json()["Gender"] == gender
    model.requests.clear()
    call("POST", "/identifygender", body={"ids": [identifier]})
    assert model.requests == []
    row = rows(call)[identifier]
    assert (row["Gender"], row["GenderSource"]) == (gender, "self")
    assert "GenderProbability" not in row
    assert call("GET", f"/identifygender?Id={identifier}").json() == [f"Mary - {gender}"]


@pytest.mark.parametrize("body", [{"gender": "U"}, {"gender": "f"}, {}, None, {"gender": None}])
def test_another_word_is_refused(call: Any, body: Any) -> None:
    identifier = enter(call, "Mary")

    assert call("PUT", f"/feedback/{identifier}/gender", body=body).status == 400


def test_nobody_is_created_by_a_word_about_them(call: Any) -> None:
    answer = call("PUT", "/feedback/nobody/gender", body={"gender": "F"})

    assert (answer.status, answer.json()["error"]["code"]) == (404, "not_found")
    assert rows(call) == {}


def test_deleted_is_forgotten(call: Any) -> None:
    identifier = enter(call, "Mary")

    answer = call("DELETE", f"/feedback/{identifier}")

    assert (answer.status, answer.body) == (204, "")
    assert rows(call) == {}
    again = call("DELETE", f"/feedback/{identifier}")
    assert (again.status, again.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("identifier", ["x" * 129, "a b", "\x00", "¬"])
def test_odd_ids_are_refused(call: Any, identifier: str) -> None:
    assert call("DELETE", f"/feedback/{identifier}").status in {400, 404}
