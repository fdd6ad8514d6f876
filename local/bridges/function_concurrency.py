"""A function's burst queues for a few workers.

Gap (ministack 1.5.33): every concurrent invocation spawns a process of its own, without limit:
fifty slow requests are fifty processes and 2.4 GB, and most time out. Here a function has at
most :data:`WORKERS_PER_FUNCTION` processes, and what comes above that waits in a queue.

The limit is per function, not for all of them together, because functions invoke each other
synchronously (the provider framework does): with a common limit the inner call could wait for
the outer one for ever. A function that invokes itself is throttled after the wait.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

from ministack.services import lambda_svc

WORKERS_PER_FUNCTION = 4
# API Gateway gives up after 29 s; a caller that waited longer has nobody left to answer.
_LONGEST_WAIT_SECONDS = 29.0


def install() -> None:
    """Queue invocations in front of the warm workers."""
    upstream: Any = lambda_svc._execute_function_warm
    creating = threading.Lock()
    queues: defaultdict[str, threading.BoundedSemaphore] = defaultdict(
        lambda: threading.BoundedSemaphore(WORKERS_PER_FUNCTION)
    )

    def execute(func: dict[str, Any], event: Any, request_id: str) -> Any:
        config = func.get("config") or func
        with creating:
            queue = queues[str(config.get("FunctionArn"))]
        if not queue.acquire(timeout=_LONGEST_WAIT_SECONDS):
            return lambda_svc._throttle_response(
                reason_code="ReservedFunctionConcurrentInvocationLimitExceeded",
                msg=f"Rate Exceeded: {WORKERS_PER_FUNCTION} invocations were busy for"
                f" {_LONGEST_WAIT_SECONDS:.0f} s",
            )
        try:
            return upstream(func, event, request_id)
        finally:
            queue.release()

    lambda_svc._execute_function_warm = execute
