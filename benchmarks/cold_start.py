"""What a function costs before its first answer: ``python -m benchmarks.cold_start``.

Imports the handler of every function in a fresh interpreter, as Lambda does on a cold start, and
weighs what is shipped. Writes ``docs/benchmarks/cold_start.json`` and prints it as tables. Needs
`make setup`, and nothing that runs.

Two ways are measured. ``shipped``: the layer comes with bytecode (`make layer`), and the functions'
own modules are compiled on every cold start. ``source layer``: as if the layer had none either. The
standard library and boto3 have theirs both times, as in Lambda's runtime. This machine's Python
stands in for the deployed one. The functions take turns, in an order that changes every round;
medians are told. `boto3` alone, which the runtime brings along, stands beside them: the ratio to it
says more than the seconds of a shared machine.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soak import machine
from stacks.shipped_folder import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULTS = REPOSITORY / "docs" / "benchmarks" / "cold_start.json"
LAYER = REPOSITORY / "build" / "layer"
FUNCTIONS = REPOSITORY / "lambda"
FUNCTIONS_PYTHON = REPOSITORY / ".venv-functions" / "bin" / "python"
ROUNDS = 9
ALONE = "boto3"

_IMPORT = """
import importlib, sys, time
started = time.perf_counter()
importlib.import_module(sys.argv[1])
print(time.perf_counter() - started)
"""
_INSTALLED = "import sysconfig; print(sysconfig.get_path('purelib'), end='')"


def modules() -> dict[str, str]:
    """Return the module of every function of the API, and what stands beside them."""
    functions = json.loads((FUNCTIONS / "functions.json").read_text())
    handlers = {name: data["handler"].rpartition(".")[0] for name, data in functions.items()}
    return {ALONE: ALONE, **handlers}


def import_seconds(module: str, bytecode: Path, *, keep: bool = False) -> float:
    """Import a module in a fresh interpreter.

    Parameters
    ----------
    module
        Its name.
    bytecode
        Folder with the bytecode that is at hand.
    keep
        Whether to write there what was compiled.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(FUNCTIONS),
        "PYTHONPYCACHEPREFIX": str(bytecode),
        # What Lambda sets; nobody needs to listen at the daemon's address.
        "LAMBDA_TASK_ROOT": str(FUNCTIONS),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    if not keep:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    ended = subprocess.run(
        [str(FUNCTIONS_PYTHON), "-c", _IMPORT, module],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ended.stdout)


def fill(bytecode: Path, *, without: Sequence[Path]) -> None:
    """Write the bytecode of all that the functions import, but for some folders and modules."""
    for module in modules().values():
        import_seconds(module, bytecode, keep=True)
    for source in without:
        written = bytecode / source.relative_to(source.anchor)
        if source.is_dir():
            shutil.rmtree(written, ignore_errors=True)
        for file in written.parent.glob(f"{source.stem}.*.pyc"):
            file.unlink()


def measure() -> dict[str, dict[str, float]]:
    """Return the median seconds of every import, by module and way."""
    installed = Path(subprocess.check_output([FUNCTIONS_PYTHON, "-c", _INSTALLED], text=True))
    layer = [installed / entry.name for entry in (LAYER / "python").iterdir()]
    times: dict[tuple[str, str], list[float]] = {}
    chance = random.Random(0)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        ways = {"shipped": Path(folder) / "shipped", "source layer": Path(folder) / "source"}
        fill(ways["shipped"], without=[FUNCTIONS])
        fill(ways["source layer"], without=[FUNCTIONS, *layer])
        for _ in range(ROUNDS):
            for name, module in chance.sample(list(modules().items()), len(modules())):
                for way, bytecode in ways.items():
                    times.setdefault((name, way), []).append(import_seconds(module, bytecode))
    return {
        name: {way: round(statistics.median(times[name, way]), 3) for way in ways}
        for name in modules()
    }


def sizes() -> dict[str, Any]:
    """Return kilobytes of the layer, of each package in it, and of the functions' own code."""
    packages: dict[str, int] = {}
    for file in _files(LAYER / "python"):
        package = file.relative_to(LAYER / "python").parts[0].partition("-")[0]
        packages[package] = packages.get(package, 0) + file.stat().st_size
    code = [file for file in _files(FUNCTIONS) if "__pycache__" not in file.parts]
    return {
        "layer": _kilobytes(sum(packages.values())),
        "layer_zipped": _kilobytes(_zipped(_files(LAYER), LAYER)),
        "packages": {
            name: _kilobytes(size)
            for name, size in sorted(packages.items(), key=lambda entry: -entry[1])
        },
        "functions": _kilobytes(sum(file.stat().st_size for file in code)),
        "functions_zipped": _kilobytes(_zipped(code, FUNCTIONS)),
    }


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _zipped(files: Sequence[Path], folder: Path) -> int:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
    return len(content.getvalue())


def _kilobytes(size: int) -> int:
    return round(size / 1_000)


def main() -> None:
    """Measure and write."""
    taken_on = machine.describe()
    weights = sizes()
    seconds = measure()
    result: Mapping[str, Any] = {
        "command": "python -m benchmarks.cold_start",
        "machine": taken_on,
        "rounds": ROUNDS,
        "import_seconds": seconds,
        "kilobytes": weights,
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    alone = seconds[ALONE]
    print(f"{'Importing, seconds (times boto3 alone)':40}{'shipped':>16}{'source layer':>16}")
    for name, ways in seconds.items():
        told = "".join(f"{f'{ways[way]:.3f} ({ways[way] / alone[way]:.1f})':>16}" for way in ways)
        print(f"  {name:38}{told}")
    print(f"Layer {weights['layer']:,} kB, zipped {weights['layer_zipped']:,} kB")
    for package, size in list(weights["packages"].items())[:8]:
        print(f"  {package:38}{size:>10,} kB")
    print(f"Functions {weights['functions']:,} kB, zipped {weights['functions_zipped']:,} kB")


if __name__ == "__main__":
    main()
