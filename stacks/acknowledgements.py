"""Policy findings that were looked at and accepted, each beside its resource."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding on a construct and what is below it.

    Parameters
    ----------
    construct
        The resource, or a parent of it.
    rule
        The finding as the policy check prints it, ``AwsSolutions-IAM5[Resource::*]``.
    reason
        Why it is right as it is.
    """
    from aws_cdk import Token
    if Token.is_unresolved(rule):
        return
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def acknowledge_deliveries(stack: Stack) -> None:
    """Accept what CDK's own functions for ``BucketDeployment`` and emptying buckets do."""


def acknowledge_providers(stack: Stack) -> None:
    """Accept what CDK's own framework of custom resources does."""
