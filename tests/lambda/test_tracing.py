"""What AWS X-Ray is told: where the time went, and nothing of what people typed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api_parts import Model, rest_event

ROOT = Path(__file__).parents[2]
MARKER = "Xylophonia"
FEEDBACK = "An unmistakable complaint"

# As in Lambda: the tracer decides at import whether it is there.
_LAMBDA = """
import importlib, json, sys
from tests.api_parts import CONTEXT
answers = [
    importlib.import_module(f"{function}.handler").handler(event, CONTEXT)
    for function, event in json.load(sys.stdin)
]
print(json.dumps(answers), file=sys.stderr)
"""

Traced = Callable[..., tuple[list[dict[str, Any]], list[dict[str, Any]]]]


@pytest.fixture
def traced(dynamodb: object) -> Iterator[Traced]:  # noqa: ARG001 - for its effect
    """Run functions as Lambda does; return their answers, and what the daemon received."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        port = daemon.getsockname()[1]

        def run(
            *calls: tuple[str, dict[str, Any]],
        ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
            ended = subprocess.run(
                [sys.executable, "-c", _LAMBDA],
                input=json.dumps(calls),
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "lambda")]),
                    "LAMBDA_TASK_ROOT": str(ROOT / "lambda"),
                    "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{port}",
                    "_X_AMZN_TRACE_ID": (
                        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
                    ),
                },
                capture_output=True,
                text=True,
                check=True,
            )
            # All of it was sent before the process ended: it waits in the socket.
            daemon.setblocking(False)
            received: list[dict[str, Any]] = []
            while True:
                try:
                    _header, _, segment = daemon.recv(65_536).partition(b"\n")
                except BlockingIOError:
                    return json.loads(ended.stderr.splitlines()[-1]), received
                received.append(json.loads(segment))

        yield run


def test_traces_name_the_services_and_no_person(traced: Traced) -> None:
    answers, segments = traced(
        (
            "enter_feedback",
            rest_event("POST", "/feedback", body={"FirstName": MARKER, "Feedback": FEEDBACK}),
        ),
        (
            "enter_feedback",
            rest_event("GET", f"/enterfeedback?FirstName={MARKER}&Feedback={FEEDBACK}"),
        ),
        ("get_all_contents", rest_event("GET", "/getallcontents")),
    )

    assert [answer["statusCode"] for answer in answers] == [200, 200, 200]
    assert MARKER in answers[2]["body"]
    assert {segment["name"] for segment in segments} == {"## handler", "dynamodb"}
    operations = {segment["aws"]["operation"] for segment in segments if "aws" in segment}
    assert operations == {"TransactWriteItems", "Query"}
    told = json.dumps(segments)
    assert MARKER not in told
    assert FEEDBACK not in told


def test_a_failure_is_traced_without_its_message(
    traced: Traced, model: Model, call: Callable[..., Any]
) -> None:
    identifier = call("POST", "/feedback", body={"FirstName": MARKER, "Feedback": FEEDBACK}).json()[
        "ID"
    ]
    model.failures.append((400, "ModelError", {"message": f"cannot read {MARKER}"}))

    answers, segments = traced(
        ("identify_gender", rest_event("POST", "/identifygender", body={"ids": [identifier]}))
    )

    assert answers[0]["statusCode"] == 502
    (failed,) = (segment for segment in segments if segment.get("fault"))
    assert failed["aws"]["operation"] == "InvokeEndpoint"
    (exception,) = failed["cause"]["exceptions"]
    assert exception["type"] == "ModelError"
    assert "message" not in exception
    assert MARKER not in json.dumps(segments)
