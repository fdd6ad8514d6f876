"""The stack that the others stand on: the key that encrypts, the topic that alarms go to."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from stacks.capabilities.foundation import add_foundation
from stacks.settings import Settings


class FoundationStack(Stack):
    """The customer's key and the alarms' topic, as far as the settings ask for them.

    Attributes
    ----------
    key
        The key, or None.
    topic
        The topic, or None.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.key, self.topic = add_foundation(self, settings=settings)
