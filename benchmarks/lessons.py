"""Every lesson of the notebooks at full size: ``make bench-lessons``.

The tests run them on a few thousand names. Here they get the whole training data, all epochs and
both cores, one after the other, on the embedded AWS with the rights of the notebook's role.
Writes ``docs/benchmarks/lessons.json``: how long each took, and how well its model does.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from stacks.training_source import REPOSITORY
from tests.local.sagemaker.emulator import Emulator
from tests.notebooks.classroom import (
    CONTAINERIZATION,
    FULL,
    HIGH_LEVEL,
    LESSONS,
    MODEL_PYTHON,
    Classroom,
    synthesized,
)

RESULTS = REPOSITORY / "docs" / "benchmarks" / "lessons.json"


def main() -> int:
    """Run the lessons; answers the exit code."""
    with tempfile.TemporaryDirectory(prefix="lessons-") as folder:
        emulator = Emulator(
            Path(folder), model_python=MODEL_PYTHON, invocation_timeout_seconds=60.0
        )
        emulator.start()
        try:
            lessons = run(Classroom(emulator, synthesized(Path(folder) / "cdk.out"), FULL))
        finally:
            emulator.stop()
    if lessons is None:
        return 1
    figures = {
        "command": "make bench-lessons",
        "machine": {
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "load_average": os.getloadavg()[1],
        },
        "lessons": lessons,
    }
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


def run(classroom: Classroom) -> dict[str, Any] | None:
    """Run every lesson; None, and its output, if one fails."""
    figures: dict[str, Any] = {}
    for name in LESSONS:
        lesson = classroom.run_lesson(name)
        sys.stdout.write(f"{name}: {lesson.seconds:.0f} s, exit code {lesson.exit_code}\n")
        sys.stdout.flush()
        if lesson.exit_code != 0:
            sys.stderr.write(lesson.output[-8000:])
            return None
        (accuracy,) = lesson.accuracies
        figures[name] = {"seconds": round(lesson.seconds), "accuracy_on_unseen": accuracy}
    jobs = classroom.sagemaker.list_training_jobs()["TrainingJobSummaries"]
    for job in jobs:
        described = classroom.sagemaker.describe_training_job(
            TrainingJobName=job["TrainingJobName"]
        )
        name = HIGH_LEVEL if "high-level" in job["TrainingJobName"] else CONTAINERIZATION
        figures[name]["seconds_of_its_training_job"] = described["TrainingTimeInSeconds"]
    return figures


if __name__ == "__main__":
    sys.exit(main())
