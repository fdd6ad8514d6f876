"""The lessons of the notebooks at full size: ``make bench-lessons [LESSON=…]``.

The tests run them on a few thousand names. Here they get the whole training data, all epochs and
every core, one after the other, on the embedded AWS with the rights of the notebook's role.
Writes how long each took, and how well its model does, into ``docs/benchmarks/lessons.json``;
what the file says of lessons that were not run stays.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from soak import machine
from stacks.shipped_folder import REPOSITORY
from tests.local.sagemaker.emulator import Emulator
from tests.notebooks.classroom import FULL, LESSONS, MODEL_PYTHON, Classroom, synthesized

RESULTS = REPOSITORY / "docs" / "benchmarks" / "lessons.json"


def main(names: list[str]) -> int:
    """Run lessons, all of them by default; answers the exit code."""
    unknown = set(names) - set(LESSONS)
    if unknown:
        sys.stderr.write(f"no such lesson: {', '.join(unknown)}; there are {', '.join(LESSONS)}\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="lessons-") as folder:
        emulator = Emulator(
            Path(folder), model_python=MODEL_PYTHON, invocation_timeout_seconds=60.0
        )
        emulator.start()
        try:
            classroom = Classroom(emulator, synthesized(Path(folder) / "cdk.out"), FULL)
            return run(classroom, names or LESSONS)
        finally:
            emulator.stop()


def run(classroom: Classroom, names: list[str]) -> int:
    """Run some lessons and record each; ends with the output of one that fails."""
    for name in names:
        taken_on = machine.describe()
        lesson = classroom.run_lesson(name)
        if lesson.exit_code != 0:
            sys.stderr.write(lesson.output[-8000:])
            return 1
        (accuracy,) = lesson.accuracies
        record(name, {"seconds": round(lesson.seconds), "accuracy_on_unseen": accuracy, **taken_on})
    return 0


def record(name: str, figures: dict[str, Any]) -> None:
    """Write a lesson's figures beside those of the others, and print them."""
    written = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    lessons = {**written.get("lessons", {}), name: figures}
    report = {
        "command": "make bench-lessons",
        "lessons": {known: lessons[known] for known in LESSONS if known in lessons},
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{name}: {json.dumps(figures)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
