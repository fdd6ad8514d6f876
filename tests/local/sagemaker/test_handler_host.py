"""The host of handler functions, run by itself."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.local.sagemaker.emulator import ROOT
from tests.local.sagemaker.workbench import wait_for

HOST = ROOT / "local" / "sagemaker" / "handler_host.py"


@contextmanager
def running(folder: Path, script: str) -> Iterator[http.client.HTTPConnection]:
    """Run the host with a script of handlers and open a connection to it."""
    (folder / "inference.py").write_text(textwrap.dedent(script))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        "PATH": os.environ["PATH"],
        "SAGEMAKER_SUBMIT_DIRECTORY": str(folder),
        "SAGEMAKER_PROGRAM": "inference.py",
        "SM_MODEL_DIR": str(folder),
        "SAGEMAKER_BIND_TO_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, str(HOST)], env=environment)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        wait_for(lambda: pings(connection), "the host")
        yield connection
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        connection.close()
        process.kill()
        process.wait()


def pings(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.request("GET", "/ping")
        response = connection.getresponse()
        response.read()
    except OSError:
        connection.close()
        return False
    return response.status == 200


def ask(
    connection: http.client.HTTPConnection, body: bytes, **headers: str
) -> tuple[int, str | None, bytes]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/invocations", body, names)
    response = connection.getresponse()
    return response.status, response.getheader("Content-Type"), response.read()


def test_defaults_read_and_write_json(tmp_path: Path) -> None:
    script = """
        class Model:
            def predict(self, data):
                return [[value * 2] for value in data]
        def model_fn(folder):
            return Model()
    """
    with running(tmp_path, script) as connection:
        answer = ask(connection, b"[1, 2]", Content_Type="application/json")
        assert answer == (200, "application/json", b"[[2], [4]]")
        answer = ask(connection, b"[1, 2]", Content_Type="application/json", Accept="text/csv")
        assert answer == (200, "text/csv", b"2\n4")
        assert ask(connection, b"x", Content_Type="image/png")[0] == 415
        assert ask(connection, b"[", Content_Type="application/json")[0] == 500


def test_text_arrives_as_text_and_bytes_as_bytes(tmp_path: Path) -> None:
    script = """
        def model_fn(folder): return None
        def input_fn(body, content_type): return type(body).__name__, content_type
        def predict_fn(data, model): return " ".join(data)
        def output_fn(prediction, accept): return prediction, "text/plain"
    """
    with running(tmp_path, script) as connection:
        answer = ask(connection, "Zoë".encode(), Content_Type="text/csv; charset=utf-8")
        assert answer == (200, "text/plain", b"str text/csv")
        answer = ask(connection, b"\x00", Content_Type="application/octet-stream")
        assert answer == (200, "text/plain", b"bytes application/octet-stream")
        connection.request("GET", "/elsewhere")
        assert connection.getresponse().status == 404


def test_without_model_fn_it_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "inference.py").write_text("")
    environment = {
        "PATH": os.environ["PATH"],
        "SAGEMAKER_SUBMIT_DIRECTORY": str(tmp_path),
        "SAGEMAKER_PROGRAM": "inference.py",
        "SM_MODEL_DIR": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, str(HOST)], env=environment, capture_output=True, check=False
    )
    assert ended.returncode != 0
    assert b"defines no model_fn" in ended.stderr
