"""Requests that were made to do harm: each is refused, or stored as the text that it is."""

from __future__ import annotations

import http.client
import json
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest

if TYPE_CHECKING:
    from .conftest import Application

TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "'; DROP TABLE feedback; --",
    "{{7*7}}${7*7}#{7*7}",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "../../etc/passwd",
    "%00%0d%0aSet-Cookie: a=b",
    "line\r\nX-Injected: yes",
    "\u202egnp.exe",
    "\u0000",
]
IDS = [
    "../feedback",
    "..%2f..%2fgetallcontents",
    "%00",
    "a" * 128,
    "a" * 129,
    "' OR '1'='1",
    '{"S":"x"}',
    "*",
    "~",
    "\u202e",
    "<script>",
]


def send(
    application: Application,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Send a request as it is, without a client library that would mend it."""
    api = urlsplit(application.urls["api"])
    connection = http.client.HTTPConnection(api.hostname or "", api.port, timeout=60)
    try:
        connection.putrequest(method, api.path + path, skip_accept_encoding=True)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, found, response.read()
    finally:
        connection.close()


def assert_refused(answer: tuple[int, dict[str, str], bytes]) -> None:
    status, headers, body = answer
    assert 400 <= status < 500, (status, body[:200])
    assert headers["content-type"].partition(";")[0] == "application/json"
    assert set(json.loads(body)["error"]) <= {"code", "message", "details"}


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_kept_as_text(application: Application, text: str) -> None:
    """No field is read as anything but text, and no answer can be taken for a page."""
    person = {"FirstName": f"Mary {text}", "LastName": f"S {text}", "Feedback": f"Good {text}"}
    status, headers, body = send(application, "POST", "/feedback", json.dumps(person).encode())
    assert status == 200, body
    assert headers["x-content-type-options"] == "nosniff"
    assert "x-injected" not in headers
    assert "set-cookie" not in headers
    identifier = json.loads(body)["ID"]
    try:
        status, headers, body = send(application, "GET", f"/getallcontents?fresh={identifier}")
        assert headers["content-type"].partition(";")[0] == "application/json"
        row = next(row for row in json.loads(body) if row["ID"] == identifier)
        assert {name: row[name] for name in person} == {
            name: value.strip() for name, value in person.items()
        }
        status, _, body = send(
            application, "POST", "/identifygender", json.dumps({"ids": [identifier]}).encode()
        )
        assert status == 200, body
    finally:
        assert send(application, "DELETE", f"/feedback/{identifier}")[0] in (200, 204)


@pytest.mark.parametrize("identifier", IDS)
def test_ids_that_are_none_lead_nowhere(application: Application, identifier: str) -> None:
    encoded = quote(identifier, safe="")
    for method, path, body in (
        ("DELETE", f"/feedback/{encoded}", None),
        ("PUT", f"/feedback/{encoded}/gender", b'{"gender": "X"}'),
    ):
        assert_refused(send(application, method, path, body))
    for path in ("/identifygender", "/predictsentiment"):
        ids = json.dumps({"ids": [identifier]}).encode()
        status, _, answer = send(application, "POST", path, ids)
        assert status < 500, answer
        if status == 200:
            assert "not_found" in answer.decode()


@pytest.mark.parametrize("path", ["/predict", "/feedback", "/identifygender"])
@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"names":' * 20_000 + b"1", b"null", b"\x00"],
    ids=["deep", "deeper", "null", "zero"],
)
def test_bodies_that_are_none_are_refused(application: Application, path: str, body: bytes) -> None:
    answer = send(application, "POST", path, body)
    assert_refused(answer)
    assert answer[0] == 400


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/predict", json.dumps({"names": ["Mary"] * 100_000}), 413),
        ("/predict", '{"names": ["Mary"], "names": 1}', 400),
        ("/feedback", json.dumps({"FirstName": "Mary", "Feedback": "x" * 1_000_000}), 400),
        ("/feedback", json.dumps({"FirstName": "x" * 1_000_000, "Feedback": "Good."}), 400),
        ("/feedback", '{"FirstName": "Mary", "Feedback": "Good.", "Feedback": 1}', 400),
        ("/identifygender", json.dumps({"ids": [str(one) for one in range(100_000)]}), 413),
        ("/identifygender", json.dumps({"ids": ["x" * 1_000_000]}), 400),
        ("/identifygender", '{"ids": ["x"], "ids": 1}', 400),
    ],
    ids=[
        *("names-many", "names-twice"),
        *("feedback-long", "feedback-of-long-name", "feedback-twice"),
        *("ids-many", "ids-long", "ids-twice"),
    ],
)
def test_bodies_that_are_too_much_are_refused(
    application: Application, path: str, body: str, status: int
) -> None:
    answer = send(application, "POST", path, body.encode())
    assert_refused(answer)
    assert answer[0] == status


@pytest.mark.parametrize("name", [b"x" * 1_000_000, b"\xff\xfe"], ids=["long", "encoding"])
def test_names_that_are_none_are_unknown(application: Application, name: bytes) -> None:
    status, _, answer = send(application, "POST", "/predict", b'{"names": ["' + name + b'"]}')
    assert status == 200, answer[:200]
    (prediction,) = json.loads(answer)["predictions"]
    assert (prediction["gender"], prediction["probability"]) == ("U", None)


@pytest.mark.parametrize(
    "path",
    [
        "/../getallcontents",
        "/%2e%2e/feedback",
        "/getallcontents/",
        "//getallcontents",
        "/feedback/../../",
        "/getallcontents%00",
        "/GetAllContents",
        "/openapi.json/../predict",
    ],
)
def test_paths_lead_to_routes_or_nowhere(application: Application, path: str) -> None:
    status, headers, body = send(application, "GET", path)
    assert status < 500, body[:200]
    assert "root:" not in body.decode("utf-8", "replace")
    if status != 200:
        assert headers["content-type"].partition(";")[0] in ("application/json", "application/xml")


def enter(
    application: Application, text: str, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    body = json.dumps({"FirstName": "Mary", "Feedback": text}).encode()
    return send(application, "POST", "/feedback", body, headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=utf-16"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
        {"Origin": "https://evil.example\u00e9"},
        {"Idempotency-Key": "<script>"},
        {"X-Amzn-Trace-Id": "Root=../../x", "X-Correlation-Id": "a\tb"},
        {"Accept": "text/html"},
    ],
)
def test_headers_change_nothing_that_they_should_not(
    application: Application, headers: dict[str, str]
) -> None:
    """A feedback is entered as without them, and the one before it stays."""
    texts = [f"Fine {uuid.uuid4().hex}" for _ in range(2)]
    ids = []
    for text, more in zip(texts, ({}, headers), strict=True):
        status, found, answer = enter(application, text, more)
        assert status == 200, answer
        assert found["content-type"].partition(";")[0] == "application/json"
        assert "evil.example" not in f"{found}{answer!r}"
        ids.append(json.loads(answer)["ID"])
    try:
        _, _, answer = send(application, "GET", f"/getallcontents?fresh={','.join(ids)}")
        rows = {row["ID"]: row["Feedback"] for row in json.loads(answer)}
        assert [rows.get(identifier) for identifier in ids] == texts
    finally:
        for identifier in ids:
            send(application, "DELETE", f"/feedback/{identifier}")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/html"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Idempotency-Key": "x" * 300}, 400),
    ],
)
def test_headers_that_are_wrong_are_refused(
    application: Application, headers: dict[str, str], status: int
) -> None:
    answer = enter(application, "Fine", headers)
    assert_refused(answer)
    assert answer[0] == status
