"""The stack of the REST API and the feedback behind it."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.capabilities.feedback_api import add_feedback_api
from stacks.settings import Settings


class ApiStack(Stack):
    """The tables, the functions and the REST API.

    Attributes
    ----------
    api
        What other stacks refer to.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.api = add_feedback_api(self, settings=settings, key=key)
