"""Logs, metrics and traces. None ever holds a name, a feedback, a query string or a body."""

from __future__ import annotations

import os
import traceback
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter

logger = Logger()
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "VocGender"))


class ReticentEmitter(UDPEmitter):
    """Sends traces without the messages of exceptions: a service's may quote what it was sent."""

    def send_entity(self, entity: Any) -> None:
        """Send a segment with all that is below it."""
        _silence(entity)
        super().send_entity(entity)


def _silence(entity: Any) -> None:
    # Where the exception came from further down, the cause is no dictionary but a reference.
    if isinstance(entity.cause, dict):
        for exception in entity.cause.get("exceptions", ()):
            exception.message = None
    for part in entity.subsegments:
        _silence(part)


def _build_tracer() -> Tracer:
    xray_recorder.configure(emitter=ReticentEmitter())
    # Outside of Lambda it does nothing. Only AWS's clients are traced: they record the operation
    # and the table's or the endpoint's name, nothing of what is sent.
    return Tracer(patch_modules=["botocore"])


tracer = _build_tracer()


def log_fault(fault: BaseException) -> None:
    """Log where a fault arose, and of which type it is.

    Its message stays out: a library may have put into it what a person typed.
    """
    frames = traceback.extract_tb(fault.__traceback__)
    logger.error(
        "fault",
        fault=type(fault).__name__,
        frames=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
    )
