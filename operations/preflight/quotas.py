"""Whether the account may run the machines that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from operations.aws import AwsError, client, why
from operations.preflight.account import Caller
from operations.preflight.finding import Finding, missing, ready, unknown
from stacks.settings import Settings


@dataclass(frozen=True)
class Need:
    """So many machines of a type at once, by the name that SageMaker's quota has."""

    quota: str
    count: int


def needs(settings: Settings) -> list[Need]:
    """Return what a deploy with these settings starts."""
    wanted = []
    if settings.method != "pre-trained":
        wanted.append(Need(f"{settings.training_instance_type} for training job usage", 1))
    if settings.hosting == "instances":
        wanted.append(Need(f"{settings.instance_type} for endpoint usage", settings.instances_min))
    if settings.notebook:
        wanted.append(Need(f"{settings.notebook_instance_type} for notebook instance usage", 1))
    return wanted


def check_quotas(settings: Settings, caller: Caller) -> Iterator[Finding]:
    """Compare SageMaker's quotas of this region with what a deploy starts."""
    wanted = needs(settings)
    if not wanted:
        return
    try:
        quotas = _quotas(caller)
    except AwsError as error:
        for need in wanted:
            yield unknown(
                "quota",
                f"{need.quota}: {need.count} needed; {_why_unread(error)}",
                f"look under SageMaker in the Service Quotas console of {caller.region}",
            )
        return
    for need in wanted:
        yield _compare(need, quotas.get(need.quota), caller)


def _compare(need: Need, found: tuple[float, str] | None, caller: Caller) -> Finding:
    if found is None:
        return unknown(
            "quota",
            f"{need.quota}: {need.count} needed; AWS lists no such quota in {caller.region}",
            "the type may not exist there: see the prices of SageMaker for the region, "
            "and change it in cdk.json",
        )
    allowed, code = found
    if allowed < need.count:
        return missing(
            "quota",
            f"{need.quota}: {need.count} needed, {allowed:g} allowed",
            "aws service-quotas request-service-quota-increase --service-code sagemaker "
            f"--quota-code {code} --desired-value {need.count} --region {caller.region}, "
            "or take another type in cdk.json",
        )
    return ready("quota", f"{need.quota}: {need.count} needed, {allowed:g} allowed in all")


def _quotas(caller: Caller) -> dict[str, tuple[float, str]]:
    """Read value and code of each quota: AWS's default, then what this account was given."""
    service_quotas = client("service-quotas", caller.region)
    found: dict[str, tuple[float, str]] = {}
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in service_quotas.get_paginator(operation).paginate(ServiceCode="sagemaker"):
            for quota in page["Quotas"]:
                found[quota["QuotaName"]] = (quota["Value"], quota["QuotaCode"])
    return found


def _why_unread(error: Exception) -> str:
    return f"the quota could not be read: {why(error)}"
