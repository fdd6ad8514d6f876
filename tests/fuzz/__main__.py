"""Fuzzes the targets: ``python -m tests.fuzz [--runs N] [--seed N] [TARGET ...]``.

Every input of the kept corpus is tried first, then the fuzzer makes new ones from them, led by the
coverage of our code. A finding is written to ``build/fuzz/`` and ends the run with its traceback;
mended, it belongs into ``tests/fuzz/corpus/``. Where atheris has no package for this machine, the
corpus alone is tried, and the last line says so.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CORPUS = Path(__file__).with_name("corpus")
BUILD = REPOSITORY / "build" / "fuzz"


def replay() -> None:
    """Try the whole corpus."""
    from tests.fuzz.targets import TARGETS

    for name, (target, _) in TARGETS.items():
        inputs = sorted((CORPUS / name).iterdir())
        for file in inputs:
            target(file.read_bytes())
        print(f"{name}: {len(inputs)} inputs of the corpus")


def fuzz(name: str, runs: int, seed: int) -> None:
    """Fuzz one target; libFuzzer ends this process."""
    import atheris

    with atheris.instrument_imports(include=["model_code", "batch_inference", "feedback"]):
        from tests.fuzz.targets import TARGETS
    target, longest = TARGETS[name]
    found = BUILD / name
    found.mkdir(parents=True, exist_ok=True)
    options = [
        *(f"-runs={runs}", f"-seed={seed}", f"-max_len={longest}"),
        *("-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1"),
        f"-artifact_prefix={BUILD}/{name}-",
    ]
    atheris.Setup([sys.argv[0], *options, str(found), str(CORPUS / name)], target)
    atheris.Fuzz()


def main() -> int:
    """Fuzz every target that is asked for, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        fuzz(options.only, options.runs, options.seed)
    replay()
    if importlib.util.find_spec("atheris") is None:
        print("NOT FUZZED: atheris has no package for this machine; the corpus alone was tried.")
        return 0
    from tests.fuzz.targets import TARGETS

    for name in options.targets or TARGETS:
        print(f"{name}: {options.runs} executions, seed {options.seed}", flush=True)
        command = [sys.executable, "-m", "tests.fuzz", "--only", name]
        done = subprocess.run(
            [*command, f"--runs={options.runs}", f"--seed={options.seed}"],
            cwd=REPOSITORY,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.stderr.write(done.stderr)
            return 1
        print("\n".join(line for line in done.stderr.splitlines() if line.startswith("stat::")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
