"""The stack of the model: trained, judged and hosted in one transaction.

They change together. A training job that fails, or a model that misses the quality gate,
rolls this stack back, and the endpoint goes on serving the model it had.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.hosted_model import host_model
from stacks.deliveries import Deliveries
from stacks.settings import Settings


class ModelStack(Stack):
    """A model by the way that the settings name, then quality gate, then endpoint."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        topic: sns.ITopic | None,
        bucket: s3.IBucket,
        deliveries: Deliveries,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        host_model(
            self, settings=settings, key=key, topic=topic, bucket=bucket, deliveries=deliveries
        )
