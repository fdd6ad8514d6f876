"""What tests of several rooms share, and which of them run one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from xdist.scheduler import LoadScopeScheduling


SHARING = ("tests/end_to_end/", "tests/local/sagemaker/", "tests/notebooks/", "tests/stacks/")
"""Rooms whose modules share what is slow to start: a deployment, an emulator, a synthesis."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Keep in one process what shares a fixture: a module, or a room."""
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return next((room for room in SHARING if module.startswith(room)), module)

    return ByRoom(config, log)


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
