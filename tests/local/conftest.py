"""One embedded AWS, and one emulator of our own services alone, for tests that do not stop it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.embedded_aws import EmbeddedAws, running
from tests.local.sagemaker.emulator import Emulator
from tests.local.sagemaker.workbench import Workbench


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """Return a running embedded AWS that the tests of this session share."""
    with running(tmp_path_factory.mktemp("embedded-aws")) as aws:
        yield aws


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
