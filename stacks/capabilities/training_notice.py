"""Word of a training job that failed, whoever started it."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.alarm import alarm_name
from stacks.settings import Settings

NAME = "training-failed"


class TrainingNotice(Construct):
    """A rule that tells the topic which training job of this deployment failed, and why."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        job = events.EventField.from_path("$.detail.TrainingJobName")
        reason = events.EventField.from_path("$.detail.FailureReason")
        events.Rule(
            self,
            "Rule",
            rule_name=alarm_name(settings, NAME),
            description="A training job of this deployment failed",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Training Job State Change"],
                detail={
                    "TrainingJobStatus": ["Failed"],
                    "TrainingJobName": [{"prefix": f"{settings.name_prefix}-"}],
                },
            ),
            targets=[
                targets.SnsTopic(
                    topic,
                    message=events.RuleTargetInput.from_text(
                        f"Training job {job} failed: {reason} "
                        f"What to do: docs/operations.md, {NAME}."
                    ),
                )
            ],
        )
