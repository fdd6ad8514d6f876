"""Every lesson, from its first cell to its last, with the rights of the notebook's role."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stacks.shipped_folder import REPOSITORY
from tests.notebooks.classroom import (
    CONTAINERIZATION,
    EXPERIMENTATION,
    HIGH_LEVEL,
    LESSONS,
    PRE_TRAINED,
    Classroom,
    Lesson,
)


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_runs(name: str, lessons: dict[str, Lesson]) -> None:
    assert lessons[name].exit_code == 0, lessons[name].output[-6000:]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (HIGH_LEVEL, '{"Tom":'),
        (EXPERIMENTATION, "runs of 1 to 5"),
        (CONTAINERIZATION, "InvalidRequest"),
        (PRE_TRAINED, "answered"),
    ],
)
def test_lesson_shows_what_it_is_about(name: str, shown: str, lessons: dict[str, Lesson]) -> None:
    assert shown in lessons[name].output


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_compares_itself_with_the_workshops_baseline(
    name: str, lessons: dict[str, Lesson]
) -> None:
    (accuracy,) = lessons[name].accuracies
    assert 0.5 < accuracy < 1


def test_lessons_clean_up(lessons: dict[str, Lesson], classroom: Classroom) -> None:
    assert len(lessons) == len(LESSONS)
    sagemaker = classroom.sagemaker
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
    jobs = sagemaker.list_training_jobs()["TrainingJobSummaries"]
    assert {job["TrainingJobStatus"] for job in jobs} == {"Completed"}
    assert len(jobs) == 2


@pytest.mark.parametrize("name", LESSONS)
def test_lesson_is_stored_without_outputs(name: str) -> None:
    notebook = json.loads((REPOSITORY / "notebooks" / name).read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "voc-gender"
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_lessons_are_linted() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--show-files", "notebooks"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in LESSONS:
        assert name in checked
