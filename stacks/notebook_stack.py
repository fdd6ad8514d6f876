"""The stack of the data scientist's notebook instance."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.capabilities.notebook import add_notebook
from stacks.settings import Settings
from stacks.shipped_folder import ShippedFolder


class NotebookStack(Stack):
    """The notebook instance, its lifecycle configuration and its role."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bucket: s3.IBucket,
        lessons: ShippedFolder,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        add_notebook(self, settings=settings, bucket=bucket, lessons=lessons)
