"""A model by the way that the settings name, judged, and behind an endpoint."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.endpoint import Endpoint
from stacks.capabilities.model_source import model_source
from stacks.deliveries import Deliveries
from stacks.settings import Settings


def host_model(
    scope: Construct,
    *,
    settings: Settings,
    key: kms.IKey | None,
    topic: sns.ITopic | None,
    bucket: s3.IBucket,
    deliveries: Deliveries,
) -> Endpoint:
    """Build model, quality gate and endpoint in a stack, with the stack's outputs about them."""
    source = model_source(scope, settings=settings, bucket=bucket, deliveries=deliveries)
    endpoint = Endpoint(
        scope,
        "Endpoint",
        settings=settings,
        key=key,
        topic=topic,
        role=source.role,
        image_uri=source.image_uri,
        model_data_url=source.model_data_url,
        environment={
            **source.environment,
            "CONFIDENCE_THRESHOLD": str(settings.confidence_threshold),
            "POPULATION": settings.population,
        },
    )
    endpoint.node.add_dependency(source.gate)
    if source.job_name is not None:
        CfnOutput(scope, "TrainingJobName", value=source.job_name)
    CfnOutput(scope, "EndpointName", value=endpoint.name)
    return endpoint
