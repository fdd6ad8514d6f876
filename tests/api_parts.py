"""Real parts for the functions: a DynamoDB, an endpoint that speaks InvokeEndpoint, real events."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest

from enter_feedback import repetition
from feedback.table import FeedbackTable
from gender_model.client import GenderModel
from local import loopback
from sentiment.client import SentimentService
from tally.table import TallyTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "feedbacks"
TALLY = "sums"
REQUESTS = "requests"
INDEX = "newest-first"
ENDPOINT = "gender"


# It ends with the tests, also when they are killed.
_START = """
import os, threading, time
from local import comprehend

def end_with(parent):
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)

threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
comprehend.register()
from ministack.app import main
main()
"""


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start an emulator of its own for DynamoDB and return its URL."""
    port = loopback.free_port()
    url = f"http://127.0.0.1:{port}"
    home = tmp_path_factory.mktemp("aws")
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", _START],
            env={
                "PYTHONPATH": str(Path(__file__).parents[1]),
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "GATEWAY_PORT": str(port),
                "IOT_MTLS_ENABLED": "0",
            },
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_until_answering(server, f"{url}/_ministack/health")
            yield url
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def _wait_until_answering(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            message = f"the emulator ended with {server.returncode}"
            raise RuntimeError(message)
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    message = "the emulator does not answer"
    raise RuntimeError(message)


@dataclass
class Model:
    """The endpoint as the tests steer and observe it.

    Attributes
    ----------
    url
        Where it listens.
    requests
        The bodies that it was sent.
    failures
        Answers ``(status, error type, further members of the body)`` to give first, one per
        request.
    before_answer
        Called before an answer: the time between reading and writing.
    """

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[int, str, dict[str, str | int]]] = field(default_factory=list)
    before_answer: Callable[[], object] = lambda: None

    def answer(self, name: str) -> dict[str, Any]:
        """Answer by simple rules: letters make a name, a final a or y makes a woman's."""
        if not any(letter.isalpha() for letter in name):
            return {
                "name": name,
                "gender": "U",
                "probability_female": None,
                "probability": None,
                "reason": "not a name",
            }
        if name == "Robin":
            return {
                "name": name,
                "gender": "U",
                "probability_female": 0.53,
                "probability": 0.53,
                "reason": "not sure enough",
            }
        female = 0.987654 if name[-1] in "ay" else 0.0125
        return {
            "name": name,
            "gender": "F" if female > 0.5 else "M",
            "probability_female": female,
            "probability": max(female, 1 - female),
        }


@pytest.fixture(scope="session")
def _model_server() -> Iterator[Model]:
    model = Model(url="")

    class Invocations(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.requests.append({"path": self.path, **body})
            model.before_answer()
            if model.failures:
                status, kind, further = model.failures.pop(0)
                answer: dict[str, Any] = {"message": "refused", **further}
                self.reply(status, answer, {"x-amzn-ErrorType": kind})
                return
            answers = [model.answer(name) for name in body["names"]]
            self.reply(200, {"predictions": answers, "model": "test"}, {})

        def reply(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Invocations)
    model.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield model
    server.shutdown()
    server.server_close()


@pytest.fixture
def model(_model_server: Model) -> Model:
    """Return the endpoint, as new."""
    _model_server.requests.clear()
    _model_server.failures.clear()
    _model_server.before_answer = lambda: None
    return _model_server


@pytest.fixture
def function_environment(aws: str, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the functions the environment that their stack gives them."""
    for name, value in {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": model.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "TABLE_NAME": TABLE,
        "INSIGHTS_TABLE_NAME": TALLY,
        "IDEMPOTENCY_TABLE_NAME": REQUESTS,
        "LISTING_INDEX": INDEX,
        "ENDPOINT_NAME": ENDPOINT,
        "ACCESS": "open",
        "CORS_ALLOW_ORIGIN": "*",
        "POWERTOOLS_SERVICE_NAME": "voc",
        "POWERTOOLS_METRICS_NAMESPACE": "VocGender",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture
def dynamodb(aws: str, function_environment: None) -> Iterator[DynamoDBClient]:  # noqa: ARG001
    """Return a client of a DynamoDB with empty tables."""
    client = boto3.client("dynamodb", endpoint_url=aws)
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "ID", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "ID", "AttributeType": "S"},
            {"AttributeName": "Listing", "AttributeType": "S"},
            {"AttributeName": "PostedTime", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [
                    {"AttributeName": "Listing", "KeyType": "HASH"},
                    {"AttributeName": "PostedTime", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.create_table(
        TableName=TALLY,
        KeySchema=[{"AttributeName": "Shard", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Shard", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.create_table(
        TableName=REQUESTS,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    for name in (TABLE, TALLY, REQUESTS):
        client.delete_table(TableName=name)


@dataclass(frozen=True)
class Answer:
    """What a function answered."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


def rest_event(
    method: str,
    url: str,
    *,
    body: object = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return the event that a REST API (v1) sends to a proxy function.

    A `body` that is no string is sent as JSON.
    """
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    content = body if isinstance(body, str) or body is None else json.dumps(body)
    sent = {"Host": "api.example", **(headers or {})}
    if content is not None:
        sent.setdefault("Content-Type", "application/json")
    return {
        "resource": parts.path,
        "path": parts.path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": (
            {name: [value for key, value in pairs if key == name] for name, _ in pairs} or None
        ),
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": parts.path,
            "httpMethod": method,
            "path": f"/vocweb{parts.path}",
            "stage": "vocweb",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": content,
        "isBase64Encoded": False,
    }


CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:function",
    aws_request_id="52fdfc07-2182-154f-163f-5f0f9a621d72",
    get_remaining_time_in_millis=lambda: 29_000,
)

Call = Callable[..., Answer]


@pytest.fixture
def call(function_environment: None) -> Call:  # noqa: ARG001 - for its effect
    """Return a function that calls the route as a client would, through the Lambda handler."""
    routes = {
        (route["method"], route["path"]): function
        for function, data in FUNCTIONS.items()
        for route in data["routes"]
    }
    modules = {function: importlib.import_module(f"{function}.handler") for function in FUNCTIONS}
    # Another module's tests had another emulator.
    for made in (FeedbackTable, GenderModel, SentimentService, TallyTable):
        made.from_environment.cache_clear()
    repetition._store.cache_clear()

    def send(method: str, url: str, *, function: str | None = None, **request: Any) -> Answer:
        path = urlsplit(url).path
        resource, chosen = (
            (path, function)
            if function
            else next(
                (template, name)
                for (verb, template), name in routes.items()
                if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
            )
        )
        event = {**rest_event(method, url, **request), "resource": resource}
        answer = modules[chosen].handler(event, CONTEXT)
        assert answer["isBase64Encoded"] is False
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    return send


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Return a function that returns what was written to CloudWatch Logs: logs and metrics."""
    written = io.StringIO()
    from rest_api.observability import logger

    # The logger holds the stream that was the standard output when it was made.
    monkeypatch.setattr(logger.registered_handler, "stream", written)
    return lambda: written.getvalue() + capsys.readouterr().out


FUNCTIONS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "lambda" / "functions.json").read_text()
)
