"""What is there already and would be in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from operations.aws import AwsError, client, error_code, why
from operations.preflight.account import Caller
from operations.preflight.finding import Finding, missing, ready, unknown
from operations.stage_stacks import DeployedStack, deployed_stacks
from stacks.settings import Settings

_NOT_FOUND = {"ValidationException", "ValidationError", "ResourceNotFound"}


def check_existing(settings: Settings, caller: Caller) -> Iterator[Finding]:
    """Look for stacks that cannot be updated, and for names that somebody else has."""
    try:
        listed = deployed_stacks(settings.stage_name, caller.region)
    except AwsError as error:
        yield unknown("stacks", f"they could not be listed: {why(error)}")
        return
    stacks = [stack for stack in listed if not stack.is_gone]
    stuck = [finding for stack in stacks for finding in _stuck(stack, caller)]
    there = f"{len(stacks)} deployed" if stacks else "none deployed yet"
    yield from stuck or [ready("stacks", f"{settings.stage_name}: {there}")]
    yield from _names(settings, caller, {stack.name for stack in stacks})


def _stuck(stack: DeployedStack, caller: Caller) -> Iterator[Finding]:
    words = f"{stack.name} is in {stack.status}"
    at = f"--stack-name {stack.name} --region {caller.region}"
    if stack.status == "REVIEW_IN_PROGRESS":
        return
    if stack.status.endswith("_IN_PROGRESS"):
        wait = "delete" if stack.status.startswith("DELETE") else "update"
        yield missing(
            "stacks",
            f"{words}: another deploy or removal is under way",
            f"wait for it: aws cloudformation wait stack-{wait}-complete {at}",
        )
    elif stack.status == "UPDATE_ROLLBACK_FAILED":
        yield missing(
            "stacks",
            f"{words}: it must be rolled back first",
            f"aws cloudformation continue-update-rollback {at}",
        )
    elif stack.status in {"ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"}:
        yield missing(
            "stacks",
            f"{words}: it must be removed first",
            "see its events for the resource that holds it, then "
            f"aws cloudformation delete-stack {at}",
        )


def _names(settings: Settings, caller: Caller, stacks: set[str]) -> Iterator[Finding]:
    """Check the names that are fixed; buckets, models and tables have names of their own."""
    sagemaker = client("sagemaker", caller.region)
    fixed: list[tuple[str, str, str, Callable[[str], Any], str]] = [
        (
            "Model",
            "endpoint",
            settings.endpoint_name,
            lambda name: sagemaker.describe_endpoint(EndpointName=name),
            "aws sagemaker delete-endpoint --endpoint-name",
        )
    ]
    if settings.notebook:
        fixed.append(
            (
                "Notebook",
                "notebook instance",
                settings.notebook_name,
                lambda name: sagemaker.describe_notebook_instance(NotebookInstanceName=name),
                "aws sagemaker delete-notebook-instance --notebook-instance-name",
            )
        )
    for stack, kind, name, describe, command in fixed:
        if f"{settings.stage_name}-{stack}" in stacks:
            continue
        try:
            describe(name)
        except AwsError as error:
            if error_code(error) not in _NOT_FOUND:
                yield unknown("names", f"{kind} {name}: {why(error)}")
            continue
        yield missing(
            "names",
            f"there is {'an' if kind[0] in 'aeiou' else 'a'} {kind} {name} already, "
            "which no stack of this stage owns",
            f"{command} {name} --region {caller.region}",
        )
