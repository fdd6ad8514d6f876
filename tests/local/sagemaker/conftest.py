"""An emulator that a test may stop and start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.sagemaker.emulator import Emulator


@pytest.fixture
def own_emulator(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator that a test may stop and start."""
    running = Emulator(tmp_path)
    running.start()
    yield running
    running.stop()
