"""Logs and metrics. Neither ever holds a name, a feedback, a query string or a body."""

from __future__ import annotations

import os
import traceback

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "VocGender"))


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
