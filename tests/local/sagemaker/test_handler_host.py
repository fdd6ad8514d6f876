"""The host of handler functions, run by itself."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import loopback
from tests.local.sagemaker.emulator import ROOT
from tests.local.sagemaker.workbench import wait_for

# The interpreter that plays the containers has numpy; the one that runs the tests need not.
_MODEL_PYTHON = ROOT / ".venv-model" / "bin" / "python"
INTERPRETER = str(_MODEL_PYTHON if _MODEL_PYTHON.exists() else sys.executable)
HOST = ROOT / "local" / "sagemaker" / "handler_host.py"


@contextmanager
def running(folder: Path, script: str) -> Iterator[http.client.HTTPConnection]:
    """Run the host with a script of handlers and open a connection to it."""
    (folder / "inference.py").write_text(textwrap.dedent(script))
    port = loopback.free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "SAGEMAKER_SUBMIT_DIRECTORY": str(folder),
        "SAGEMAKER_PROGRAM": "inference.py",
        "SM_MODEL_DIR": str(folder),
        "SAGEMAKER_BIND_TO_PORT": str(port),
    }
    process = subprocess.Popen([INTERPRETER, str(HOST)], env=environment)
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


def test_defaults_read_and_write_arrays(tmp_path: Path) -> None:
    has_numpy = subprocess.run([INTERPRETER, "-c", "import numpy"], check=False).returncode == 0
    if not has_numpy:
        pytest.skip("the default handlers need numpy, as .venv-model has it")
    script = """
        class Model:
            def predict(self, data):
                return data * 2
        def model_fn(folder):
            return Model()
    """
    with running(tmp_path, script) as connection:
        answer = ask(connection, b"[1, 2]", Content_Type="application/json")
        assert answer == (200, "application/json", b"[2.0, 4.0]")
        answer = ask(connection, b"1,2", Content_Type="text/csv", Accept="text/csv")
        assert answer == (200, "text/csv; charset=utf-8", b"2.0\n4.0\n")
        assert ask(connection, b"x", Content_Type="image/png")[0] == 500


def test_bodies_arrive_and_leave_as_in_the_container(tmp_path: Path) -> None:
    script = """
        def model_fn(folder): return None
        def input_fn(body, content_type): return type(body).__name__, content_type
        def predict_fn(data, model): return " ".join(data)
        def output_fn(prediction, accept):
            return prediction if accept == "text/plain" else (prediction, accept)
    """
    with running(tmp_path, script) as connection:
        answer = ask(connection, "Zoë".encode(), Content_Type="text/csv")
        assert answer == (200, "application/json", b"str text/csv")
        answer = ask(connection, b"{}", Content_Type="")
        assert answer == (200, "application/json", b"str application/json")
        answer = ask(connection, b"x", Content_Type="text/csv; charset=utf-8", Accept="text/csv")
        assert answer == (200, "text/csv; charset=utf-8", b"bytes text/csv; charset=utf-8")
        answer = ask(connection, b"\x00", Content_Type="image/png", Accept="text/plain")
        assert answer == (200, "text/html; charset=utf-8", b"bytes image/png")
        connection.request("GET", "/elsewhere")
        assert connection.getresponse().status == 404


def test_only_a_wsgi_application_has_a_status_of_its_own(tmp_path: Path) -> None:
    script = """
        def model_fn(folder): return None
        def refusal(environ, start_response):
            start_response("400 Bad Request", [("Content-Type", "application/json")])
            return [b'{"error": "no names"}']
        def transform_fn(model, body, content_type, accept):
            if body == "raise":
                raise ValueError("a secret of the handler")
            return refusal
    """
    with running(tmp_path, script) as connection:
        answer = ask(connection, b"{}", Content_Type="application/json")
        assert answer == (400, "application/json", b'{"error": "no names"}')
        status, _, body = ask(connection, b"raise", Content_Type="text/csv")
        assert status == 500
        assert b"Internal Server Error" in body
        assert b"secret" not in body


def test_without_model_fn_it_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "inference.py").write_text("")
    environment = {
        "PATH": os.environ["PATH"],
        "SAGEMAKER_SUBMIT_DIRECTORY": str(tmp_path),
        "SAGEMAKER_PROGRAM": "inference.py",
        "SM_MODEL_DIR": str(tmp_path),
    }
    ended = subprocess.run(
        [INTERPRETER, str(HOST)], env=environment, capture_output=True, check=False
    )
    assert ended.returncode != 0
    assert b"defines no model_fn" in ended.stderr
