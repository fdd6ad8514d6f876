"""A function that has not been called for a while gives its process back.

Gap (ministack 1.5.33): the first process of each function lives as long as the emulator. A
deployment calls a dozen functions once or twice, and each would keep some 60 MB of memory and,
with CDK's AWS CLI layer, 150 MB of temporary files for ever.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

IDLE_SECONDS = 300.0


def end_idle_workers(idle_seconds: float = IDLE_SECONDS) -> int:
    """End the workers that nobody has called for a time.

    Parameters
    ----------
    idle_seconds
        Shortest time without a call.

    Returns
    -------
    int
        Number of workers that were ended.
    """
    now = time.time()
    idle: list[Any] = []
    with lambda_runtime._lock:
        for workers in lambda_runtime._workers.values():
            found = [w for w in workers if not w.in_use and now - w.last_used >= idle_seconds]
            idle.extend(found)
            workers[:] = [worker for worker in workers if worker not in found]
    lambda_runtime.kill_workers(idle)
    return len(idle)


def install() -> None:
    """Let the emulator's own sweeper end every idle worker."""
    lambda_svc.reap_idle_workers = end_idle_workers
