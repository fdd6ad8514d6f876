"""What a removed stage leaves behind: by its retention settings, and because AWS keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.aws import AwsError, client, error_code, why
from operations.preflight.account import toolkit_bucket
from operations.stage_stacks import DeployedStack
from stacks.settings import Settings

_KEEPING = {"Retain", "RetainExceptOnCreate"}
_NOT_FOUND = {"404", "NoSuchBucket", "NotFoundException", "ResourceNotFoundException"}


@dataclass(frozen=True)
class Leftover:
    """Something that is there still.

    Attributes
    ----------
    words
        What it is, and why it stayed.
    command
        How to remove it; empty where AWS offers no way.
    """

    words: str
    command: str


@dataclass(frozen=True)
class Kept:
    """A resource that outlives its stack."""

    type: str
    identifier: str


@dataclass(frozen=True)
class _Removal:
    """How to look for a kept resource, and how to remove it."""

    exists: Callable[[str, str], Any]
    command: str


_REMOVALS = {
    "AWS::S3::Bucket": _Removal(
        lambda region, name: client("s3", region).head_bucket(Bucket=name),
        "aws s3 rb s3://{0} --force   # a versioned bucket: first `Empty` in the S3 console",
    ),
    "AWS::DynamoDB::Table": _Removal(
        lambda region, name: client("dynamodb", region).describe_table(TableName=name),
        "aws dynamodb update-table --no-deletion-protection-enabled --table-name {0} --region {1}"
        " && aws dynamodb delete-table --table-name {0} --region {1}",
    ),
    "AWS::Cognito::UserPool": _Removal(
        lambda region, name: client("cognito-idp", region).describe_user_pool(UserPoolId=name),
        "aws cognito-idp update-user-pool --deletion-protection INACTIVE --user-pool-id {0}"
        " --region {1} && aws cognito-idp delete-user-pool --user-pool-id {0} --region {1}",
    ),
    "AWS::KMS::Key": _Removal(
        lambda region, name: _key(region, name),
        "aws kms schedule-key-deletion --key-id {0} --pending-window-in-days 30 --region {1}",
    ),
    "AWS::Logs::LogGroup": _Removal(
        lambda region, name: _log_group(region, name),
        "aws logs delete-log-group --log-group-name {0} --region {1}",
    ),
}


def kept_resources(stacks: list[DeployedStack], region: str) -> list[Kept]:
    """Return what outlives its stack: of those that are there, and of those that were.

    Parameters
    ----------
    stacks
        Of one stage, in any state.
    region
        Where they are.
    """
    cloudformation = client("cloudformation", region)
    kept = []
    for stack in stacks:
        retained = set() if stack.is_gone else _retained(cloudformation, stack)
        kept += [
            Kept(resource["ResourceType"], resource["PhysicalResourceId"])
            for resource in _resources(cloudformation, stack)
            if resource["ResourceStatus"] == "DELETE_SKIPPED"
            or resource["LogicalResourceId"] in retained
        ]
    return list(dict.fromkeys(kept))


def leftovers(
    settings: Settings, account: str, kept: list[Kept], stacks: list[DeployedStack]
) -> Iterator[Leftover]:
    """Look for everything that a removed stage leaves behind.

    Parameters
    ----------
    settings, account
        Of the stage.
    kept
        What was found before its stacks were removed.
    stacks
        Those that are still there: what they own is not left behind.
    """
    region = settings.region
    owned = _owned(stacks, region)
    yield from _kept([resource for resource in kept if resource.identifier not in owned], region)
    for words, found in (
        ("logs", _log_groups(settings, owned)),
        ("training jobs", _training_jobs(settings)),
        ("the CDK's assets", _assets(region, account)),
    ):
        try:
            yield from found
        except AwsError as error:
            yield Leftover(f"{words}: could not be looked for: {why(error)}", "")


def _owned(stacks: list[DeployedStack], region: str) -> set[str]:
    """Return the physical ids of what these stacks have, and what stands last in them."""
    cloudformation = client("cloudformation", region)
    owned = {
        resource["PhysicalResourceId"]
        for stack in stacks
        for resource in _resources(cloudformation, stack)
        if resource["ResourceStatus"] not in {"DELETE_SKIPPED", "DELETE_COMPLETE"}
    }
    return owned | {_last_part(identifier) for identifier in owned}


def _resources(cloudformation: Any, stack: DeployedStack) -> Iterator[Mapping[str, str]]:
    pages = cloudformation.get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack.identifier):
        for resource in page["StackResourceSummaries"]:
            if resource.get("PhysicalResourceId"):
                yield resource


def _last_part(identifier: str) -> str:
    return identifier.rpartition("/")[2]


def _kept(kept: list[Kept], region: str) -> Iterator[Leftover]:
    for resource in kept:
        removal = _REMOVALS.get(resource.type)
        if removal is None:
            yield Leftover(
                f"{resource.type} {resource.identifier}, kept by its retention policy",
                f"aws cloudcontrol delete-resource --type-name {resource.type} "
                f"--identifier {resource.identifier} --region {region}",
            )
            continue
        try:
            if not removal.exists(region, resource.identifier):
                continue
        except AwsError as error:
            if error_code(error) not in _NOT_FOUND:
                yield Leftover(
                    f"{resource.type} {resource.identifier}: could not be looked for: {why(error)}",
                    "",
                )
            continue
        yield Leftover(
            f"{resource.type} {resource.identifier}, kept by its retention policy",
            removal.command.format(resource.identifier, region),
        )


def _retained(cloudformation: Any, stack: DeployedStack) -> set[str]:
    template = cloudformation.get_template(StackName=stack.identifier)["TemplateBody"]
    if isinstance(template, str):
        template = json.loads(template)
    return {
        logical_id
        for logical_id, resource in template["Resources"].items()
        if resource.get("DeletionPolicy") in _KEEPING
    }


def _log_groups(settings: Settings, owned: set[str]) -> Iterator[Leftover]:
    """Find the logs that services and CDK's own functions write without being asked.

    Parameters
    ----------
    settings
        Of the stage.
    owned
        Names of functions, endpoints and logs that are still at work.
    """
    endpoint = f"/aws/sagemaker/Endpoints/{settings.endpoint_name}"
    reasons = {
        f"/aws/lambda/{settings.stage_name}-": "written by a function after its removal",
        endpoint: "written by SageMaker",
        "/aws/sagemaker/TrainingJobs": "written by SageMaker for all training jobs of this region",
        "/aws/sagemaker/TransformJobs": "written by SageMaker for all batches of this region",
        "/aws/sagemaker/NotebookInstances": "written by SageMaker for all notebook instances",
    }
    logs = client("logs", settings.region)
    for prefix, reason in reasons.items():
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            for group in page["logGroups"]:
                name = group["logGroupName"]
                if _last_part(name) in owned:
                    continue
                yield Leftover(
                    f"log group {name}, {reason}",
                    f"aws logs delete-log-group --log-group-name {name} --region {settings.region}",
                )


def _training_jobs(settings: Settings) -> Iterator[Leftover]:
    name = settings.name_prefix
    pages = client("sagemaker", settings.region).get_paginator("list_training_jobs")
    count = sum(len(page["TrainingJobSummaries"]) for page in pages.paginate(NameContains=name))
    if count:
        yield Leftover(
            f"{count} records of training jobs {name}-…; they cost nothing, SageMaker keeps them",
            "",
        )


def _assets(region: str, account: str) -> Iterator[Leftover]:
    bucket = toolkit_bucket(region)
    if bucket is not None:
        yield Leftover(
            f"assets of all CDK applications in s3://{bucket}, "
            "and images in its registry, shared with other stages",
            f"npx cdk gc aws://{account}/{region} --unstable=gc   # removes what no stack uses",
        )


def _log_group(region: str, name: str) -> bool:
    found = client("logs", region).describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in found)


def _key(region: str, name: str) -> bool:
    key = client("kms", region).describe_key(KeyId=name)["KeyMetadata"]
    return bool(key["KeyState"] != "PendingDeletion")
