"""An emulator with IAM enforcement, and small containers to run on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.sagemaker.emulator import Emulator
from tests.local.sagemaker.workbench import Workbench


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that all tests share."""
    running = Emulator(tmp_path_factory.mktemp("emulator"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def shared(emulator: Emulator) -> Workbench:
    """Bucket, code and execution role on the shared emulator."""
    return Workbench(emulator)


@pytest.fixture
def own_emulator(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator that a test may stop and start."""
    running = Emulator(tmp_path)
    running.start()
    yield running
    running.stop()
