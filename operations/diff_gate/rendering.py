"""CloudFormation's intrinsic functions as one line of text, so that values can be compared."""

from __future__ import annotations

import json
from typing import Any


def render(value: Any) -> str:
    """Write a value with what CloudFormation fills in as ``${Bucket.Arn}``.

    Parameters
    ----------
    value
        A string, a number, or an intrinsic function; an unknown one becomes its JSON text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and len(value) == 1:
        (function, argument) = next(iter(value.items()))
        return _function(function, argument, json.dumps(value, sort_keys=True))
    return json.dumps(value, sort_keys=True)


def _function(function: str, argument: Any, otherwise: str) -> str:
    match function, argument:
        case "Ref", str():
            return f"${{{argument}}}"
        case "Fn::GetAtt", [resource, attribute]:
            return f"${{{resource}.{render(attribute)}}}"
        case "Fn::GetAtt", str():
            return f"${{{argument}}}"
        case "Fn::Join", [str(delimiter), [*parts]]:
            return delimiter.join(render(part) for part in parts)
        case "Fn::Sub", str():
            return argument
        case "Fn::ImportValue", _:
            return f"${{import {render(argument)}}}"
    return otherwise
