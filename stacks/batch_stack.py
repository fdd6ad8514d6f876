"""The stack of the state machine that infers the names of large files."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.batch import add_batch
from stacks.settings import Settings


class BatchStack(Stack):
    """The state machine and its functions."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bucket: s3.IBucket,
        topic: sns.ITopic | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        add_batch(self, settings=settings, bucket=bucket, topic=topic)
