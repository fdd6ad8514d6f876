"""The other button: Amazon Comprehend in batches."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sentiment.client import beginning

pytestmark = pytest.mark.usefixtures("dynamodb")


def enter(call: Any, text: str) -> str:
    """Enter a feedback and return its ID."""
    body = {"FirstName": "Tom", "Feedback": text}
    identifier: str = call("POST", "/feedback", body=body).json()["ID"]
    return identifier


def test_sentiments_are_found_and_stored(call: Any) -> None:
    texts = ["Wonderful, we loved it!", "Terrible, never again.", "The hotel is on Main Street."]
    ids = [enter(call, text) for text in texts]

    answer = call("GET", "/predictsentiment?Id=" + ",".join(ids))

    sentiments = ["POSITIVE", "NEGATIVE", "NEUTRAL"]
    assert answer.json() == [
        f"{identifier} - {sentiment}" for identifier, sentiment in zip(ids, sentiments, strict=True)
    ]
    found = {row["ID"]: row["Sentiment"] for row in call("GET", "/getallcontents").json()}
    assert [found[identifier] for identifier in ids] == sentiments


def test_batches_report_each_id(call: Any) -> None:
    ids = [enter(call, f"Wonderful {number}") for number in range(60)]

    answer = call("POST", "/predictsentiment", body={"ids": ["nobody", *ids]})

    results = answer.json()["results"]
    assert results[0]["error"]["code"] == "not_found"
    assert results[1:] == [{"id": identifier, "sentiment": "POSITIVE"} for identifier in ids]
    again = call("POST", "/predictsentiment", body={"ids": ids})
    assert again.json()["results"] == results[1:]


def test_a_long_text_is_judged_by_its_beginning(call: Any) -> None:
    identifier = enter(call, "Wonderful! " + "é" * 4_900)

    answer = call("POST", "/predictsentiment", body={"ids": [identifier]})

    assert answer.json()["results"] == [{"id": identifier, "sentiment": "POSITIVE"}]
    assert beginning("é" * 5_000) == "é" * 2_500
    assert beginning("x" + "é" * 5_000) == "x" + "é" * 2_499


def test_a_row_without_text_has_no_sentiment(call: Any, dynamodb: Any) -> None:
    dynamodb.put_item(TableName="feedbacks", Item={"ID": {"S": "bare"}, "FirstName": {"S": "Tom"}})

    answer = call("POST", "/predictsentiment", body={"ids": ["bare"]})

    assert answer.json()["results"][0]["error"]["code"] == "no_sentiment"


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Put a Comprehend in place that refuses with the code that the list holds."""
    codes = ["AccessDeniedException"]

    class Refusal(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"__type": codes[0], "message": "no"}).encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_COMPREHEND", f"http://127.0.0.1:{server.server_port}")
    yield codes
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("AccessDeniedException", 502, "sentiment_failed"),
        ("ThrottlingException", 503, "sentiment_unavailable"),
    ],
)
def test_a_refusing_service_is_told(
    call: Any, refusing: list[str], code: str, status: int, told: str
) -> None:
    identifier = enter(call, "Wonderful")
    refusing[0] = code

    answer = call("POST", "/predictsentiment", body={"ids": [identifier]})

    assert (answer.status, answer.json()["error"]["code"]) == (status, told)
    assert int(answer.headers["Retry-After"]) > 0
