"""Containers on SageMaker's contract."""

from __future__ import annotations

import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import loopback
from tests.container.engine import Engine

SERVING_MEMORY_BYTES = 512 * 1024 * 1024
"""Half of what the smallest serverless endpoint has."""

_PATIENCE_SECONDS = 240.0


@dataclass(frozen=True)
class Container:
    """A container that was started."""

    engine: Engine
    identifier: str

    def log(self) -> str:
        """Return what it wrote so far."""
        return self.engine.run("logs", self.identifier).stdout

    def wait(self) -> int:
        """Wait for its end; answers its exit code."""
        return int(self.engine.run("wait", self.identifier).stdout)

    def wait_for_log(self, text: str) -> None:
        """Wait until it has written something."""
        self._wait_until(lambda: text in self.log(), f"'{text}' in its log")

    def stop(self, grace_seconds: int) -> tuple[int, float]:
        """Send SIGTERM as SageMaker does; answers exit code and seconds."""
        began = time.monotonic()
        self.engine.run("stop", "--time", str(grace_seconds), self.identifier)
        return self.wait(), time.monotonic() - began

    def inspect(self, path: str) -> Any:
        """Return one part of its description."""
        return json.loads(
            self.engine.run("inspect", "--format", f"{{{{json {path}}}}}", self.identifier).stdout
        )

    def execute(self, *command: str, check: bool = True) -> str:
        """Run a program in it, as root; answers its output."""
        return self.engine.run("exec", self.identifier, *command, check=check).stdout

    def signal(self, name: str) -> None:
        """Send a signal to its program."""
        self.engine.run("kill", "--signal", name, self.identifier)

    def address(self) -> tuple[str, int]:
        """Return host and port under which it answers."""
        published = self.engine.run("port", self.identifier, "8080/tcp").stdout.split()[0]
        host, _, port = published.rpartition(":")
        return host, int(port)

    def ask(self, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        """Send a request to its published port; answers status and body."""
        host, port = self.address()
        request = urllib.request.Request(
            f"http://{host}:{port}{path}", data=body, headers={"Content-Type": kind} if kind else {}
        )
        try:
            with loopback.open_url(request, timeout_seconds=10) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def wait_for_ping(self) -> None:
        """Wait until it is healthy."""
        self._wait_until(self._pings, "an answer to /ping", pause_seconds=0.01)

    def _pings(self) -> bool:
        try:
            return self.ask("/ping")[0] == 200
        except (OSError, IndexError):
            return False

    def _wait_until(
        self, condition: Callable[[], bool], what: str, pause_seconds: float = 0.2
    ) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            ended = self.inspect(".State.Status") == "exited"
            assert not ended, f"it ended before {what}:\n{self.log()}"
            assert time.monotonic() < deadline, f"waited in vain for {what}:\n{self.log()}"
            time.sleep(pause_seconds)


class Workplace:
    """Folders that stand for ``/opt/ml``, and the containers that were started on them.

    Parameters
    ----------
    engine
        Where containers run.
    base
        Folder to be mounted as ``/opt/ml``.
    """

    def __init__(self, engine: Engine, base: Path) -> None:
        self._engine = engine
        self._containers: list[Container] = []
        self.base = base
        self.model = base / "model"
        self.failure = base / "output" / "failure"
        for folder in ("input/config", "input/data/train", "model", "output"):
            (base / folder).mkdir(parents=True)

    def train(
        self,
        image: str,
        channel: Path | None,
        hyperparameters: Mapping[str, str],
        *options: str,
        memory: str = "2g",
    ) -> Container:
        """Start a training job without network, its root file system read-only."""
        if channel is not None:
            shutil.copytree(channel, self.base / "input" / "data" / "train", dirs_exist_ok=True)
        config = self.base / "input" / "config" / "hyperparameters.json"
        config.write_text(json.dumps(dict(hyperparameters)))
        return self.start(
            image,
            "train",
            *("--network", "none", "--memory", memory, "--memory-swap", memory),
            *("--volume", f"{self.base}:/opt/ml", *options),
        )

    def serve(
        self, image: str, model: Path, *options: str, memory: int = SERVING_MEMORY_BYTES
    ) -> Container:
        """Start a model server whose model is read-only."""
        return self.start(
            image,
            "serve",
            *(
                "--publish",
                "127.0.0.1::8080",
                "--memory",
                f"{memory}",
                "--memory-swap",
                f"{memory}",
            ),
            *("--volume", f"{model}:/opt/ml/model:ro", *options),
        )

    def start(self, image: str, argument: str, *options: str) -> Container:
        """Start a container of which nothing but its volumes can be written."""
        writable = ("--read-only", "--tmpfs", "/tmp")  # noqa: S108 - the container's own
        started = self._engine.run("run", "--detach", *writable, *options, image, argument)
        container = Container(self._engine, started.stdout.split()[-1])
        self._containers.append(container)
        return container

    def remove_containers(self) -> None:
        """End and remove what was started."""
        for container in self._containers:
            self._engine.run("rm", "--force", "--volumes", container.identifier)
