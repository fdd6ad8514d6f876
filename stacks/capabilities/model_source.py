"""The three ways to a model that may be hosted: one function each, for ``method``.

A way says which model, judged by which gate, runs in which image. Hosting is the same for all.
Each hosts under a role of its own, so that a change from one way to another takes nothing away
from the model that serves until it has been replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.capabilities.own_image import own_image
from stacks.capabilities.quality_gate import JobMetrics, QualityGate, RecordedEvaluation
from stacks.capabilities.sagemaker_role import ImageSource, SageMakerRole
from stacks.capabilities.storage import batch_prefix
from stacks.capabilities.training_job import MODELS_PREFIX, TrainingJob
from stacks.deliveries import Deliveries
from stacks.framework_images import SCIKIT_LEARN_INFERENCE, TENSORFLOW_TRAINING
from stacks.pretrained_model import ARTIFACT, PRETRAINED_PREFIX
from stacks.settings import Settings
from stacks.training_source import DATA_PREFIX, SOURCE_ARCHIVE_NAME, SOURCE_PREFIX


@dataclass(frozen=True, kw_only=True)
class ModelSource:
    """A model, and what it needs to be hosted.

    Attributes
    ----------
    model_data_url
        The artifact.
    gate
        What must have passed before the model gets traffic.
    role
        For the model server.
    image_uri, environment
        Of the model server.
    job_name
        The training job, where there is one.
    """

    model_data_url: str
    gate: QualityGate
    role: iam.IRole
    image_uri: str
    environment: Mapping[str, str] = field(default_factory=dict)
    job_name: str | None = None


def model_source(
    scope: Construct, *, settings: Settings, bucket: s3.IBucket, deliveries: Deliveries
) -> ModelSource:
    """Build the way to the model that the settings name."""
    ways = {"high-level": _high_level, "low-level": _low_level, "pre-trained": _pre_trained}
    return ways[settings.method](scope, settings, bucket, deliveries)


def _high_level(
    scope: Construct, settings: Settings, bucket: s3.IBucket, deliveries: Deliveries
) -> ModelSource:
    """Train and serve our source in AWS's framework images."""
    job = TrainingJob(
        scope,
        "TrainingJob",
        settings=settings,
        bucket=bucket,
        image=ImageSource.of_framework(TENSORFLOW_TRAINING, settings.region),
        reads=(DATA_PREFIX, SOURCE_PREFIX),
        data=deliveries.data,
        hyperparameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": _source_url(bucket, deliveries),
            **_hyperparameters(settings),
        },
    )
    image = ImageSource.of_framework(SCIKIT_LEARN_INFERENCE, settings.region)
    return ModelSource(
        model_data_url=job.model_data_url,
        gate=QualityGate(
            scope, "QualityGate", settings=settings, evidence=JobMetrics(job.job_name)
        ),
        role=_serving_role(scope, "ServingRole", image, bucket, MODELS_PREFIX, SOURCE_PREFIX),
        image_uri=image.uri,
        environment=_handlers(bucket, deliveries),
        job_name=job.job_name,
    )


def _low_level(
    scope: Construct, settings: Settings, bucket: s3.IBucket, deliveries: Deliveries
) -> ModelSource:
    """Train in our own image, and serve in its smaller sibling."""
    job = TrainingJob(
        scope,
        "TrainingJob",
        settings=settings,
        bucket=bucket,
        image=own_image(scope, "TrainingImage", settings=settings, target="train"),
        reads=(DATA_PREFIX,),
        data=deliveries.data,
        hyperparameters=_hyperparameters(settings),
    )
    image = own_image(scope, "ServingImage", settings=settings, target="serve")
    return ModelSource(
        model_data_url=job.model_data_url,
        gate=QualityGate(
            scope, "QualityGate", settings=settings, evidence=JobMetrics(job.job_name)
        ),
        role=_serving_role(scope, "OwnImageServingRole", image, bucket, MODELS_PREFIX),
        image_uri=image.uri,
        job_name=job.job_name,
    )


def _pre_trained(
    scope: Construct, settings: Settings, bucket: s3.IBucket, deliveries: Deliveries
) -> ModelSource:
    """Host a finished model in the framework image that serves: nothing is built or trained."""
    model = deliveries.pretrained
    if model is None:
        raise ValueError("the method pre-trained needs a finished model among the deliveries")
    image = ImageSource.of_framework(SCIKIT_LEARN_INFERENCE, settings.region)
    return ModelSource(
        model_data_url=bucket.s3_url_for_object(f"{model.folder.prefix}/{ARTIFACT}"),
        gate=QualityGate(
            scope, "QualityGate", settings=settings, evidence=RecordedEvaluation(bucket, model)
        ),
        role=_serving_role(
            scope, "PretrainedServingRole", image, bucket, PRETRAINED_PREFIX, SOURCE_PREFIX
        ),
        image_uri=image.uri,
        environment=_handlers(bucket, deliveries),
    )


def _serving_role(
    scope: Construct, construct_id: str, image: ImageSource, bucket: s3.IBucket, *prefixes: str
) -> iam.IRole:
    serving = SageMakerRole(scope, construct_id, image=image)
    for prefix in prefixes:
        serving.allow_reading(bucket, prefix)
    # A batch transform acts with its model's role: names in, answers out, nothing else of them.
    serving.allow_reading(bucket, batch_prefix("names"))
    serving.allow_writing(bucket, batch_prefix("inferred"))
    return serving.role


def _hyperparameters(settings: Settings) -> dict[str, str]:
    return {name: str(value) for name, value in settings.hyperparameters.items()}


def _source_url(bucket: s3.IBucket, deliveries: Deliveries) -> str:
    return bucket.s3_url_for_object(f"{deliveries.source.prefix}/{SOURCE_ARCHIVE_NAME}")


def _handlers(bucket: s3.IBucket, deliveries: Deliveries) -> dict[str, str]:
    return {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": _source_url(bucket, deliveries),
    }
