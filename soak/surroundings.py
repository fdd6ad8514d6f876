"""The application under test: where it answers, what it stores, which processes it has."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from feedback.record import Row
from local import loopback
from local.client_environment import make_client
from local.credentials import load_or_create
from local.deployment import read_outputs
from local.settings import PROJECT_ROOT, LocalSettings
from soak import ledger, processes, reconciliation
from soak.reconciliation import Finding

CLIENTS_PYTHON = PROJECT_ROOT / ".venv-soak" / "bin" / "python"
_STOP_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What one request was answered; status 0 if nobody answered."""

    status: int
    body: Any = None


@dataclass
class Surroundings:
    """The application on the embedded AWS that is running.

    Parameters
    ----------
    settings
        The embedded AWS.
    folder
        Where the clients of this soak write down what happened.
    """

    settings: LocalSettings
    folder: Path
    before: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make the folder, and remember the rows that are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("ledger.jsonl", "samples.jsonl"):
            (self.folder / name).unlink(missing_ok=True)
        self.before = {row.id for row in self._rows()}

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Outputs of the stacks by their stable names."""
        return read_outputs(self.settings)

    @cached_property
    def api(self) -> str:
        """URL of the API."""
        return str(json.loads(self.settings.urls_file.read_text())["api"])

    def aws(self, service: str) -> Any:
        """Return boto3's client of a service, with the administrator's keys."""
        return make_client(self.settings, load_or_create(self.settings.state_folder), service)

    def call(self, method: str, path: str, body: Any = None, *, timeout: float = 60) -> Answer:
        """Send one request to the API."""
        request = urllib.request.Request(  # noqa: S310 - a URL of this machine
            self.api + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with loopback.open_url(request, timeout_seconds=timeout) as response:
                content = response.read()
                return Answer(response.status, json.loads(content) if content else None)
        except urllib.error.HTTPError as error:
            content = error.read()
            try:
                answer = json.loads(content)
            except ValueError:
                answer = None
            return Answer(error.code, answer)
        except (OSError, ValueError):
            return Answer(0)

    def processes(self, kind: str) -> list[psutil.Process]:
        """Return the embedded AWS's processes of one kind of `soak.processes.KINDS`."""
        return processes.find(self.settings.state_folder, kind)

    def start_clients(
        self, clients: int, seconds: float, *, burst_requests: int = 0
    ) -> subprocess.Popen[bytes]:
        """Start clients, which stop by themselves after `seconds`, or on SIGTERM.

        Parameters
        ----------
        clients
            Number of clients, at most 200.
        seconds
            Longest time.
        burst_requests
            How many feedbacks one client more hands in at once, again and again; 0 for none.
        """
        command = [
            *(str(CLIENTS_PYTHON), "-m", "locust"),
            *("--locustfile", str(PROJECT_ROOT / "soak" / "clients.py")),
            *("--headless", "--only-summary", "--exit-code-on-error", "0"),
            *("--users", str(clients + bool(burst_requests)), "--spawn-rate", "10"),
            *("--run-time", f"{seconds:.0f}s", "--stop-timeout", str(_STOP_SECONDS)),
            *("--host", self.api),
        ]
        environment = {
            "PATH": "/usr/bin:/bin",
            "SOAK_FOLDER": str(self.folder),
            "SOAK_BURST_REQUESTS": str(burst_requests),
        }
        with (self.folder / "clients.log").open("ab") as log:
            return subprocess.Popen(
                command,
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop_clients(self, clients: subprocess.Popen[bytes]) -> None:
        """Let the clients finish what they are at, and wait for them."""
        clients.terminate()
        self.wait_for_clients(clients)

    def wait_for_clients(self, clients: subprocess.Popen[bytes]) -> None:
        """Wait until the clients have stopped.

        Raises
        ------
        RuntimeError
            If they failed.
        """
        if clients.wait() not in {0, -15}:
            raise RuntimeError(f"the clients failed; see {self.folder / 'clients.log'}")

    def samples(self, since: float = 0.0) -> list[Sample]:
        """Return the answers to requests that the clients sent since a time (Unix)."""
        file = self.folder / "samples.jsonl"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        samples = [Sample(*json.loads(line)) for line in lines if line.endswith("\n")]
        return [sample for sample in samples if sample.begun >= since]

    def reconcile(self) -> Finding:
        """Compare all that was acknowledged until now with what is stored; nobody may write."""
        return reconciliation.compare(
            ledger.read(self.folder / "ledger.jsonl"),
            self._rows(),
            reconciliation.read_sums(self.aws("dynamodb"), self._table("Api-Tally")),
            before=self.before,
        )

    def _rows(self) -> list[Row]:
        return reconciliation.read_rows(self.aws("dynamodb"), self.outputs["TableName"])

    def _table(self, part: str) -> str:
        names: Sequence[str] = self.aws("dynamodb").list_tables()["TableNames"]
        (name,) = (name for name in names if part in name)
        return name


@dataclass(frozen=True)
class Sample:
    """The answer to one request of a client.

    Attributes
    ----------
    begun
        When it was sent (Unix time, seconds).
    route
        Method and path.
    milliseconds
        Until its answer.
    status
        Of the answer; 0 if nobody answered.
    code
        Of the error.
    retry_after
        Header of that name, seconds.
    """

    begun: float
    route: str
    milliseconds: float
    status: int
    code: str
    retry_after: str | None

    @property
    def failure(self) -> str:
        """The answer in a word, or nothing if it was what a client wants."""
        if 200 <= self.status < 300 or (self.status == 404 and self.route.startswith("DELETE")):
            return ""
        if self.status == 0:
            return "no answer"
        wait = f", Retry-After {self.retry_after}" if self.retry_after else ""
        return f"{self.status} {self.code}{wait}"


def wait_until(condition: Any, *, seconds: float, pause: float = 0.1) -> bool:
    """Ask again and again until something is true; return whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
