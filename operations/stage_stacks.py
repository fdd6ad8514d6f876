"""The deployed stacks of one stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from operations.aws import client


@dataclass(frozen=True)
class DeployedStack:
    """A stack as CloudFormation lists it.

    Attributes
    ----------
    name, identifier
        Its name, and the ARN that stays valid when it is deleted.
    status
        ``CREATE_COMPLETE``.
    """

    name: str
    identifier: str
    status: str

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted; AWS goes on listing it."""
        return self.status == "DELETE_COMPLETE"


def deployed_stacks(stage_name: str, region: str) -> list[DeployedStack]:
    """Return the stacks of a stage, those that were deleted within 90 days included."""
    pages = client("cloudformation", region).get_paginator("list_stacks").paginate()
    return [
        _stack(summary)
        for page in pages
        for summary in page["StackSummaries"]
        if summary["StackName"].startswith(f"{stage_name}-")
    ]


def _stack(summary: dict[str, Any]) -> DeployedStack:
    return DeployedStack(summary["StackName"], summary["StackId"], summary["StackStatus"])
