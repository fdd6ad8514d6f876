"""How long a synthesis takes, against an empty CDK app: ``python -m benchmarks.synth``.

Runs the CDK CLI on an app with one bare stack, on one stage, and on all stages, in turn, so that
a machine that slows down slows all of them, and measures the processors' time beside, which
others' work changes least. Quote the ratios. Writes
``docs/benchmarks/synth.json`` and prints it as a table. Needs `make setup`.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.deployment import CDK_COMMAND
from soak import machine
from stacks.settings import read_presets
from stacks.shipped_folder import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = REPOSITORY / "docs" / "benchmarks" / "synth.json"
_ROUNDS = 5
_PYTHON = REPOSITORY / ".venv" / "bin" / "python"
_EMPTY_APP = """\
import aws_cdk as cdk

app = cdk.App()
cdk.Stack(app, "Empty")
app.synth()
"""
_EMPTY = "an empty app"
_ONE_STAGE = ("-c", "environment=workshop", "-c", "region=us-east-1")


@dataclass(frozen=True)
class Seconds:
    """What one run took, by the clock and by its processes' own accounts."""

    clock: float
    processors: float


def synthesize(app: Path, output: Path, *context: str) -> Seconds:
    """Have the CDK CLI synthesize an app.

    Parameters
    ----------
    app
        Folder with a ``cdk.json``.
    output
        Folder for the assembly.
    context
        Further arguments of the CLI.
    """
    started, used = time.perf_counter(), _processor_seconds()
    subprocess.run(
        [str(CDK_COMMAND), "synth", "--quiet", "--no-notices", "--output", str(output), *context],
        cwd=app,
        check=True,
        capture_output=True,
    )
    return Seconds(time.perf_counter() - started, _processor_seconds() - used)


def main() -> None:
    """Measure and write."""
    taken_on = machine.describe()
    with tempfile.TemporaryDirectory(prefix="synth-") as folder:
        empty = Path(folder, "empty")
        empty.mkdir()
        (empty / "app.py").write_text(_EMPTY_APP)
        (empty / "cdk.json").write_text(json.dumps({"app": f"'{_PYTHON}' app.py"}))
        output = Path(folder, "assembly")
        runs: dict[str, Callable[[], Seconds]] = {
            _EMPTY: lambda: synthesize(empty, output),
            "one stage": lambda: synthesize(REPOSITORY, output, *_ONE_STAGE),
            "all stages": lambda: synthesize(REPOSITORY, output),
        }
        for run in runs.values():
            run()
        rounds = [{name: run() for name, run in runs.items()} for _ in range(_ROUNDS)]
    result = {
        "command": "python -m benchmarks.synth",
        "machine": taken_on,
        "rounds": _ROUNDS,
        "stages": _count_stages(),
        "seconds": _medians(rounds, lambda run: run.clock),
        "processor_seconds": _medians(rounds, lambda run: run.processors),
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    for title in ("seconds", "processor_seconds"):
        print(title.replace("_", " "))
        for name, row in result[title].items():  # type: ignore[attr-defined]
            print(f"  {row['median']:6.1f}  {row['times_an_empty_app']:5.2f} times  {name}")


def _medians(
    rounds: list[dict[str, Seconds]], measure: Callable[[Seconds], float]
) -> dict[str, dict[str, float]]:
    return {
        name: {
            "median": round(statistics.median(measure(each[name]) for each in rounds), 1),
            "times_an_empty_app": round(
                statistics.median(measure(each[name]) / measure(each[_EMPTY]) for each in rounds), 2
            ),
        }
        for name in rounds[0]
    }


def _processor_seconds() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _count_stages() -> int:
    presets = read_presets()
    return len(presets["environments"]) * len(presets["regions"])


if __name__ == "__main__":
    main()
