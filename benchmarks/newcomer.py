"""How long a newcomer waits, and what it takes: ``python -m benchmarks.newcomer``.

Clones the committed state of this repository into a temporary folder and runs the README's
commands there, with empty package caches, so that downloads are counted. Writes
``docs/benchmarks/newcomer.json`` and prints it as a table.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import loopback
from soak import machine
from soak.processes import MemoryWatch, peaks
from stacks.shipped_folder import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RESULTS = REPOSITORY / "docs" / "benchmarks" / "newcomer.json"
_PORT = "4766"
_REQUESTS = 200
_STEP = re.compile(r"^ +(?P<step>[A-Z][^:]*): done in (?P<seconds>[\d.]+) s$", re.MULTILINE)


def timed(work: Callable[[], str]) -> tuple[float, str]:
    """Return how many seconds some work took, and what it printed."""
    started = time.perf_counter()
    output = work()
    return round(time.perf_counter() - started, 1), output


def milliseconds_per_request(url: str) -> list[float]:
    """Return the sorted response times of predictions of one name, one after the other."""
    body = json.dumps({"names": ["Mary"]}).encode()
    times = []
    for _ in range(_REQUESTS):
        request = urllib.request.Request(  # noqa: S310 - a URL of this machine
            f"{url}/predict", data=body, headers={"Content-Type": "application/json"}
        )
        started = time.perf_counter()
        with loopback.open_url(request, timeout_seconds=60) as response:
            response.read()
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)


@dataclass(frozen=True)
class Clone:
    """A clone of the committed state, with package caches of its own that are empty."""

    folder: Path
    environment: Mapping[str, str]

    @classmethod
    def make_in(cls, folder: Path) -> Clone:
        """Clone into a folder that is empty."""
        clone = folder / "voc-gender"
        subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)
        caches = {
            "UV_CACHE_DIR": str(folder / "uv"),
            "PIP_CACHE_DIR": str(folder / "pip"),
            "npm_config_cache": str(folder / "npm"),
        }
        return cls(clone, {**os.environ, "LOCAL_AWS_PORT": _PORT, **caches})

    def run(self, *command: str) -> str:
        """Run a command in the clone, and return what it printed."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout


def measure(clone: Clone) -> dict[str, Any]:
    """Run the README's commands in a clone, and return the figures."""
    watch = MemoryWatch((clone.folder / ".local").resolve())
    seconds: dict[str, float] = {}
    try:
        seconds["make setup, with empty caches"], _ = timed(lambda: clone.run("make", "setup"))
        seconds["make local-up, the first time"], output = timed(
            lambda: clone.run("make", "local-up")
        )
        steps = {found["step"]: float(found["seconds"]) for found in _STEP.finditer(output)}
        urls = json.loads((clone.folder / ".local" / "urls.json").read_text())
        requests = milliseconds_per_request(urls["api"])
        seconds["make local-down"], _ = timed(lambda: clone.run("make", "local-down"))
        seconds["make local-up, again"], _ = timed(lambda: clone.run("make", "local-up"))
    finally:
        clone.run("make", "local-reset")
    return {
        "seconds": seconds,
        "seconds_of_the_first_start": steps,
        "peak_memory_mb": {kind: round(of["peak"]) for kind, of in peaks(watch.end()).items()},
        "predict_one_name_ms": {
            "p50": round(requests[len(requests) // 2], 1),
            "p95": round(requests[int(len(requests) * 0.95)], 1),
        },
    }


def main() -> None:
    """Measure and write."""
    taken_on = machine.describe()
    with tempfile.TemporaryDirectory(prefix="newcomer-") as folder:
        clone = Clone.make_in(Path(folder))
        figures = measure(clone)
        commit = clone.run("git", "rev-parse", "HEAD").strip()
    result = {"command": "make bench", "commit": commit, "machine": taken_on, **figures}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    for title, rows in figures.items():
        print(title.replace("_", " "))
        for name, value in rows.items():
            print(f"  {value:>8}  {name}")


if __name__ == "__main__":
    main()
