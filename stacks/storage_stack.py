"""The stack of the private bucket."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.capabilities.storage import add_storage
from stacks.deliveries import Deliveries
from stacks.settings import Settings


class StorageStack(Stack):
    """The bucket, with what the deploy delivers to it.

    Attributes
    ----------
    bucket
        The private bucket.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        deliveries: Deliveries,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.bucket = add_storage(self, settings=settings, key=key, deliveries=deliveries).bucket
