"""What a service has acknowledged to a client is saved before the answer leaves.

Gap (ministack 1.5.33): a user who was created, a parameter that was set or a policy that was
changed lives in memory until the emulator is stopped in an orderly way. Here the service's state
is saved before such a request is answered. Tables have a journal
(:mod:`local.bridges.table_journal`), objects are files already; logs, metrics, queues and
invocations are left to the saver, which comes by every few seconds: they change with every
request to the application.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from ministack import app as ministack_app

from local.state_saver import StateSaver

_LEFT_TO_THE_SAVER = frozenset({"dynamodb", "logs", "monitoring", "sqs", "sts"})
_READS = re.compile(
    r"(Admin)?(AssumeRole|BatchCheck|BatchDetect|BatchGet|Check|Decode|Describe|Detect|Estimate|Get"
    r"|Head|List|Lookup|Query|Scan|Search|Simulate|Validate|View)"
)
_INVOCATION = re.compile(r"/(invocations|invoke-async|response-streaming-invocations)(/|$)")
_OBJECT = re.compile(r"/[^/]+/.+")
_FORM_ACTION = re.compile(rb"(?:^|&)Action=([^&]+)")

_Handler = Callable[[str, str, Mapping[str, str], bytes, Any], Awaitable[Any]]


def changes_something(
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> bool:
    """Whether a request may change what a service keeps.

    Parameters
    ----------
    service
        ministack's name of the service.
    method, path, headers, body
        The request, with the names of its headers in lower case.
    """
    if method in {"GET", "HEAD", "OPTIONS"} or _INVOCATION.search(path):
        return False
    if service == "s3":
        return _OBJECT.fullmatch(path) is None
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    form = _FORM_ACTION.search(body) if not action and method == "POST" else None
    if form is not None:
        action = unquote_plus(form[1].decode("latin-1"))
    return _READS.match(action) is None


def install(saver: StateSaver) -> None:
    """Save before answering; to be called when all services are registered.

    Parameters
    ----------
    saver
        Saves.
    """
    modules: dict[str, set[str]] = {}
    for state, module in ministack_app._state_map.items():
        modules.setdefault(module, set()).add(state)
    for service, handler in ministack_app.SERVICE_HANDLERS.items():
        if service not in _LEFT_TO_THE_SAVER:
            configuration = ministack_app.SERVICE_REGISTRY[service]
            states = {
                state
                for module in (configuration["module"], *configuration.get("sub_modules", ()))
                for state in modules.get(module, {module})
            }
            ministack_app.SERVICE_HANDLERS[service] = _saving(service, handler, states, saver)


def _saving(service: str, handler: _Handler, states: set[str], saver: StateSaver) -> _Handler:
    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Any:
        answer = await handler(method, path, headers, body, query)
        if answer[0] < 300 and changes_something(service, method, path, headers, body):
            # A stack is saved with all that it created.
            await saver.save(None if service == "cloudformation" else states)
        return answer

    return handle_request
