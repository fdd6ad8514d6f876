"""Faults of AWS's services on demand, to rehearse what an application does about them.

The file ``faults.json`` in the state folder lists the faults that are switched on::

    [{"service": "dynamodb", "actions": ["TransactWriteItems"], "share": 0.5,
      "status": 400, "code": "ProvisionedThroughputExceededException"}]

It is looked at before every request, so that a change is felt at once, also after a restart; no
file, no faults. The folder belongs to whoever started the embedded AWS and to nobody else: there
is no request that switches a fault on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from local.asgi import Application, Receive, Scope, Send, read_body, send_answer

_SIGNED_FOR = re.compile(rb"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")
_INVOCATION = re.compile(r"/endpoints/[^/]+/invocations")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to some requests.

    Parameters
    ----------
    service
        Name that requests are signed for, such as ``dynamodb``, ``sagemaker``, ``comprehend``.
    actions
        Names of operations; empty for all of them.
    share
        Share of the requests that are hit, from 0 to 1.
    delay_seconds
        Pause before the request is passed on, or answered.
    status, code, message
        The error that is answered in place of the service; None passes the request on.
    body
        What is answered with status 200 in place of the service; None passes the request on.
    """

    service: str
    actions: Sequence[str] = ()
    share: float = 1.0
    delay_seconds: float = 0.0
    status: int | None = None
    code: str = "InternalServerError"
    message: str = "A fault that was switched on."
    body: str | None = None


def switch(file: Path, faults: Sequence[Fault]) -> None:
    """Switch these faults on, and all others off.

    Parameters
    ----------
    file
        :attr:`local.settings.LocalSettings.faults_file`.
    faults
        Empty for none.
    """
    if not faults:
        file.unlink(missing_ok=True)
        return
    written = file.with_suffix(".new")
    written.write_text(json.dumps([asdict(fault) for fault in faults], indent=2) + "\n")
    written.replace(file)


class FaultSwitch:
    """Application in front of the emulator that lets some requests fail.

    Parameters
    ----------
    file
        The list of faults.
    emulator
        What the other requests are passed to.
    """

    def __init__(self, file: Path, emulator: Application) -> None:
        self._file = file
        self._emulator = emulator
        self._seen: tuple[int, int] | None = None
        self._faults: list[Fault] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        fault = self._choose(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._emulator(scope, receive, send)
            return
        await asyncio.sleep(fault.delay_seconds)
        if fault.status is None and fault.body is None:
            await self._emulator(scope, receive, send)
            return
        await read_body(receive)
        await _answer(fault, send)

    def _choose(self, scope: Scope) -> Fault | None:
        self._read()
        if not self._faults:
            return None
        service, action = _operation(scope)
        for fault in self._faults:
            concerned = fault.service == service and (not fault.actions or action in fault.actions)
            if concerned and random.random() < fault.share:  # noqa: S311 - chance, no secret
                return fault
        return None

    def _read(self) -> None:
        try:
            status = os.stat(self._file)  # noqa: PTH116 - before every request: the cheapest way
        except FileNotFoundError:
            self._seen, self._faults = None, []
            return
        seen = status.st_mtime_ns, status.st_ino
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._faults = [Fault(**entry) for entry in json.loads(self._file.read_text())]
        except (ValueError, TypeError) as error:
            self._faults = []
            _logger.error("%s lists no faults: %s", self._file, error)  # noqa: TRY400
            return
        _logger.warning("Faults are switched on: %s", self._faults)


def _operation(scope: Scope) -> tuple[str, str]:
    """Service and operation of a request."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    signed = _SIGNED_FOR.search(headers.get(b"authorization", b""))
    service = signed[1].decode() if signed is not None else ""
    action = headers.get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2]
    if not action and _INVOCATION.fullmatch(scope["path"]):
        action = "InvokeEndpoint"
    return service, action


async def _answer(fault: Fault, send: Send) -> None:
    content_type = "application/x-amz-json-1.1"
    if fault.status is None:
        await send_answer(send, 200, content_type, (fault.body or "").encode())
        return
    body = json.dumps({"__type": fault.code, "message": fault.message}).encode()
    code = (b"x-amzn-errortype", fault.code.encode())
    await send_answer(send, fault.status, content_type, body, [code])
