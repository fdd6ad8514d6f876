"""Servers of a model as processes, and what they answer."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import loopback
from tests.model_code.conftest import REPOSITORY

OWN = ("-m", "model_code.serve")


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    url: str

    def ask(self, body: bytes | None, content_type: str = "application/json") -> Answer:
        request = urllib.request.Request(
            f"{self.url}/invocations",
            data=body,
            headers={"Content-Type": content_type},
            method="POST",
        )
        return send(request)

    def names(self, names: list[Any], **further: str) -> Any:
        answer = self.ask(json.dumps({"names": names, **further}).encode())
        assert answer.status == 200, answer.body
        return answer.json


def send(request: urllib.request.Request | str) -> Answer:
    try:
        with loopback.open_url(request, timeout_seconds=60) as response:
            return Answer(response.status, response.headers["Content-Type"], response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers["Content-Type"], error.read())


def start(
    model: Path, program: tuple[str, ...] = OWN, **environment: str
) -> tuple[subprocess.Popen[str], int]:
    port = loopback.free_port()
    process = subprocess.Popen(
        [sys.executable, *program],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "SM_MODEL_DIR": str(model),
            "SAGEMAKER_BIND_TO_PORT": str(port),
            **environment,
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    return process, port


@contextmanager
def running(model: Path, program: tuple[str, ...] = OWN, **environment: str) -> Iterator[Server]:
    process, port = start(model, program, **environment)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if send(f"{url}/ping").status == 200:
                break
        except OSError:
            time.sleep(0.05)
    yield Server(url)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0
