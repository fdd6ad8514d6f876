"""Batches of names: the state machine, and who is told when one ends badly."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.alarm import add_alarm
from stacks.capabilities.batch_state_machine import BatchStateMachine
from stacks.settings import Settings


def add_batch(
    scope: Construct, *, settings: Settings, bucket: s3.IBucket, topic: sns.ITopic | None
) -> BatchStateMachine:
    """Build the state machine in a stack, with its alarms and the stack's output about it."""
    batch = BatchStateMachine(scope, "Batch", settings=settings, bucket=bucket)
    if topic is not None:
        period = Duration.minutes(5)
        for name, metric, means in (
            ("batch-failed", batch.machine.metric_failed(period=period), "failed"),
            ("batch-timed-out", batch.machine.metric_timed_out(period=period), "took too long"),
        ):
            add_alarm(
                scope,
                name,
                settings=settings,
                topic=topic,
                metric=metric,
                threshold=1,
                periods=1,
                means=f"A batch of names {means}.",
            )
    CfnOutput(scope, "BatchStateMachineArn", value=batch.machine.state_machine_arn)
    return batch
