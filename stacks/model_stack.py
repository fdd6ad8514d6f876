"""The stack of the model: trained, judged and hosted in one transaction.

They change together. A training job that fails, or a model that misses the quality gate,
rolls this stack back, and the endpoint goes on serving the model it had.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.capabilities.endpoint import Endpoint
from stacks.capabilities.quality_gate import QualityGate
from stacks.capabilities.sagemaker_role import ImageSource, SageMakerRole
from stacks.capabilities.storage import data_prefix, source_prefix
from stacks.capabilities.training_job import MODELS_PREFIX, TrainingJob
from stacks.framework_images import SCIKIT_LEARN_INFERENCE, TENSORFLOW_TRAINING
from stacks.settings import Settings
from stacks.training_source import SOURCE_ARCHIVE_NAME, ShippedFolder


class ModelStack(Stack):
    """Training job, then quality gate, then model and endpoint."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bucket: s3.IBucket,
        data: ShippedFolder,
        source: ShippedFolder,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        source_url = bucket.s3_url_for_object(f"{source_prefix(source)}/{SOURCE_ARCHIVE_NAME}")
        job = TrainingJob(
            self,
            "TrainingJob",
            settings=settings,
            bucket=bucket,
            image=ImageSource.of_framework(TENSORFLOW_TRAINING, settings.region),
            data_prefix=data_prefix(data),
            hyperparameters={
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": source_url,
                **{name: str(value) for name, value in settings.hyperparameters.items()},
            },
        )
        gate = QualityGate(self, "QualityGate", settings=settings, job_name=job.job_name)
        serving_image = ImageSource.of_framework(SCIKIT_LEARN_INFERENCE, settings.region)
        serving_role = SageMakerRole(self, "ServingRole", image=serving_image)
        serving_role.allow_reading(bucket, MODELS_PREFIX)
        serving_role.allow_reading(bucket, "code")
        endpoint = Endpoint(
            self,
            "Endpoint",
            settings=settings,
            role=serving_role.role,
            image_uri=serving_image.uri,
            model_data_url=job.model_data_url,
            environment={
                "SAGEMAKER_PROGRAM": "inference.py",
                "SAGEMAKER_SUBMIT_DIRECTORY": source_url,
                "CONFIDENCE_THRESHOLD": str(settings.confidence_threshold),
                "POPULATION": settings.population,
            },
        )
        endpoint.node.add_dependency(gate)
        CfnOutput(self, "TrainingJobName", value=job.job_name)
        CfnOutput(self, "EndpointName", value=endpoint.name)
