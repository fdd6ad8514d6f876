"""The endpoint's name, which others know before the endpoint exists."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from stacks.settings import Settings

VARIANT = "AllTraffic"
"""The one production variant."""


def endpoint_name(settings: Settings) -> str:
    """Return the endpoint's name.

    It is known before the endpoint exists, so that the API needs no export of the model's
    stack. It carries the kind of hosting, because an endpoint cannot change from one kind
    to the other: it is replaced. Lower case, because IAM matches names as they are written
    and SageMaker does not.
    """
    return f"voc-gender-{settings.environment}-{settings.hosting}"


def endpoint_arn(scope: Construct, settings: Settings) -> str:
    """Return the ARN of the endpoint, for permissions."""
    return Stack.of(scope).format_arn(
        service="sagemaker", resource="endpoint", resource_name=endpoint_name(settings)
    )
