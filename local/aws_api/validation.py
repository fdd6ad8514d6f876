"""Requests checked against botocore's own service model, in the words AWS uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session

from local.aws_api import Record
from local.aws_api.errors import ApiError, validation_error

_UNICODE_CLASSES = {
    r"\p{M}": "\u0300-\u036f",
    r"\p{N}": "\\d",
    r"\p{Z}": "\\s",
    r"\p{S}": "$+<=>^`|~",
    r"\p{P}": "!-#%-*,-/:;?@\\[-\\]_{}",
}


@cache
def service_model(service: str) -> Any:
    """Load botocore's model of a service."""
    return botocore.session.get_session().get_service_model(service)


def parse(service: str, operation: str, request: object) -> Record:
    """Check a request and return it.

    Parameters
    ----------
    service : str
        botocore's name of the service.
    operation : str
        Operation of that service.
    request : object
        The decoded JSON body.

    Raises
    ------
    ApiError
        ``ValidationException`` that lists every violated constraint.
    """
    if not isinstance(request, dict):
        raise ApiError("SerializationException", "The request body is not a JSON object.")
    check(service_model(service).operation_model(operation).input_shape, request)
    return request


def check(shape: Any, value: Record) -> None:
    """Check a value against a shape; see `parse`."""
    problems = list(_violations(shape, value, ""))
    if problems:
        plural = "error" if len(problems) == 1 else "errors"
        raise validation_error(
            f"{len(problems)} validation {plural} detected: " + "; ".join(problems)
        )


def answer(service: str, operation: str, record: Mapping[str, Any]) -> Record:
    """Keep of a record what the operation's output has."""
    shape = service_model(service).operation_model(operation).output_shape
    return {} if shape is None else project(shape, record)


def project(shape: Any, record: Mapping[str, Any]) -> Record:
    """Keep of a record what a structure has."""
    return {name: record[name] for name in shape.members if record.get(name) is not None}


def coerce(service: str, operation: str, properties: Mapping[str, Any]) -> Record:
    """Give properties of a template the types of an operation's request.

    CloudFormation carries numbers and booleans as strings where a template wrote them so, and
    refuses properties that the type does not have.

    Raises
    ------
    ApiError
        For a property that does not exist or cannot be read as its type.
    """
    shape = service_model(service).operation_model(operation).input_shape
    request: Record = _coerced(shape, dict(properties), "")
    return request


def _coerced(shape: Any, value: Any, path: str) -> Any:
    try:
        return _as_type(shape, value, path)
    except (ValueError, AttributeError, TypeError) as error:
        raise validation_error(f"Value at '{path}' cannot be read: {error}") from error


def _as_type(shape: Any, value: Any, path: str) -> Any:
    kind = shape.type_name
    if kind == "structure":
        unknown = sorted(set(value) - set(shape.members))
        if unknown:
            raise validation_error(f"extraneous key [{unknown[0]}] is not permitted at '{path}'")
        return {
            name: _coerced(shape.members[name], item, f"{path}/{name}")
            for name, item in value.items()
        }
    if kind == "list":
        return [_coerced(shape.member, item, f"{path}/{n}") for n, item in enumerate(value)]
    if kind == "map":
        return {key: _coerced(shape.value, item, f"{path}/{key}") for key, item in value.items()}
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "string" and isinstance(value, (bool, int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    checks = {
        "structure": _structure,
        "list": _list,
        "map": _map,
        "string": _string,
        "integer": _number,
        "long": _number,
        "float": _number,
        "double": _number,
        "boolean": _boolean,
    }
    checker = checks.get(shape.type_name)
    if checker is not None:
        yield from checker(shape, value, path)


def _structure(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        raise ApiError("SerializationException", f"Expected an object at '{path or 'the top'}'.")
    for name in shape.required_members:
        if value.get(name) is None:
            yield _constraint(None, _member(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _violations(member, value[name], _member(path, name))


def _list(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        raise ApiError("SerializationException", f"Expected a list at '{path}'.")
    yield from _length(shape, value, len(value), path)
    for number, item in enumerate(value, 1):
        yield from _violations(shape.member, item, f"{path}.{number}.member")


def _map(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        raise ApiError("SerializationException", f"Expected a map at '{path}'.")
    yield from _length(shape, value, len(value), path)
    for key, item in value.items():
        yield from _violations(shape.key, key, path)
        yield from _violations(shape.value, item, f"{path}.{key}.member")


def _string(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        raise ApiError("SerializationException", f"Expected a string at '{path}'.")
    yield from _length(shape, value, len(value), path)
    allowed = shape.enum if hasattr(shape, "enum") else []
    if allowed and value not in allowed:
        yield _constraint(
            value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        )
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _constraint(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _number(shape: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiError("SerializationException", f"Expected a number at '{path}'.")
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield _constraint(value, path, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        yield _constraint(value, path, f"Member must have value less than or equal to {high}")


def _boolean(_shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        raise ApiError("SerializationException", f"Expected a boolean at '{path}'.")
    yield from ()


def _length(shape: Any, value: object, length: int, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        yield _constraint(value, path, f"Member must have length greater than or equal to {low}")
    if high is not None and length > high:
        yield _constraint(value, path, f"Member must have length less than or equal to {high}")


def _constraint(value: object, path: str, rule: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {rule}"


def _member(path: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a Java pattern; Unicode property classes become what Python's ``re`` can say."""
    if r"\p{L}" in pattern:
        # ``re`` has no class of letters that could stand among others: \w covers \p{L}, \p{N}, _.
        pattern = pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", "")
    for java, python in _UNICODE_CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.error:
        # A rule that cannot be read is not enforced; AWS would refuse more here.
        return re.compile(".*", re.DOTALL)
