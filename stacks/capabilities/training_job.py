"""A SageMaker training job as a resource of the stack.

CloudFormation has no such resource: a custom resource starts the job, waits for it, and
stops it when the stack rolls back or goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import CustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import custom_resources as cr
from constructs import Construct

from stacks.acknowledgements import acknowledge, acknowledge_objects
from stacks.capabilities.custom_resource_provider import custom_resource_provider
from stacks.capabilities.function import Function
from stacks.capabilities.sagemaker_role import ImageSource, SageMakerRole
from stacks.settings import Settings
from stacks.shipped_folder import ShippedFolder

# What the training program prints, one measure a line: metric validation:accuracy=0.93
METRICS = (
    "validation:accuracy",
    "validation:log_loss",
    "validation:ece",
    "test:accuracy",
    "test:log_loss",
    "test:ece",
)
MODELS_PREFIX = "models"
_VOLUME_GB = 10


class TrainingJob(Construct):
    """Trains when code, data, image or hyperparameters changed, and only then.

    Parameters
    ----------
    scope, construct_id, settings, bucket
        Where it stands, and what it works with.
    image
        What trains.
    reads
        Folders of the bucket that the job reads.
    data
        The channel ``train``.
    hyperparameters
        As the program takes them.

    Attributes
    ----------
    job_name, model_data_url
        The job that completed for these inputs, and its artifact.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bucket: s3.IBucket,
        image: ImageSource,
        reads: Sequence[str],
        data: ShippedFolder,
        hyperparameters: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._name_prefix = settings.name_prefix
        role = SageMakerRole(self, "Role", image=image)
        for prefix in reads:
            role.allow_reading(bucket, prefix)
        role.allow_writing(bucket, MODELS_PREFIX)
        provider = self._build_provider(settings, role.role, bucket)
        resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::TrainingJob",
            service_token=provider.service_token,
            service_timeout=Duration.hours(1),
            properties=self._properties(settings, role.role, bucket, image, data, hyperparameters),
        )
        # The job runs with this role: its permissions must be there before, and must
        # outlast it.
        resource.node.add_dependency(role)
        self.job_name = resource.ref
        self.model_data_url = resource.get_att_string("ModelDataUrl")

    def _properties(
        self,
        settings: Settings,
        role: iam.Role,
        bucket: s3.IBucket,
        image: ImageSource,
        data: ShippedFolder,
        hyperparameters: Mapping[str, str],
    ) -> dict[str, Any]:
        return {
            "JobNamePrefix": self._name_prefix,
            "TrainingImage": image.uri,
            "HyperParameters": dict(hyperparameters),
            "RoleArn": role.role_arn,
            "TrainingData": bucket.s3_url_for_object(data.prefix),
            "OutputPath": bucket.s3_url_for_object(MODELS_PREFIX),
            "InstanceType": settings.training_instance_type,
            "VolumeSizeInGB": _VOLUME_GB,
            **({"KmsKeyId": bucket.encryption_key.key_arn} if bucket.encryption_key else {}),
            "MaxRuntimeInSeconds": settings.training_max_runtime_minutes * 60,
            "MetricDefinitions": [
                {"Name": name, "Regex": f"metric {name}=([0-9.eE+-]+)"} for name in METRICS
            ],
        }

    def _build_provider(
        self, settings: Settings, role: iam.Role, bucket: s3.IBucket
    ) -> cr.Provider:
        on_event = Function(
            self,
            "OnEvent",
            settings=settings,
            handler="training_job.handler.on_event",
            description="Starts or stops the training job",
            timeout=Duration.minutes(1),
        )
        is_complete = Function(
            self,
            "IsComplete",
            settings=settings,
            handler="training_job.handler.is_complete",
            description="Tells whether the training job has ended, and how",
            timeout=Duration.minutes(1),
        )
        self._allow_jobs(on_event, is_complete, role, bucket)
        return custom_resource_provider(
            self,
            "Provider",
            settings=settings,
            on_event=on_event.function,
            is_complete=is_complete.function,
            total_timeout=Duration.minutes(58),
        )

    def _allow_jobs(
        self, on_event: Function, is_complete: Function, role: iam.Role, bucket: s3.IBucket
    ) -> None:
        job_arn = Stack.of(self).format_arn(
            service="sagemaker", resource="training-job", resource_name=f"{self._name_prefix}-*"
        )
        on_event.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=[
                    "sagemaker:CreateTrainingJob",
                    "sagemaker:DescribeTrainingJob",
                    "sagemaker:StopTrainingJob",
                ],
                resources=[job_arn],
            )
        )
        on_event.function.add_to_role_policy(
            # Listing knows no resource; it finds the job that these inputs already have.
            iam.PolicyStatement(actions=["sagemaker:ListTrainingJobs"], resources=["*"])
        )
        on_event.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            )
        )
        on_event.function.add_to_role_policy(
            # A job's record outlives its artifact: both must be there to use it again.
            iam.PolicyStatement(
                actions=["s3:GetObject"], resources=[bucket.arn_for_objects(f"{MODELS_PREFIX}/*")]
            )
        )
        is_complete.function.add_to_role_policy(
            iam.PolicyStatement(actions=["sagemaker:DescribeTrainingJob"], resources=[job_arn])
        )
        acknowledge_objects(
            on_event, bucket, f"{MODELS_PREFIX}/*", "The artifacts of this project's models."
        )
        acknowledge(
            on_event,
            "AwsSolutions-IAM5[Resource::*]",
            "sagemaker:ListTrainingJobs takes no resource.",
        )
        acknowledge_job_names(on_event, self._name_prefix)
        acknowledge_job_names(is_complete, self._name_prefix)


def acknowledge_job_names(construct: Construct, name_prefix: str) -> None:
    """Accept that a job's name ends in the fingerprint of inputs known only later."""
    acknowledge(
        construct,
        f"AwsSolutions-IAM5[Resource::arn:aws:sagemaker:{Stack.of(construct).region}:"
        f"<AWS::AccountId>:training-job/{name_prefix}-*]",
        "Names of training jobs end in a fingerprint; the prefix is this environment's own.",
    )
