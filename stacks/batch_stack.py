"""The stack of the state machine that infers the names of large files."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.alarm import add_alarm
from stacks.capabilities.batch_state_machine import BatchStateMachine
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
        batch = BatchStateMachine(self, "Batch", settings=settings, bucket=bucket)
        if topic is not None:
            period = Duration.minutes(5)
            for name, metric, means in (
                ("batch-failed", batch.machine.metric_failed(period=period), "failed"),
                ("batch-timed-out", batch.machine.metric_timed_out(period=period), "took too long"),
            ):
                add_alarm(
                    self,
                    name,
                    settings=settings,
                    topic=topic,
                    metric=metric,
                    threshold=1,
                    periods=1,
                    means=f"A batch of names {means}.",
                )
        CfnOutput(self, "BatchStateMachineArn", value=batch.machine.state_machine_arn)
