"""A request that may be repeated is safe to repeat."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid5

import pytest

pytestmark = pytest.mark.usefixtures("dynamodb")

MARY = {"FirstName": "Mary", "LastName": "Marker", "Feedback": "Marker feedback"}


def enter(call: Any, key: str | None, feedback: Any = MARY) -> Any:
    """Enter a feedback and return the answer."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return call("POST", "/feedback", body=feedback, headers=headers)


def test_the_same_key_stores_once(call: Any) -> None:
    first, again, other, without = (enter(call, key) for key in ("k", "k", "l", None))

    assert first.status == 200
    assert first.json() == again.json()
    assert len({answer.json()["ID"] for answer in (first, other, without)}) == 3
    assert len(call("GET", "/getallcontents").json()) == 3
    assert call("GET", "/insights").json()["feedbacks"] == 3


def test_a_feedback_is_counted_when_it_is_stored(call: Any, logs: Any) -> None:
    for key in ("k", "k", None):
        enter(call, key)

    lines = map(json.loads, logs().splitlines())
    assert [line["FeedbackEntered"] for line in lines if "FeedbackEntered" in line] == [[1], [1]]


def test_an_id_follows_from_the_key_and_what_was_typed_in_every_release(call: Any) -> None:
    namespace = UUID("d1f2f0a5-55a7-4f55-8d9c-3f7b6f0e8a11")
    typed = 'k\0{"first_name":"Mary","feedback":"Fine."}'

    answer = enter(call, "k", {"FirstName": "Mary", "Feedback": "Fine."})

    assert answer.json()["ID"] == str(uuid5(namespace, typed))


def test_a_deleted_feedback_does_not_come_back(call: Any) -> None:
    identifier = enter(call, "k").json()["ID"]
    call("DELETE", f"/feedback/{identifier}")

    assert enter(call, "k").json() == {"ID": identifier}

    assert call("GET", "/getallcontents").json() == []


def test_the_same_key_with_another_feedback_is_a_conflict(call: Any) -> None:
    enter(call, "k")

    answer = enter(call, "k", {**MARY, "Feedback": "Another"})

    assert (answer.status, answer.json()["error"]["code"]) == (409, "conflict")
    assert len(call("GET", "/getallcontents").json()) == 1


def test_repeated_at_once(call: Any) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda _: enter(call, "k"), range(8)))

    assert {answer.status for answer in answers} <= {200, 409}
    assert len({answer.body for answer in answers if answer.status == 200}) == 1
    assert len(call("GET", "/getallcontents").json()) == 1


def test_a_first_attempt_that_was_cut_off_is_not_repeated(call: Any, dynamodb: Any) -> None:
    identifier = enter(call, "k").json()["ID"]
    # As if the function had ended between storing the feedback and remembering its answer.
    (remembered,) = dynamodb.scan(TableName="requests")["Items"]
    dynamodb.delete_item(TableName="requests", Key={"id": remembered["id"]})

    assert enter(call, "k").json() == {"ID": identifier}

    assert len(call("GET", "/getallcontents").json()) == 1
    assert call("GET", "/insights").json()["feedbacks"] == 1


def test_what_is_remembered_holds_nothing_typed(call: Any, dynamodb: Any) -> None:
    enter(call, "k")

    assert "Marker" not in json.dumps(dynamodb.scan(TableName="requests")["Items"])


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ü"])
def test_odd_keys_are_refused(call: Any, key: str) -> None:
    assert enter(call, key).status == 400
