from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local import sample_feedback


class _Api(ThreadingHTTPServer):
    """Takes every feedback, and remembers each request's Idempotency-Key."""

    def __init__(self) -> None:
        self.keys: list[str | None] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Api

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.keys.append(self.headers["Idempotency-Key"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def api() -> Iterator[_Api]:
    with _Api() as server:
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def test_a_repeated_attempt_has_the_keys_of_the_first(api: _Api) -> None:
    for _ in range(2):
        sample_feedback.load(f"http://127.0.0.1:{api.server_port}/vocweb")

    count = len(sample_feedback.SAMPLES)
    assert api.keys[:count] == api.keys[count:]
    assert len(set(api.keys) - {None}) == count
