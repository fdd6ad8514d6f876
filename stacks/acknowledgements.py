"""Policy findings that were looked at and accepted, each beside its resource.

A finding is accepted by the exact name that the policy check prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import custom_resources as cr
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
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


def acknowledge_objects(construct: IConstruct, bucket: s3.IBucket, keys: str, reason: str) -> None:
    """Accept access to a pattern of keys of a bucket of this application."""
    owner = Stack.of(bucket)
    if Stack.of(construct) is owner:
        arn = f"<{_logical_id(bucket)}.Arn>"
    else:
        arn = owner.resolve(owner.export_value(bucket.bucket_arn))["Fn::ImportValue"]
    acknowledge(construct, f"AwsSolutions-IAM5[Resource::{arn}/{keys}]", reason)


def acknowledge_delivery(scope: IConstruct, bucket: s3.IBucket) -> None:
    """Accept what CDK's own function behind ``BucketDeployment`` may do and is."""
    stack = Stack.of(scope)
    handler = next(
        child
        for child in stack.node.children
        if child.node.id.startswith("Custom::CDKBucketDeployment")
    )
    reason = "CDK's own function copies assets to a bucket; its permissions are CDK's grants."
    for action in ("GetBucket*", "GetObject*", "List*", "Abort*", "DeleteObject*"):
        acknowledge(handler, f"AwsSolutions-IAM5[Action::s3:{action}]", reason)
    acknowledge_objects(handler, bucket, "*", reason)
    acknowledge(
        handler,
        "AwsSolutions-IAM5[Resource::arn:aws:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-"
        f"{stack.region}/*]",
        reason,
    )
    acknowledge(
        handler,
        "AwsSolutions-IAM5[Resource::*]",
        "Invalidating a distribution's cache, whose id CDK's function learns when it runs.",
    )
    _acknowledge_basic_execution(handler)
    acknowledge(handler, "AwsSolutions-L1", "CDK chooses the runtime of its own function.")


def acknowledge_invocation(construct: IConstruct, function: IConstruct) -> None:
    """Accept that CDK's grant to invoke a function covers its versions."""
    acknowledge(
        construct,
        f"AwsSolutions-IAM5[Resource::<{_logical_id(function)}.Arn>:*]",
        "CDK's framework invokes its functions by ARN and version.",
    )


def acknowledge_provider(provider: cr.Provider, handlers: Iterable[lambda_.IFunction]) -> None:
    """Accept what CDK's own framework of custom resources may do and is."""
    framework = [
        function
        for name in ("framework-isComplete", "framework-onTimeout")
        if (function := provider.node.try_find_child(name)) is not None
    ]
    for function in [*handlers, *framework]:
        acknowledge_invocation(provider, function)
    _acknowledge_basic_execution(provider)
    for rule in ("AwsSolutions-SF1", "AwsSolutions-SF2"):
        acknowledge(
            provider, rule, "CDK's framework waits with it; the functions log what happens."
        )


def _acknowledge_basic_execution(construct: IConstruct) -> None:
    acknowledge(
        construct,
        "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
        "AWSLambdaBasicExecutionRole]",
        "CDK gives its own functions AWS's policy for writing logs.",
    )


def _logical_id(construct: IConstruct) -> str:
    element = cast("CfnElement", construct.node.default_child)
    return Stack.of(construct).get_logical_id(element)
