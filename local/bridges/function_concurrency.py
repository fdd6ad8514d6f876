"""A function's burst queues for a few workers.

Gap (ministack 1.5.33): every concurrent invocation spawns a process of its own, without limit:
fifty slow requests are fifty processes and 2.4 GB, and most time out. Here a function has at
most :data:`WORKERS_PER_FUNCTION` processes, and what comes above that waits in a queue.

A function starts one process at a time, and of all functions only one at a time starts another
beside those that it has: what waits meanwhile takes the first that is free. After a restart, when
every function is cold, the processors are spent on one process for each instead of four.

The limit is per function, not for all of them together, because functions invoke each other
synchronously (the provider framework does): with a common limit the inner call could wait for
the outer one for ever. A function that invokes itself is throttled after the wait.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

WORKERS_PER_FUNCTION = 4
# API Gateway gives up after 29 s; a caller that waited longer has nobody left to answer.
_LONGEST_WAIT_SECONDS = 29.0
_LOOK_AGAIN_SECONDS = 0.01


class _RightToStart:
    """The right of this thread to start a process, given back when the process is there."""

    def __init__(self) -> None:
        self._held = threading.local()
        self._rights: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._another = threading.Lock()

    def take(self, function_arn: str) -> None:
        """Wait until a process is free, or one may be started."""
        deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
        while time.monotonic() < deadline:
            processes = _processes(function_arn)
            if any(not worker.in_use for worker in processes):
                return
            wanted = [self._rights[function_arn], *([self._another] if processes else [])]
            if self._acquire(wanted):
                self._held.rights = wanted
                return
            time.sleep(_LOOK_AGAIN_SECONDS)

    def give_back(self) -> None:
        """Let others start processes."""
        for right in getattr(self._held, "rights", []):
            right.release()
        self._held.rights = []

    @staticmethod
    def _acquire(wanted: list[threading.Lock]) -> bool:
        for number, right in enumerate(wanted):
            if not right.acquire(blocking=False):
                for acquired in wanted[:number]:
                    acquired.release()
                return False
        return True


def _processes(function_arn: str) -> list[Any]:
    with lambda_runtime._lock:
        return [
            worker
            for workers in lambda_runtime._workers.values()
            for worker in workers
            if worker.config.get("FunctionArn") == function_arn
        ]


def install() -> None:
    """Queue invocations in front of the warm workers."""
    upstream: Any = lambda_svc._execute_function_warm
    spawn: Any = lambda_runtime.Worker._spawn
    creating = threading.Lock()
    queues: defaultdict[str, threading.BoundedSemaphore] = defaultdict(
        lambda: threading.BoundedSemaphore(WORKERS_PER_FUNCTION)
    )

    right = _RightToStart()

    def spawn_and_let_others(worker: Any) -> None:
        try:
            spawn(worker)
        finally:
            right.give_back()

    def execute(func: dict[str, Any], event: Any, request_id: str) -> Any:
        config = func.get("config") or func
        arn = str(config.get("FunctionArn"))
        with creating:
            queue = queues[arn]
        if not queue.acquire(timeout=_LONGEST_WAIT_SECONDS):
            return lambda_svc._throttle_response(
                reason_code="ReservedFunctionConcurrentInvocationLimitExceeded",
                msg=f"Rate Exceeded: {WORKERS_PER_FUNCTION} invocations were busy for"
                f" {_LONGEST_WAIT_SECONDS:.0f} s",
            )
        try:
            right.take(arn)
            return upstream(func, event, request_id)
        finally:
            right.give_back()
            queue.release()

    lambda_runtime.Worker._spawn = spawn_and_let_others
    lambda_svc._execute_function_warm = execute
