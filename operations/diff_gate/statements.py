"""Every policy statement of a template, with what it is attached to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from operations.diff_gate.cdk_diff import Template
from operations.diff_gate.rendering import render

IDENTITY_POLICIES = {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
}
_IDENTITIES = {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"}
_PERMISSION = "AWS::Lambda::Permission"
PERMISSION_RESOURCES = {*IDENTITY_POLICIES, *RESOURCE_POLICIES, _PERMISSION}
"""Resources that hold nothing but permissions: what removing one does, its statements say."""


@dataclass(frozen=True)
class Targets:
    """What a statement names: actions, resources or principals, or all but them."""

    values: frozenset[str]
    all_but: bool = False

    def __str__(self) -> str:
        return ("all but " if self.all_but else "") + (", ".join(sorted(self.values)) or "-")


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    Attributes
    ----------
    holder
        What the policy is attached to: the identity, or the resource that it protects.
    effect
        ``Unreadable`` where only CloudFormation knows what stands there (``Fn::If``).
    condition
        As operator, key, and accepted values.
    """

    holder: str
    effect: Literal["Allow", "Deny", "Unreadable"]
    actions: Targets
    resources: Targets
    principals: Targets
    condition: frozenset[tuple[str, str, frozenset[str]]] = frozenset()

    def __str__(self) -> str:
        conditions = "; ".join(
            f"{operator} {key} = {' or '.join(sorted(values))}"
            for operator, key, values in sorted(self.condition, key=lambda part: part[:2])
        )
        text = f"{self.effect} {self.actions} on {self.resources}"
        if self.principals.values:
            text += f" to {self.principals}"
        return f"{self.holder}: {text}" + (f" if {conditions}" if conditions else "")


def read_statements(template: Template | None) -> frozenset[Statement]:
    """Read every statement of every policy of a template."""
    resources = (template or {}).get("Resources", {})
    return frozenset(
        statement
        for logical_id, resource in resources.items()
        for statement in _of_resource(
            logical_id, str(resource["Type"]), resource.get("Properties") or {}
        )
    )


def _of_resource(logical_id: str, kind: str, properties: Mapping[str, Any]) -> Iterator[Statement]:
    if kind == _PERMISSION:
        yield _lambda_permission(properties)
        return
    for path, document in _documents(properties, ()):
        for holder in _holders(logical_id, kind, properties, path):
            for statement in _listed(document["Statement"]):
                yield _statement(holder, statement)


def _documents(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Find policy documents wherever they stand, also in types that are new to us."""
    if isinstance(value, Mapping):
        if "Statement" in value:
            yield path, value
            return
        for name, part in value.items():
            yield from _documents(part, (*path, name))
    elif isinstance(value, list):
        for part in value:
            yield from _documents(part, path)


def _holders(
    logical_id: str, kind: str, properties: Mapping[str, Any], path: tuple[str, ...]
) -> list[str]:
    if kind in IDENTITY_POLICIES:
        identities = [
            render(identity)
            for listed in ("Roles", "Users", "Groups")
            for identity in _listed(properties.get(listed, []))
        ]
        return identities or [f"${{{logical_id}}}"]
    if kind in RESOURCE_POLICIES:
        return [render(guarded) for guarded in _listed(properties.get(RESOURCE_POLICIES[kind], []))]
    if kind in _IDENTITIES and path[:1] == ("Policies",):
        return [f"${{{logical_id}}}"]
    return [f"{path[0]} of ${{{logical_id}}}"]


def _statement(holder: str, statement: Any) -> Statement:
    if not isinstance(statement, Mapping) or statement.get("Effect") not in {"Allow", "Deny"}:
        nothing = Targets(frozenset())
        unreadable = Targets(frozenset({render(statement)}))
        return Statement(holder, "Unreadable", nothing, unreadable, nothing)
    return Statement(
        holder,
        statement["Effect"],
        actions=_targets(statement, "Action"),
        resources=_targets(statement, "Resource"),
        principals=_targets(statement, "Principal"),
        condition=_condition(statement.get("Condition") or {}),
    )


def _lambda_permission(properties: Mapping[str, Any]) -> Statement:
    conditions = {
        "ArnLike": {"aws:SourceArn": properties.get("SourceArn")},
        "StringEquals": {
            "aws:SourceAccount": properties.get("SourceAccount"),
            "aws:PrincipalOrgID": properties.get("PrincipalOrgID"),
            "lambda:EventSourceToken": properties.get("EventSourceToken"),
            "lambda:FunctionUrlAuthType": properties.get("FunctionUrlAuthType"),
        },
    }
    given = {
        operator: {key: value for key, value in keys.items() if value is not None}
        for operator, keys in conditions.items()
    }
    function = render(properties["FunctionName"])
    return Statement(
        function,
        "Allow",
        actions=Targets(frozenset({render(properties["Action"])})),
        resources=Targets(frozenset({function})),
        principals=Targets(frozenset({render(properties["Principal"])})),
        condition=_condition(given),
    )


def _targets(statement: Mapping[str, Any], name: str) -> Targets:
    all_but = f"Not{name}" in statement
    given = statement.get(f"Not{name}" if all_but else name, [])
    if isinstance(given, Mapping) and name == "Principal":
        values = {
            f"{kind}:{render(principal)}"
            for kind, principals in given.items()
            for principal in _listed(principals)
        }
    else:
        values = {render(value) for value in _listed(given)}
    return Targets(frozenset(values), all_but)


def _condition(condition: Mapping[str, Any]) -> frozenset[tuple[str, str, frozenset[str]]]:
    return frozenset(
        (operator, key, frozenset(render(value) for value in _listed(values)))
        for operator, keys in condition.items()
        for key, values in (keys.items() if isinstance(keys, Mapping) else [("", keys)])
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
