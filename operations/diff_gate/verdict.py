"""The judgement on the change of one stack."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Literal

from operations.diff_gate.assembly import SynthesizedStack
from operations.diff_gate.cdk_diff import ResourceChange, Template, TemplateChange
from operations.diff_gate.contents import same_but_for_content
from operations.diff_gate.coverage import uncovered
from operations.diff_gate.safeguards import weakened_access, weakened_retention
from operations.diff_gate.statements import (
    PERMISSION_RESOURCES,
    Statement,
    Targets,
    read_statements,
)

VERSIONS = {
    "AWS::ApiGateway::Deployment",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Version",
    "AWS::SageMaker::EndpointConfig",
    "AWS::SageMaker::Model",
}
"""Immutable by design: every change makes a new one, and what uses them moves over."""
_TRAINING = "Custom::TrainingJob"
_REFERENCE = re.compile(r"\$\{(\w+)[^}]*\}")


class Kind(IntEnum):
    """What a change does, the mildest first."""

    HARMLESS = 1
    REPLACEMENT = 2
    DESTRUCTION = 3
    BROADENING = 4


@dataclass(frozen=True)
class Verdict:
    """What the change of one stack does.

    Attributes
    ----------
    stage, stack
        Its place.
    presence
        Whether the stack is on both sides.
    findings
        By kind, one line for each change.
    content_of
        The resources of which nothing but code or other content changed, in words.
    content_only
        Whether nothing else changed in the whole stack.
    trains
        Whether the next deploy trains a model.
    narrowed
        Permissions that are taken away, one line each.
    cdk_text
        What ``cdk diff`` prints.
    """

    stage: str
    stack: str
    presence: Literal["both", "new", "removed"]
    findings: Mapping[Kind, Sequence[str]]
    content_of: Sequence[str]
    content_only: bool
    trains: bool
    narrowed: Sequence[str]
    cdk_text: str

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of change; none where there is no change."""
        return frozenset(self.findings) | ({Kind.HARMLESS} if self.content_of else frozenset())


def judge(
    base: SynthesizedStack | None, head: SynthesizedStack | None, change: TemplateChange
) -> Verdict:
    """Judge the change of one stack.

    Parameters
    ----------
    base, head
        The stack on both sides; None on the side that does not have it.
    change
        What CDK says about the two templates.
    """
    either = head or base
    if either is None:
        raise ValueError("a stack must be on one side at least")
    old = base.template if base else None
    new = head.template if head else None
    findings: dict[Kind, list[str]] = defaultdict(list)
    content_of: list[str] = []
    for kind, line in _stack_level(base, head):
        findings[kind].append(line)
    for kind, line, content_only in _resources(change, old, new):
        (content_of if content_only else findings[kind]).append(line)
    narrowed: list[str] = []
    if head is not None:
        findings[Kind.DESTRUCTION] += weakened_retention(old, new)
        findings[Kind.BROADENING] += _broadened(change, old, new)
        narrowed = _described(_given_up(old, new))
    for section in change.elsewhere:
        findings[Kind.HARMLESS].append(f"{section}: changed")
    return Verdict(
        stage=either.stage,
        stack=either.name,
        presence="new" if base is None else "removed" if head is None else "both",
        findings={kind: lines for kind, lines in sorted(findings.items()) if lines},
        content_of=content_of,
        content_only=not change.is_empty and same_but_for_content(old, new),
        trains=any(
            resource.type == _TRAINING and resource.impact != "WILL_DESTROY"
            for resource in change.resources.values()
        ),
        narrowed=narrowed,
        cdk_text=change.security_text + change.text,
    )


def _stack_level(
    base: SynthesizedStack | None, head: SynthesizedStack | None
) -> Iterator[tuple[Kind, str]]:
    if base is None:
        yield Kind.HARMLESS, "the stack is new"
    elif head is None:
        yield Kind.DESTRUCTION, "the stack is gone: a deploy leaves it as it is, unmanaged"
    else:
        if base.deployed_name != head.deployed_name:
            line = (
                f"the stack's name changes from {base.deployed_name} to {head.deployed_name}: "
                "a new stack is made, the old one stays with its data"
            )
            yield Kind.REPLACEMENT, line
        if base.termination_protection and not head.termination_protection:
            yield Kind.DESTRUCTION, "termination protection of the stack is off"
        if head.termination_protection and not base.termination_protection:
            yield Kind.HARMLESS, "termination protection of the stack is on"


