"""Starts and stops an emulator in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import loopback

ROOT = Path(__file__).resolve().parents[3]
ADMINISTRATOR = ("LOCALADMIN", "local-secret")

DOCKERFILE = """
    FROM python:3.12-slim AS serve
    RUN pip install nothing
    WORKDIR /opt/program
    COPY . programs/
    ENTRYPOINT ["/usr/bin/python3", "-m", "programs.start"]
    FROM serve AS train
"""
START = """
    import runpy, sys
    runpy.run_module(f"programs.{sys.argv[1]}")
"""
TRAIN = """
    import json, os, pathlib, sys
    base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
    hyperparameters = json.loads((base / "input/config/hyperparameters.json").read_text())
    (base / "model/weights.txt").write_text(hyperparameters.get("weights", "own"))
    print("trained by the account's own image")
"""
SERVE = """
    import http.server, os, pathlib
    weights = (pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model/weights.txt").read_text()
    greeting = os.environ.get("GREETING", "")
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_GET(self):
            self.answer(200, b"")
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(200, f"{greeting} {weights} {body.decode()}".encode())
        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
    address = ("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
    http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""


class Emulator:
    """ministack with our services.

    Parameters
    ----------
    folder
        Folder of its state, its temporary files and what an own image is built from.
    model_python
        Interpreter that plays the containers.
    invocation_timeout_seconds
        Longest time for an endpoint's answer.
    """

    def __init__(
        self,
        folder: Path,
        *,
        model_python: Path = Path(sys.executable),
        invocation_timeout_seconds: float = 2.0,
    ) -> None:
        self.folder = folder
        self._model_python = model_python
        self._invocation_timeout_seconds = invocation_timeout_seconds
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = loopback.free_port()
        self.image_context = folder / "context"
        self.image_context.mkdir()
        (self.image_context / "Dockerfile").write_text(textwrap.dedent(DOCKERFILE).lstrip())
        for name, program in (("start", START), ("train", TRAIN), ("serve", SERVE)):
            (self.image_context / f"{name}.py").write_text(textwrap.dedent(program))

    @property
    def url(self) -> str:
        """URL of every service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def decisions(self) -> list[dict[str, Any]]:
        """What IAM has decided, in order: access key, action, resource, allowed."""
        log = self.folder / "iam-decisions.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    @property
    def work_folder(self) -> Path:
        """Folder of jobs and model servers of the running process."""
        pid = self._process.pid if self._process is not None else 0
        return self.folder / "tmp" / "sagemaker" / f"emulator-{pid}"

    def start(self) -> None:
        """Start and wait until it answers."""
        state = self.folder / "state"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "TEST_FOLDER": str(self.folder),
            "TEST_INVOCATION_SECONDS": str(self._invocation_timeout_seconds),
            "TEST_MODEL_PYTHON": str(self._model_python),
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(state),
            "S3_DATA_DIR": str(state / "s3"),
            "AWS_ACCESS_KEY_ID": ADMINISTRATOR[0],
            "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR[1],
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "TMPDIR": str(self.folder),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.local.sagemaker.emulator_process"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop and wait for the end."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def client(self, service: str, key: str = "", secret: str = "", token: str = "") -> Any:
        """boto3 client, by default of the administrator."""
        session: Any = boto3.session.Session(
            aws_access_key_id=key or ADMINISTRATOR[0],
            aws_secret_access_key=secret or ADMINISTRATOR[1],
            aws_session_token=token or None,
            region_name="us-east-1",
        )
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.url, config=config)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline:
                    raise AssertionError(self.log.read_text()[-2000:]) from None
                time.sleep(0.05)
