"""The loopback interface, on which the embedded AWS answers and no proxy of this machine does."""

from __future__ import annotations

import socket
import urllib.request
from typing import Any

HOSTS = "127.0.0.1,localhost"
"""Value of ``NO_PROXY``: a proxy of this machine does not know its loopback interface."""

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def open_url(request: urllib.request.Request | str, *, timeout_seconds: float) -> Any:
    """Send a request past any proxy; answers the response, to be closed by the caller.

    Raises
    ------
    urllib.error.HTTPError
        For any status of 400 and above.
    urllib.error.URLError, OSError
        If nobody answers in time.
    """
    return _opener.open(request, timeout=timeout_seconds)


def free_port() -> int:
    """Ask the operating system for a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
