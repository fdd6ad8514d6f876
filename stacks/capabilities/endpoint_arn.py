"""The endpoint's ARN, which others know before the endpoint exists."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from stacks.settings import Settings


def endpoint_arn(scope: Construct, settings: Settings) -> str:
    """Return the ARN of the endpoint, for permissions."""
    return Stack.of(scope).format_arn(
        service="sagemaker", resource="endpoint", resource_name=settings.endpoint_name
    )
