"""The stack of the model: trained, judged and hosted in one transaction.

They change together. A training job that fails, or a model that misses the quality gate,
rolls this stack back, and the endpoint goes on serving the model it had.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.capabilities.endpoint import Endpoint
from stacks.capabilities.model_source import Deliveries, model_source
from stacks.settings import Settings


class ModelStack(Stack):
    """A model by the way that the settings name, then quality gate, then endpoint."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.IKey | None,
        topic: sns.ITopic | None,
        bucket: s3.IBucket,
        deliveries: Deliveries,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        source = model_source(self, settings=settings, bucket=bucket, deliveries=deliveries)
        endpoint = Endpoint(
            self,
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
            CfnOutput(self, "TrainingJobName", value=source.job_name)
        CfnOutput(self, "EndpointName", value=endpoint.name)
