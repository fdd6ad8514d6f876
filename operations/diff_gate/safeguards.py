"""Protections that are no policy statements: what keeps strangers out, and what keeps data.

Taking one away replaces and destroys nothing today, so CDK calls it an update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.diff_gate.cdk_diff import Template
from operations.diff_gate.rendering import render

_KEEPING = {"Retain", "RetainExceptOnCreate", "Snapshot"}
_RETENTION = {"DeletionPolicy": "removal", "UpdateReplacePolicy": "replacement"}
_EMPTYING = {
    "Custom::S3AutoDeleteObjects": "BucketName",
    "Custom::ECRAutoDeleteImages": "RepositoryName",
}
"""What empties something when it is removed, and the property that names it."""


@dataclass(frozen=True)
class _Safeguard:
    """A property that protects.

    Attributes
    ----------
    type
        Of the resource; empty for any.
    path
        Of the property.
    weakened
        Whether a value (None where it is not set) protects less than another one.
    loss
        What it means, in words.
    """

    type: str
    path: str
    weakened: Callable[[Any, Any], bool]
    loss: str


def _no_longer(protecting: Any) -> Callable[[Any, Any], bool]:
    return lambda old, new: _plain(old) == protecting and _plain(new) != protecting


def _becomes(open_value: Any) -> Callable[[Any, Any], bool]:
    return lambda old, new: _plain(old) != open_value and _plain(new) == open_value


def _removed_or_other(old: Any, new: Any) -> bool:
    return old is not None and old != new


def _fewer_days(old: Any, new: Any) -> bool:
    if new is None:
        return False
    return old is None or int(new) < int(old)


def _plain(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


_BUCKET = "AWS::S3::Bucket"
_TABLE = "AWS::DynamoDB::Table"
_METHOD = "AWS::ApiGateway::Method"
_NOTEBOOK = "AWS::SageMaker::NotebookInstance"

_ACCESS = [
    *(
        _Safeguard(
            _BUCKET,
            f"PublicAccessBlockConfiguration.{name}",
            _no_longer(True),
            "public access is no longer blocked",
        )
        for name in (
            "BlockPublicAcls",
            "BlockPublicPolicy",
            "IgnorePublicAcls",
            "RestrictPublicBuckets",
        )
    ),
    _Safeguard(_BUCKET, "AccessControl", _removed_or_other, "the access control list changes"),
    _Safeguard(
        _BUCKET,
        "OwnershipControls.Rules.0.ObjectOwnership",
        _no_longer("BucketOwnerEnforced"),
        "access control lists count again",
    ),
    _Safeguard(_METHOD, "AuthorizationType", _becomes("NONE"), "anybody may call it"),
    _Safeguard(_METHOD, "ApiKeyRequired", _no_longer(True), "no API key is asked for"),
    _Safeguard(
        "AWS::ApiGateway::RestApi",
        "DisableExecuteApiEndpoint",
        _no_longer(True),
        "the default endpoint is open",
    ),
    _Safeguard("AWS::ApiGatewayV2::Route", "AuthorizationType", _becomes("NONE"), "anybody may"),
    _Safeguard("AWS::Lambda::Url", "AuthType", _becomes("NONE"), "anybody may call it"),
    _Safeguard(
        "AWS::Cognito::UserPool",
        "AdminCreateUserConfig.AllowAdminCreateUserOnly",
        _no_longer(True),
        "anybody may sign up",
    ),
    _Safeguard(
        "AWS::Cognito::IdentityPool",
        "AllowUnauthenticatedIdentities",
        _becomes(True),
        "strangers get an identity",
    ),
    _Safeguard("", "PermissionsBoundary", _removed_or_other, "the permissions boundary changes"),
    _Safeguard("", "PubliclyAccessible", _becomes(True), "it is reachable from the internet"),
    _Safeguard(_NOTEBOOK, "RootAccess", _no_longer("Disabled"), "users become root"),
    _Safeguard(
        _NOTEBOOK,
        "DirectInternetAccess",
        _no_longer("Disabled"),
        "it reaches the internet directly",
    ),
]
_DATA = [
    _Safeguard("", "DeletionProtectionEnabled", _no_longer(True), "deletion protection is off"),
    _Safeguard("", "DeletionProtection", _no_longer(True), "deletion protection is off"),
    _Safeguard(
        "AWS::Cognito::UserPool",
        "DeletionProtection",
        _no_longer("ACTIVE"),
        "deletion protection is off",
    ),
    _Safeguard(
        _TABLE,
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
        _no_longer(True),
        "point-in-time recovery is off, and what it kept is gone",
    ),
    _Safeguard(_TABLE, "TimeToLiveSpecification.Enabled", _becomes(True), "items will expire"),
    _Safeguard(
        _BUCKET,
        "VersioningConfiguration.Status",
        _no_longer("Enabled"),
        "overwritten and deleted objects are no longer kept",
    ),
    _Safeguard(
        "AWS::Logs::LogGroup", "RetentionInDays", _fewer_days, "older log events are deleted"
    ),
    _Safeguard("AWS::ECR::Repository", "EmptyOnDelete", _becomes(True), "images go with it"),
]


def weakened_access(base: Template | None, head: Template | None) -> list[str]:
    """Say, one line each, where strangers are no longer kept out."""
    lines = [*_weakened(_ACCESS, base, head)]
    before = _resources(base)
    for logical_id, resource in _resources(head).items():
        open_url = resource.get("Properties", {}).get("AuthType") == "NONE"
        if resource["Type"] == "AWS::Lambda::Url" and open_url and logical_id not in before:
            lines.append(f"{logical_id}: a new address that anybody may call (AuthType)")
    return lines


def weakened_retention(base: Template | None, head: Template | None) -> list[str]:
    """Say, one line each, where data are no longer kept that were kept before."""
    lines = [*_weakened(_DATA, base, head)]
    before = _resources(base)
    for logical_id, old, new in _common(base, head):
        for attribute, occasion in _RETENTION.items():
            if old.get(attribute) in _KEEPING and new.get(attribute) not in _KEEPING:
                lines.append(
                    f"{logical_id}: no longer kept on its {occasion} "
                    f"({attribute}: {old[attribute]} → {new.get(attribute, 'Delete')})"
                )
        lines += _expiring(logical_id, old, new)
    for logical_id, resource in _resources(head).items():
        if resource["Type"] in _EMPTYING and logical_id not in before and base is not None:
            emptied = render(_value(resource, _EMPTYING[resource["Type"]]))
            if emptied.strip("${}") in before:
                lines.append(f"{emptied}: will be emptied when it is removed")
    return lines


def _weakened(
    safeguards: list[_Safeguard], base: Template | None, head: Template | None
) -> Iterator[str]:
    for logical_id, old, new in _common(base, head):
        for safeguard in safeguards:
            if safeguard.type not in {"", new["Type"]}:
                continue
            before, after = _value(old, safeguard.path), _value(new, safeguard.path)
            if before != after and safeguard.weakened(before, after):
                yield (
                    f"{logical_id}: {safeguard.loss} "
                    f"({safeguard.path}: {_shown(before)} → {_shown(after)})"
                )


def _expiring(logical_id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Find rules of a bucket that delete objects and did not stand there before."""
    if new["Type"] != _BUCKET:
        return
    before = _value(old, "LifecycleConfiguration.Rules") or []
    for rule in _value(new, "LifecycleConfiguration.Rules") or []:
        # ExpiredObjectDeleteMarker removes markers, not objects.
        expires = {name for name in rule if "Expiration" in name}
        if expires and rule.get("Status") == "Enabled" and rule not in before:
            yield f"{logical_id}: a changed rule deletes objects ({', '.join(sorted(expires))})"


def _common(
    base: Template | None, head: Template | None
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    before = _resources(base)
    for logical_id, new in _resources(head).items():
        old = before.get(logical_id)
        if old is not None and old["Type"] == new["Type"]:
            yield logical_id, old, new


def _resources(template: Template | None) -> Mapping[str, Any]:
    resources: Mapping[str, Any] = (template or {}).get("Resources", {})
    return resources


def _value(resource: Mapping[str, Any], path: str) -> Any:
    value: Any = resource.get("Properties", {})
    for name in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _shown(value: Any) -> str:
    return "not set" if value is None else render(value)