def _resources(
    change: TemplateChange, old: Template | None, new: Template | None
) -> Iterator[tuple[Kind, str, bool]]:
    created = {
        resource.type for resource in change.resources.values() if resource.impact == "WILL_CREATE"
    }
    before, after = _by_id(old), _by_id(new)
    for logical_id, resource in change.resources.items():
        kind, words = _impact(resource, before.get(logical_id), created)
        content_only = kind is Kind.HARMLESS and same_but_for_content(
            before.get(logical_id), after.get(logical_id)
        )
        yield (
            kind,
            f"{logical_id} ({resource.type})" + ("" if content_only else f": {words}"),
            content_only,
        )


def _impact(resource: ResourceChange, before: Any, created: set[str]) -> tuple[Kind, str]:
    permission = resource.type in PERMISSION_RESOURCES
    match resource.impact:
        case "WILL_DESTROY" | "WILL_ORPHAN" if permission:
            return Kind.HARMLESS, "removed; its statements are judged below"
        case "WILL_DESTROY" | "WILL_ORPHAN" if resource.type in VERSIONS & created:
            return Kind.HARMLESS, "the old version, removed"
        case "WILL_ORPHAN":
            return Kind.DESTRUCTION, "leaves the stack; it stays in the account, unmanaged"
        case "WILL_DESTROY":
            return Kind.DESTRUCTION, "destroyed"
        case "WILL_REPLACE" if resource.type in VERSIONS:
            return Kind.HARMLESS, "a new version"
        case "WILL_REPLACE" | "MAY_REPLACE" if permission:
            return Kind.HARMLESS, "made anew; its statements are judged below"
        case "WILL_REPLACE" | "MAY_REPLACE":
            reasons = [
                name for name, impact in resource.properties.items() if impact == resource.impact
            ]
            certainty = "replaced" if resource.impact == "WILL_REPLACE" else "may be replaced"
            kept = (before or {}).get("UpdateReplacePolicy") in {"Retain", "Snapshot"}
            fate = "the old one stays beside it" if kept else "the old one is deleted"
            return Kind.REPLACEMENT, f"{certainty} ({', '.join(reasons) or 'type'}), {fate}"
        case "WILL_CREATE" | "WILL_IMPORT":
            return Kind.HARMLESS, "new"
    changed = [*resource.properties, *resource.attributes]
    return Kind.HARMLESS, f"changed ({', '.join(changed)})"


def _broadened(change: TemplateChange, old: Template | None, new: Template | None) -> list[str]:
    before, after = read_statements(old), read_statements(new)
    granted = uncovered(_with_effect(after, "Allow", "Unreadable"), before)
    allowed_again = [
        statement
        for statement in uncovered(_with_effect(before, "Deny"), after)
        if _still_there(statement, new)
    ]
    return [
        *(f"granted: {line}" for line in _described(granted)),
        *(f"no longer denied: {line}" for line in _described(allowed_again)),
        *(f"granted: {line}" for line in change.managed_policies),
        *(f"opened: {line}" for line in change.network_rules),
        *(
            ["granted: assignments or permission sets of IAM Identity Center"]
            * change.identity_center
        ),
        *(f"opened: {line}" for line in weakened_access(old, new)),
    ]


def _given_up(old: Template | None, new: Template | None) -> list[Statement]:
    before, after = read_statements(old), read_statements(new)
    return [
        *uncovered(_with_effect(before, "Allow"), after),
        *uncovered(_with_effect(after, "Deny"), before),
    ]


def _with_effect(statements: frozenset[Statement], *effects: str) -> list[Statement]:
    return [statement for statement in statements if statement.effect in effects]


def _still_there(statement: Statement, new: Template | None) -> bool:
    """Whether what a statement protected exists still; what is gone needs no protection."""
    own = set(_REFERENCE.findall(statement.holder))
    return not own or bool(own & set(_by_id(new)))


def _described(statements: Sequence[Statement]) -> list[str]:
    """Write statements that differ in their actions only as one."""
    actions: dict[Statement, set[str]] = defaultdict(set)
    for statement in statements:
        if statement.actions.all_but:
            actions[statement] |= statement.actions.values
        else:
            actions[replace(statement, actions=Targets(frozenset()))] |= statement.actions.values
    return sorted(
        str(replace(statement, actions=Targets(frozenset(named), statement.actions.all_but)))
        for statement, named in actions.items()
    )


def _by_id(template: Template | None) -> Mapping[str, Any]:
    resources: Mapping[str, Any] = (template or {}).get("Resources", {})
    return resources
