"""The contract, and what the stacks are told of the functions."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from feedback.record import Feedback, NewFeedback
from openapi.document import ACCESSES, checked_in
from openapi.generate import text
from tests.api_parts import FUNCTIONS

LAMBDA = Path(__file__).parents[2] / "lambda"


@pytest.mark.parametrize("access", ACCESSES)
def test_the_document_is_the_codes(access: str) -> None:
    assert checked_in(access).read_text(encoding="utf-8") == text(access), "run 'make contract'"


def test_what_is_typed_is_not_what_is_found_out() -> None:
    """A field of both would be taken from the client, in place of what the application knows."""
    assert NewFeedback.model_fields.keys() <= Feedback.model_fields.keys()
    found_out = {"id", "posted_time", "sentiment"} | {
        name for name in Feedback.model_fields if name.startswith("gender")
    }
    assert not NewFeedback.model_fields.keys() & found_out


@pytest.mark.parametrize("access", ACCESSES)
def test_the_route_hands_out_what_fits_the_access(
    access: str, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS", access)
    importlib.import_module("openapi.handler")._document.cache_clear()

    answer = call("GET", "/openapi.json")

    assert answer.json() == document_of(access)
    assert answer.headers["Content-Type"] == "application/json"


def test_a_token_is_asked_for_where_the_gateway_asks_for_one() -> None:
    assert "security" not in str(document_of("open"))
    document = document_of("cognito")
    ((name, scheme),) = document["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert document["security"] == [{name: []}]
    for function in FUNCTIONS.values():
        for route in function["routes"]:
            operation = document["paths"][route["path"]][route["method"].lower()]
            public = function.get("public", False)
            assert operation.get("security") == ([] if public else None)
            assert ("401" in operation["responses"]) is not public


def document_of(access: str) -> Any:
    return json.loads(checked_in(access).read_text(encoding="utf-8"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_stacks_know_every_route(function: str) -> None:
    application = importlib.import_module(f"{function}.handler").application
    document = application.get_openapi_schema()
    coded = {
        (method.upper(), path)
        for path, operations in document.paths.items()
        for method, operation in operations.model_dump(exclude_none=True).items()
        if isinstance(operation, dict)
    }

    assert coded == {(route["method"], route["path"]) for route in FUNCTIONS[function]["routes"]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_stacks_know_every_variable(function: str) -> None:
    """A variable that a function does not read is not handed to it, and the other way round."""
    signs = {
        "TABLE_NAME": r"FeedbackTable\.from_environment",
        "LISTING_INDEX": r"table\.newest",
        "INSIGHTS_TABLE_NAME": r"TallyTable\.from_environment|table\.add|table\.change",
        "FEEDBACK_RETENTION_DAYS": r"table\.add",
        "ENDPOINT_NAME": r"GenderModel\.from_environment",
        "IDEMPOTENCY_TABLE_NAME": r"IDEMPOTENCY_TABLE_NAME",
        "ACCESS": r'"ACCESS"',
    }
    code = "".join(path.read_text(encoding="utf-8") for path in (LAMBDA / function).glob("*.py"))

    assert {name for name, sign in signs.items() if re.search(sign, code)} == set(
        FUNCTIONS[function]["environment"]
    )


def test_every_operation_is_described() -> None:
    document = document_of("open")
    operations = [operation for path in document["paths"].values() for operation in path.values()]

    assert len(operations) == sum(len(data["routes"]) for data in FUNCTIONS.values())
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert {"400", "500"} <= set(operation["responses"])
        assert "422" not in operation["responses"]
    assert "ValidationError" not in str(document["components"])
