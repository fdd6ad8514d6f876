"""What tests of several rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


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
