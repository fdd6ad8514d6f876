"""Ends a server in order: what was asked before the end is answered."""

import os
import signal
import sys
import threading
import time
from types import FrameType

from waitress.server import BaseWSGIServer

_GRACE_SECONDS = 25.0
"""SageMaker gives a server 30 s between SIGTERM and SIGKILL."""
_PAUSE_SECONDS = 0.02


def end_when_idle(server: BaseWSGIServer) -> None:
    """On SIGTERM, leave ``server.run()`` once no request is under way, or its time is up.

    New requests are taken meanwhile: SageMaker sends none any more.
    """
    ending = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if ending.is_set():
            sys.exit(0)
        ending.set()
        threading.Thread(target=_end_once_idle, args=(server,), daemon=True).start()

    signal.signal(signal.SIGTERM, handle)


def _end_once_idle(server: BaseWSGIServer) -> None:
    deadline = time.monotonic() + _GRACE_SECONDS
    while _is_busy(server) and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
    # Only the main thread can leave the server's loop: the second signal makes it.
    os.kill(os.getpid(), signal.SIGTERM)


def _is_busy(server: BaseWSGIServer) -> bool:
    """Whether a request is being received, computed or answered."""
    return any(
        channel.request is not None or channel.requests or channel.total_outbufs_len
        for channel in list(server.active_channels.values())
    )
