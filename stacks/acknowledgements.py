"""Policy findings that were looked at and accepted, each beside its resource.

A finding of cdk-nag is accepted by the exact name that it prints, one of checkov by its
identifier on the resource that it names. ``tests/stacks/__snapshots__`` holds the whole list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from aws_cdk import Acknowledgment, CfnElement, CfnResource, Stack, Validations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import custom_resources as cr
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept one finding of cdk-nag on a construct and what is below it.

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


def acknowledge_checkov(
    construct: IConstruct, reasons: Mapping[str, str], *, resource_type: str | None = None
) -> None:
    """Accept findings of checkov on a construct's resource, by metadata in the template.

    Parameters
    ----------
    construct
        The construct.
    reasons
        Why it is right as it is, by checkov's identifier, ``CKV_AWS_115``.
    resource_type
        Where given, the resources of this type at and below the construct are meant.
    """
    if resource_type is None:
        own = construct if isinstance(construct, CfnResource) else construct.node.default_child
        resources = [cast("CfnResource", own)]
    else:
        resources = [
            child
            for child in construct.node.find_all()
            if isinstance(child, CfnResource) and child.cfn_resource_type == resource_type
        ]
    for resource in resources:
        known = (resource.get_metadata("checkov") or {"skip": []})["skip"]
        accepted = [{"id": rule, "comment": reason} for rule, reason in reasons.items()]
        resource.add_metadata("checkov", {"skip": [*known, *accepted]})


def acknowledge_function(construct: IConstruct) -> None:
    """Accept what is the same for every function of this application, and for CDK's own."""
    acknowledge_checkov(
        construct,
        {
            "CKV_AWS_115": "The stage limits requests; reserved concurrency would take from the "
            "account's pool what other functions need.",
            "CKV_AWS_116": "Whoever invokes it waits for the answer and sees the error.",
            "CKV_AWS_117": "It calls AWS by IAM alone; there is nothing private to reach.",
            "CKV_AWS_173": "Its variables name resources and hold no secret; Lambda encrypts them.",
        },
        resource_type="AWS::Lambda::Function",
    )


def acknowledge_emptying(scope: IConstruct) -> None:
    """Accept CDK's own function that empties a bucket before the stack deletes it."""
    for child in Stack.of(scope).node.children:
        if child.node.id == "Custom::S3AutoDeleteObjectsCustomResourceProvider":
            acknowledge_function(child)


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
    if bucket.encryption_key is not None:
        for action in ("GenerateDataKey*", "ReEncrypt*"):
            acknowledge(handler, f"AwsSolutions-IAM5[Action::kms:{action}]", reason)
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
    acknowledge_function(handler)
    acknowledge_checkov(handler, {"CKV_AWS_111": reason}, resource_type="AWS::IAM::Policy")


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
    acknowledge_function(provider)
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
