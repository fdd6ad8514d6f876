"""The namespace of a metric can be a condition of the right to write it.

Gap (ministack 1.5.33): with IAM enforced, ``cloudwatch:namespace`` has no value, so a policy that
allows ``cloudwatch:PutMetricData`` for some namespaces only, which is the one way to narrow that
action, allows it for none.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

import cbor2
from ministack.core import iam_actions

_ACTION = "cloudwatch:PutMetricData"
_PRINTABLE = re.compile(rb"[\t\n\r -~]*")


def namespace_of(body: bytes) -> str | None:
    """Return the namespace that a request writes to, in any of CloudWatch's three protocols."""
    try:
        if body.startswith(b"{"):
            document: Any = json.loads(body)
        elif _PRINTABLE.fullmatch(body):
            document = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        else:
            document = cbor2.loads(body)
    except (ValueError, cbor2.CBORDecodeError):
        return None
    namespace = document.get("Namespace") if isinstance(document, dict) else None
    return namespace if isinstance(namespace, str) else None


def install() -> None:
    """Give the condition key its value."""
    upstream: Any = iam_actions.request_tag_context

    def request_tag_context(service: str, iam_action: str, body: bytes, params: Any) -> Any:
        context = upstream(service, iam_action, body, params)
        if iam_action == _ACTION and (namespace := namespace_of(body or b"")) is not None:
            return {**context, "cloudwatch:namespace": namespace}
        return context

    iam_actions.request_tag_context = request_tag_context
