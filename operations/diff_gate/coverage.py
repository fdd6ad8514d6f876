"""What a set of statements allows that another one did not.

Statements are regrouped, merged and narrowed all the time; a list of added lines says little.
An added permission counts only where no statement of the other side covers it. Where a
question cannot be decided from the text, the answer is that it is not covered.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache

from operations.diff_gate.statements import Statement, Targets

_ANYBODY = {"*", "AWS:*"}
_NARROWER_WITH_MORE_VALUES = re.compile(r"Not(Equals|Like|IpAddress)", re.IGNORECASE)
_COMPARED_AS_A_WHOLE = re.compile(r"^(ForAllValues|ForAnyValue):|^Null$", re.IGNORECASE)


def uncovered(wanted: Collection[Statement], by: Collection[Statement]) -> list[Statement]:
    """Return what of some statements no other statement covers, in its smallest parts.

    Parameters
    ----------
    wanted
        Statements of one side.
    by
        Statements of the other side.
    """
    others = [*by]
    return sorted(
        (
            part
            for statement in wanted
            for part in _parts(statement)
            if not any(_covers(other, part) for other in others)
        ),
        key=str,
    )


def _parts(statement: Statement) -> Iterator[Statement]:
    """Split a statement into one action, one resource, one principal each."""
    for actions in _single(statement.actions):
        for resources in _single(statement.resources):
            for principals in _single(statement.principals):
                yield replace(
                    statement, actions=actions, resources=resources, principals=principals
                )


def _single(targets: Targets) -> list[Targets]:
    if targets.all_but or not targets.values:
        return [targets]
    return [Targets(frozenset({value})) for value in targets.values]


def _covers(other: Statement, part: Statement) -> bool:
    return (
        other.holder == part.holder
        and other.effect == part.effect
        and _targets_cover(other.actions, part.actions, ignore_case=True)
        and _targets_cover(other.resources, part.resources)
        and _targets_cover(_anybody(other.principals), _anybody(part.principals))
        and _condition_covers(other, part)
    )


def _targets_cover(other: Targets, part: Targets, *, ignore_case: bool = False) -> bool:
    if not other.all_but and "*" in other.values:
        return True
    if part.all_but:
        return other.all_but and all(
            any(_matches(wider, excluded, ignore_case) for wider in part.values)
            for excluded in other.values
        )
    if other.all_but:
        return bool(part.values) and not any(
            _may_overlap(excluded, value, ignore_case)
            for excluded in other.values
            for value in part.values
        )
    return all(
        any(_matches(pattern, value, ignore_case) for pattern in other.values)
        for value in part.values
    ) and (bool(part.values) or not other.values)


def _anybody(principals: Targets) -> Targets:
    if principals.values & _ANYBODY:
        return Targets(principals.values | {"*"}, principals.all_but)
    return principals


def _matches(pattern: str, value: str, ignore_case: bool) -> bool:
    return _compiled(pattern, ignore_case).fullmatch(value) is not None


def _may_overlap(excluded: str, value: str, ignore_case: bool) -> bool:
    """Whether a pattern and a value may mean the same thing; a wildcard in the value may."""
    return (
        "*" in value
        or "?" in value
        or "${" in value
        or "${" in excluded
        or _matches(excluded, value, ignore_case)
    )


@cache
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    # A wildcard in the value is text; a question mark does not stand for a star.
    parts = re.split(r"([*]|[?](?!\w*\}))", pattern)
    translated = "".join(
        ".*" if part == "*" else "[^*]" if part == "?" else re.escape(part) for part in parts
    )
    return re.compile(translated, re.IGNORECASE | re.DOTALL if ignore_case else re.DOTALL)


def _condition_covers(other: Statement, part: Statement) -> bool:
    """Whether whatever meets the part's condition meets the other's too."""
    return all(
        any(
            own_operator == operator
            and own_key.lower() == key.lower()
            and _values_cover(operator, values, own_values)
            for own_operator, own_key, own_values in part.condition
        )
        for operator, key, values in other.condition
    )


def _values_cover(operator: str, other: frozenset[str], part: frozenset[str]) -> bool:
    if _COMPARED_AS_A_WHOLE.search(operator):
        return other == part
    if _NARROWER_WITH_MORE_VALUES.search(operator):
        return other <= part
    if "Like" in operator:
        return all(any(_matches(pattern, value, False) for pattern in other) for value in part)
    return part <= other
