"""A container's output, streamed live to CloudWatch Logs with the execution role's credentials."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger("sagemaker")

_FLUSH_SECONDS = 0.4
_BATCH_EVENTS = 500
_EVENT_CHARACTERS = 60_000
"""CloudWatch Logs takes 256 KB per event; four bytes is a character's worst case."""


class LogStream:
    """One stream in a log group; both are created with the first lines.

    As on AWS, a role that may not write logs costs the logs, not the job.

    Parameters
    ----------
    logs
        boto3 client of CloudWatch Logs with the role's credentials.
    group, stream
        Names in CloudWatch Logs.
    """

    def __init__(self, logs: Any, group: str, stream: str) -> None:
        self._logs = logs
        self._names = {"logGroupName": group, "logStreamName": stream}
        self._lines: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        self._created = False
        self._refused = False
        self._thread = threading.Thread(target=self._pump, name="sagemaker-logs", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Append a line."""
        self._lines.put((int(time.time() * 1000), line))

    def close(self) -> None:
        """Send what is left; afterwards the stream is complete."""
        self._lines.put(None)
        self._thread.join(timeout=30)

    def _pump(self) -> None:
        ended = False
        while not ended:
            batch, ended = self._batch()
            if batch and not self._refused:
                self._send(batch)

    def _batch(self) -> tuple[list[dict[str, Any]], bool]:
        batch: list[dict[str, Any]] = []
        item = self._lines.get()
        deadline = time.monotonic() + _FLUSH_SECONDS
        while item is not None:
            moment, line = item
            # CloudWatch Logs refuses an empty message.
            batch.append({"timestamp": moment, "message": line[:_EVENT_CHARACTERS] or " "})
            remaining = deadline - time.monotonic()
            if len(batch) >= _BATCH_EVENTS or remaining <= 0:
                return batch, False
            try:
                item = self._lines.get(timeout=remaining)
            except queue.Empty:
                return batch, False
        return batch, True

    def _send(self, batch: list[dict[str, Any]]) -> None:
        try:
            if not self._created:
                self._create()
            self._logs.put_log_events(**self._names, logEvents=batch)
        except ClientError as error:
            self._refused = True
            logger.warning("no logs in %s: %s", self._names["logGroupName"], error)
        except BotoCoreError as error:
            logger.warning("lines lost in %s: %s", self._names["logGroupName"], error)

    def _create(self) -> None:
        group = {"logGroupName": self._names["logGroupName"]}
        # The group may exist already, made by somebody with the right to do so.
        with contextlib.suppress(ClientError):
            self._logs.create_log_group(**group)
        with contextlib.suppress(self._logs.exceptions.ResourceAlreadyExistsException):
            self._logs.create_log_stream(**self._names)
        self._created = True
