"""Where a service's work belongs: its account and region, and threads that keep both."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ministack import app as ministack_app
from ministack.core import concurrency, responses

T = TypeVar("T")


def account() -> str:
    """Account of the request (or of the thread that continues it)."""
    return str(responses.get_account_id())


def region() -> str:
    """Region of the request (or of the thread that continues it)."""
    return str(responses.get_region())


@contextmanager
def scope(account_id: str, region_name: str) -> Iterator[None]:
    """Act in an account and region outside of any request."""
    with responses.request_scope(account_id, region_name):
        yield


def run_in_thread(call: Callable[[], T], name: str) -> Awaitable[T]:
    """Run blocking work that may call the emulator again; keeps account, region and caller."""
    result: Awaitable[T] = concurrency.run_reentrant(call, thread_name=name)
    return result


def in_background(call: Callable[[], None], name: str) -> None:
    """Start work that outlives the request; keeps account and region."""
    concurrency.spawn_background(call, thread_name=name)


def endpoint_url(host: str = "127.0.0.1") -> str:
    """URL under which this machine reaches the emulator, by default, or others by a host name."""
    return f"http://{host}:{ministack_app._resolve_port()}"


def wait_until_reachable(timeout_seconds: float = 120.0) -> None:
    """Wait until the emulator answers on its port.

    Raises
    ------
    TimeoutError
        If it never does.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(ministack_app._resolve_port()))) == 0:
                return
        if time.monotonic() > deadline:
            raise TimeoutError("the embedded AWS does not answer on its port")
        time.sleep(0.05)
