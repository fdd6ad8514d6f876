"""One classroom for all lessons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.sagemaker.emulator import Emulator
from tests.notebooks.classroom import LESSONS, MODEL_PYTHON, Classroom, Lesson, synthesized


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """Start an emulator and create the notebook instance of the template on it."""
    folder = tmp_path_factory.mktemp("classroom")
    emulator = Emulator(folder, model_python=MODEL_PYTHON, invocation_timeout_seconds=60.0)
    emulator.start()
    try:
        yield Classroom(emulator, synthesized(folder / "cdk.out"))
    finally:
        emulator.stop()


@pytest.fixture(scope="session")
def lessons(classroom: Classroom) -> dict[str, Lesson]:
    """Run every lesson once."""
    return classroom.run_lessons(LESSONS)


@pytest.fixture(scope="session")
def idle_instance(classroom: Classroom) -> None:
    """Let the instance find itself idle, stop, and be started again."""
    busy = classroom.stop_if_idle(minutes=10)
    assert "of 10 minutes" in busy.output, busy.output
    assert classroom.instance["NotebookInstanceStatus"] == "InService"
    idle = classroom.stop_if_idle(minutes=0)
    assert idle.exit_code == 0, idle.output
    classroom.wait_for_status("Stopped")
    classroom.start()
