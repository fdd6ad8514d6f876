"""The browser that the tests drive: found on this machine, or installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import Error, expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserType

_INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Root has no sandbox; the rest keeps a browser without internet from looking for it.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium.

    Raises
    ------
    RuntimeError
        If none is installed and none can be installed; the message says what to do.
    """
    # How long a page may take is not what these tests ask; a busy machine takes its time.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = _launch(playwright.chromium)
        yield browser
        browser.close()


def _launch(browsers: BrowserType) -> Browser:
    installed = next(filter(None, map(shutil.which, _INSTALLED)), None)
    if installed:
        return browsers.launch(executable_path=installed, args=_ARGUMENTS)
    try:
        return browsers.launch(args=_ARGUMENTS)
    except Error:
        pass
    download = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(download, check=False).returncode == 0:
        return browsers.launch(args=_ARGUMENTS)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=True
        )
        return browsers.launch(executable_path=shutil.which("chromium"), args=_ARGUMENTS)
    raise RuntimeError("no browser: install Chromium or Google Chrome and run the tests again")
