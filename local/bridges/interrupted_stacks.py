"""A stack operation that the emulator's end cut short is settled at the next start.

Gap (ministack 1.5.33): a stack that was being created, updated or deleted when the emulator
ended stays ``*_IN_PROGRESS`` for ever, and every later deployment of it waits for ever.

A creation becomes ``ROLLBACK_COMPLETE``, which the CDK CLI deletes and creates anew. An update
becomes ``UPDATE_ROLLBACK_COMPLETE`` with its previous template, so that the next deployment
applies the change again. A deletion becomes ``DELETE_FAILED`` and can be repeated.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.services import cloudformation

REASON = "The embedded AWS stopped during this operation"
_logger = logging.getLogger(__name__)


def settled_status(status: str) -> str:
    """Status that a stack has after its operation was cut short.

    Parameters
    ----------
    status
        Status that was stored.
    """
    if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
        return status
    if status.startswith("DELETE"):
        return "DELETE_FAILED"
    if status.startswith(("UPDATE", "IMPORT")):
        return "UPDATE_ROLLBACK_COMPLETE"
    return "ROLLBACK_COMPLETE"


def settle(stack: dict[str, Any]) -> None:
    """Give a stored stack the status that it can go on from."""
    settled = settled_status(stack["StackStatus"])
    if settled == stack["StackStatus"]:
        return
    _logger.warning("Stack %s: %s is now %s", stack["StackName"], stack["StackStatus"], settled)
    stack["StackStatus"] = settled
    stack["StackStatusReason"] = REASON
    if settled == "UPDATE_ROLLBACK_COMPLETE" and "_template" in stack:
        # The new template is recorded as soon as an update begins; a comparison with it
        # would find nothing left to do.
        stack["_template_body"] = json.dumps(stack["_template"])


def install() -> None:
    """Settle the stacks as soon as the stored state has been read."""
    upstream: Any = cloudformation.load_persisted_state

    def load_persisted_state(data: Any) -> None:
        upstream(data)
        for stack in cloudformation._stacks._data.values():
            settle(stack)

    cloudformation.load_persisted_state = load_persisted_state
