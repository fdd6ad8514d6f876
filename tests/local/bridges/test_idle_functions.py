from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core import lambda_runtime

from local.bridges.idle_functions import end_idle_workers


@pytest.fixture
def workers() -> Iterator[dict[str, list[Any]]]:
    """Return the emulator's table of workers, empty before and after."""
    lambda_runtime._workers.clear()
    yield lambda_runtime._workers
    lambda_runtime._workers.clear()


def _worker(*, idle_seconds: float, in_use: bool = False) -> Any:
    return SimpleNamespace(
        _proc=None,
        in_use=in_use,
        last_used=time.time() - idle_seconds,
        _discard_tmpdir=lambda: None,
    )


def test_only_workers_that_nobody_called_are_ended(workers: dict[str, list[Any]]) -> None:
    fresh, busy = _worker(idle_seconds=1), _worker(idle_seconds=900, in_use=True)
    workers["first"] = [_worker(idle_seconds=900), fresh]
    workers["second"] = [busy]
    workers["third"] = [_worker(idle_seconds=900)]

    assert end_idle_workers(300) == 2

    assert workers == {"first": [fresh], "second": [busy], "third": []}
