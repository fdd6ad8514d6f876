"""DynamoDB answers for some keys only: what it leaves out is asked for again."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("dynamodb")


@dataclass
class Overloaded:
    """DynamoDB as it is under load.

    Attributes
    ----------
    most
        Keys of one ``BatchGetItem`` that are read; the others come back unprocessed.
    batches
        How often it was asked for a batch.
    """

    most: int = 100
    batches: int = 0


@pytest.fixture
def overloaded(
    aws: str,
    function_environment: None,  # noqa: ARG001 - this one changes it
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Overloaded]:
    """Stand between the functions and DynamoDB."""
    state = Overloaded()

    class Between(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            left: dict[str, Any] = {}
            if self.headers["X-Amz-Target"].endswith("BatchGetItem"):
                state.batches += 1
                wanted = json.loads(body)
                for table, request in wanted["RequestItems"].items():
                    keys = request["Keys"]
                    if keys[state.most :]:
                        left[table] = {**request, "Keys": keys[state.most :]}
                    request["Keys"] = keys[: state.most]
                body = json.dumps(wanted).encode()
            if left and not state.most:
                answer = b'{"Responses": {}}'
            else:
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in {"host", "content-length"}
                }
                forwarded = urllib.request.Request(aws, data=body, headers=headers)
                with urllib.request.urlopen(forwarded) as response:
                    answer = response.read()
            if left:
                answer = json.dumps({**json.loads(answer), "UnprocessedKeys": left}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield state
    server.shutdown()
    server.server_close()


def test_what_is_left_out_is_asked_for_again(overloaded: Overloaded, call: Any) -> None:
    body = {"FirstName": "Mary", "Feedback": "Good."}
    ids = [call("POST", "/feedback", body=body).json()["ID"] for _ in range(12)]
    overloaded.most = 5

    results = call("POST", "/identifygender", body={"ids": ids}).json()["results"]
    insights = call("GET", "/insights").json()

    assert [result["id"] for result in results] == ids
    assert {result["gender"] for result in results} == {"F"}
    assert insights["genders"]["F"] == 12
    assert overloaded.batches == 3 + 4


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [("POST", "/identifygender", {"ids": ["a"]}), ("GET", "/insights", None)],
)
def test_an_overload_that_lasts_is_a_503(
    overloaded: Overloaded, call: Any, method: str, url: str, body: Any
) -> None:
    overloaded.most = 0

    answer = call(method, url, body=body)

    assert answer.status == 503
    assert answer.json()["error"]["code"] == "storage_unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert overloaded.batches == 8
