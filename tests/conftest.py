"""What tests of several rooms share, and which of them run one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


TESTS = Path(__file__).parent

SHARING = {"end_to_end", "local/sagemaker", "notebooks", "stacks"}
"""Rooms whose modules share what is slow to start: a deployment, an emulator, a synthesis."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep together, where tests run side by side, what shares a fixture."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        module = item.path.relative_to(TESTS)
        room = module.parent.as_posix()
        item.add_marker(pytest.mark.xdist_group(room if room in SHARING else module.as_posix()))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a headless browser.

    One for each module: Playwright keeps an event loop running while a browser is open, and
    other modules' tests start loops of their own.
    """
    # The model's environment runs its tests below this file, and has no Playwright.
    from tests.chromium import chromium

    with chromium() as running:
        yield running
