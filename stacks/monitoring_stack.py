"""The stack that watches the others."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.monitoring import add_monitoring
from stacks.settings import Settings


class MonitoringStack(Stack):
    """Alarms, budget and dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        topic: sns.ITopic | None,
        table: dynamodb.ITable,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        add_monitoring(self, settings=settings, topic=topic, table=table)
