"""No model gets traffic that has not reached what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from aws_cdk import CustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.acknowledgements import acknowledge_objects
from stacks.capabilities.custom_resource_provider import custom_resource_provider
from stacks.capabilities.function import Function
from stacks.capabilities.training_job import acknowledge_job_names
from stacks.pretrained_model import ARTIFACT, EVALUATION, PRETRAINED_PREFIX, PretrainedModel
from stacks.settings import Settings


class Evidence(Protocol):
    """Where the gate finds a model's metrics."""

    def properties(self) -> dict[str, Any]:
        """Return what the gate's function must know."""

    def allow_reading(self, gate: Function, settings: Settings) -> None:
        """Let the gate's function read it."""


@dataclass(frozen=True)
class JobMetrics:
    """Metrics that a training job reported."""

    job_name: str

    def properties(self) -> dict[str, Any]:
        """Return what the gate's function must know."""
        return {"TrainingJobName": self.job_name}

    def allow_reading(self, gate: Function, settings: Settings) -> None:
        """Let the gate's function read it."""
        gate.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sagemaker:DescribeTrainingJob"],
                resources=[
                    Stack.of(gate).format_arn(
                        service="sagemaker",
                        resource="training-job",
                        resource_name=f"{settings.name_prefix}-*",
                    )
                ],
            )
        )
        acknowledge_job_names(gate, settings.name_prefix)


@dataclass(frozen=True)
class RecordedEvaluation:
    """Metrics that were recorded when a finished model was made.

    The gate compares both files in the bucket with their hashes: what is hosted is what was
    measured.
    """

    bucket: s3.IBucket
    model: PretrainedModel

    def properties(self) -> dict[str, Any]:
        """Return what the gate's function must know."""
        prefix = self.model.folder.prefix
        return {
            "Files": {
                name: {
                    "Url": self.bucket.s3_url_for_object(f"{prefix}/{file}"),
                    "Sha256": self.model.sha256[file],
                }
                for name, file in (("Evaluation", EVALUATION), ("Model", ARTIFACT))
            }
        }

    def allow_reading(self, gate: Function, _settings: Settings) -> None:
        """Let the gate's function read it."""
        objects = f"{PRETRAINED_PREFIX}/*"
        gate.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject"], resources=[self.bucket.arn_for_objects(objects)]
            )
        )
        acknowledge_objects(gate, self.bucket, objects, "Finished models and their evaluations.")


class QualityGate(Construct):
    """Fails the deploy, and with it rolls back, when a model's metrics miss the thresholds.

    Whatever serves the model must depend on this construct.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, evidence: Evidence
    ) -> None:
        super().__init__(scope, construct_id)
        on_event = Function(
            self,
            "OnEvent",
            settings=settings,
            handler="quality_gate.handler.on_event",
            description="Compares a model's metrics with the thresholds",
            timeout=Duration.minutes(1),
        )
        evidence.allow_reading(on_event, settings)
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
                **evidence.properties(),
                "Minimum": {"validation:accuracy": settings.gate_min_accuracy},
                "Maximum": {"validation:ece": settings.gate_max_ece},
            },
        )
