"""The page as a browser gets it: from one origin with the API, whose functions really run."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.api_parts import (
    CONTEXT,
    FUNCTIONS,
    _model_server,
    aws,
    call,
    dynamodb,
    function_environment,
    model,
    rest_event,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["_model_server", "aws", "call", "dynamodb", "function_environment", "model"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
WEB = Path(__file__).parents[2] / "web"
STAGE = "/vocweb"


@dataclass
class Site:
    """The running site.

    Attributes
    ----------
    url
        Of the page.
    meddle
        Called before the API answers a request ``(method, path)``; may return an answer
        ``(status, headers, body)`` of its own.
    """

    url: str
    meddle: Callable[[str, str], tuple[int, dict[str, str], str] | None] = field(
        default=lambda _method, _path: None
    )


@pytest.fixture
def site(dynamodb: object, call: object) -> Iterator[Site]:  # noqa: ARG001 - for their effect
    """Serve the page and the API."""
    routes = {
        (route["method"], route["path"]): importlib.import_module(f"{function}.handler").handler
        for function, data in FUNCTIONS.items()
        for route in data["routes"]
    }
    running = Site(url="")

    class Origin(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(WEB))

        def end_headers(self) -> None:
            # CloudFront adds it.
            self.send_header("Content-Security-Policy", POLICY)
            super().end_headers()

        def do_GET(self) -> None:
            if self.path.startswith(f"{STAGE}/"):
                self.answer("GET")
            else:
                super().do_GET()

        def do_POST(self) -> None:
            self.answer("POST")

        def do_PUT(self) -> None:
            self.answer("PUT")

        def do_DELETE(self) -> None:
            self.answer("DELETE")

        def answer(self, method: str) -> None:
            url = self.path.removeprefix(STAGE)
            path = urlsplit(url).path
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode(errors="replace") if length else None
            own = running.meddle(method, path)
            if own is not None:
                self.send(*own)
                return
            template, parameters = match(method, path)
            event = rest_event(method, url, body=body, headers=dict(self.headers.items()))
            event["pathParameters"] = parameters or None
            answer = routes[method, template](event, CONTEXT)
            self.send(answer["statusCode"], answer["headers"], answer["body"])

        def send(self, status: int, headers: dict[str, str], body: str) -> None:
            content = body.encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    def match(method: str, path: str) -> tuple[str, dict[str, str]]:
        wanted = path.split("/")
        for known, template in routes:
            parts = template.split("/")
            fits = len(parts) == len(wanted) and all(
                part.startswith("{") or part == actual
                for part, actual in zip(parts, wanted, strict=True)
            )
            if known == method and fits:
                return template, {
                    part.strip("{}"): actual
                    for part, actual in zip(parts, wanted, strict=True)
                    if part.startswith("{")
                }
        message = f"no route {method} {path}"
        raise LookupError(message)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    running.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield running
    server.shutdown()
    server.server_close()


EXPECTED = ("Failed to load resource", "https://example.com/")
"""What the tests themselves cause in the console."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a page that fails the test when its console shows an error."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and not any(part in message.text for part in EXPECTED)
            else None
        ),
    )
    yield opened
    context.close()
    assert errors == []
