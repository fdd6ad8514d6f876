"""The stack of the private bucket."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.capabilities.model_source import Deliveries
from stacks.capabilities.storage import (
    Storage,
    data_prefix,
    lessons_prefix,
    pretrained_prefix,
    source_prefix,
)
from stacks.settings import Settings
from stacks.training_source import ShippedFolder


class StorageStack(Stack):
    """The bucket, with what models are made from, and the lessons, in it.

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
        lessons: ShippedFolder | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        storage = Storage(self, "Storage", settings=settings, key=key)
        data, source, model = deliveries.data, deliveries.source, deliveries.pretrained
        storage.deliver("TrainingData", data, prefix=data_prefix(data))
        storage.deliver("TrainingSource", source, prefix=source_prefix(source))
        if model is not None:
            storage.deliver("PretrainedModel", model.folder, prefix=pretrained_prefix(model))
        if lessons is not None:
            storage.deliver("Lessons", lessons, prefix=lessons_prefix(lessons))
        self.bucket = storage.bucket
        CfnOutput(self, "BucketName", value=self.bucket.bucket_name)
