"""No model gets traffic that has not reached what was asked for."""

from __future__ import annotations

from aws_cdk import CustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.capabilities.custom_resource_provider import custom_resource_provider
from stacks.capabilities.function import Function
from stacks.capabilities.training_job import acknowledge_job_names
from stacks.settings import Settings


class QualityGate(Construct):
    """Fails the deploy, and with it rolls back, when a job's metrics miss the thresholds.

    Whatever serves the model must depend on this construct.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, job_name: str
    ) -> None:
        super().__init__(scope, construct_id)
        name_prefix = f"voc-gender-{settings.environment}"
        on_event = Function(
            self,
            "OnEvent",
            settings=settings,
            handler="quality_gate.handler.on_event",
            description="Compares a training job's metrics with the thresholds",
            timeout=Duration.minutes(1),
        )
        on_event.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sagemaker:DescribeTrainingJob"],
                resources=[
                    Stack.of(self).format_arn(
                        service="sagemaker",
                        resource="training-job",
                        resource_name=f"{name_prefix}-*",
                    )
                ],
            )
        )
        acknowledge_job_names(on_event, name_prefix)
        provider = custom_resource_provider(
            self, "Provider", settings=settings, on_event=on_event.function
        )
        CustomResource(
            self,
            "Resource",
            resource_type="Custom::QualityGate",
            service_token=provider.service_token,
            service_timeout=Duration.minutes(5),
            properties={
                "TrainingJobName": job_name,
                "Minimum": {"validation:accuracy": settings.gate_min_accuracy},
                "Maximum": {"validation:ece": settings.gate_max_ece},
            },
        )
