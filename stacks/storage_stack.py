"""The stack of the private bucket."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from stacks.capabilities.storage import Storage, data_prefix, source_prefix
from stacks.settings import Settings
from stacks.training_source import ShippedFolder


class StorageStack(Stack):
    """The bucket, with the training data and program in it.

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
        data: ShippedFolder,
        source: ShippedFolder,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        storage = Storage(self, "Storage", settings=settings)
        storage.deliver("TrainingData", data, prefix=data_prefix(data))
        storage.deliver("TrainingSource", source, prefix=source_prefix(source))
        self.bucket = storage.bucket
        CfnOutput(self, "BucketName", value=self.bucket.bucket_name)
