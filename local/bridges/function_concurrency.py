"""A function's burst queues for a few workers.

Gap (ministack 1.5.33): every concurrent invocation spawns a process of its own, without limit:
fifty slow requests are fifty processes and 2.4 GB, and most time out. Here a function has at
most :data:`WORKERS_PER_FUNCTION` processes, and what comes above that waits in a queue.

A function starts one process at a time: what waits for it finds that process, or another that is
free by then, and only what finds none starts the next. After a restart, when every function is
cold, the processors are spent on one process for each function instead of four.

The limit is per function, not for all of them together, because functions invoke each other
synchronously (the provider framework does): with a common limit the inner call could wait for
the outer one for ever. A function that invokes itself is throttled after the wait.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

WORKERS_PER_FUNCTION = 4
# API Gateway gives up after 29 s; a caller that waited longer has nobody left to answer.
_LONGEST_WAIT_SECONDS = 29.0


class _Start:
    """The right of this thread to start a process, given back when the process is there."""

    def __init__(self) -> None:
        self._held = threading.local()

    def take(self, right: threading.Lock, function_arn: str) -> None:
        if _has_free_process(function_arn) or not right.acquire(timeout=_LONGEST_WAIT_SECONDS):
            return
        if _has_free_process(function_arn):
            right.release()
        else:
            self._held.right = right

    def give_back(self) -> None:
        right: threading.Lock | None = getattr(self._held, "right", None)
        if right is not None:
            self._held.right = None
            right.release()


def _has_free_process(function_arn: str) -> bool:
    with lambda_runtime._lock:
        return any(
            not worker.in_use and worker.config.get("FunctionArn") == function_arn
            for workers in lambda_runtime._workers.values()
            for worker in workers
        )


def install() -> None:
    """Queue invocations in front of the warm workers."""
    upstream: Any = lambda_svc._execute_function_warm
    spawn: Any = lambda_runtime.Worker._spawn
    creating = threading.Lock()
    queues: defaultdict[str, threading.BoundedSemaphore] = defaultdict(
        lambda: threading.BoundedSemaphore(WORKERS_PER_FUNCTION)
    )

    rights: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
    start = _Start()

    def spawn_and_let_others(worker: Any) -> None:
        try:
            spawn(worker)
        finally:
            start.give_back()

    def execute(func: dict[str, Any], event: Any, request_id: str) -> Any:
        config = func.get("config") or func
        arn = str(config.get("FunctionArn"))
        with creating:
            queue, right = queues[arn], rights[arn]
        if not queue.acquire(timeout=_LONGEST_WAIT_SECONDS):
            return lambda_svc._throttle_response(
                reason_code="ReservedFunctionConcurrentInvocationLimitExceeded",
                msg=f"Rate Exceeded: {WORKERS_PER_FUNCTION} invocations were busy for"
                f" {_LONGEST_WAIT_SECONDS:.0f} s",
            )
        try:
            start.take(right, arn)
            return upstream(func, event, request_id)
        finally:
            start.give_back()
            queue.release()

    lambda_runtime.Worker._spawn = spawn_and_let_others
    lambda_svc._execute_function_warm = execute
