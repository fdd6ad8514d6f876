"""Teaches ministack's IAM which action and resource a SageMaker request means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions
from ministack.services import tagging

from local.sagemaker.kinds import ENDPOINT, KINDS, SERVICE, named_arn
from local.sagemaker.store import Store

_INVOCATION = re.compile(r"/endpoints/(?P<name>[^/]+)/")


def install(store: Store) -> None:
    """Register actions, resources and tags of SageMaker with the emulator's IAM."""
    # The data plane has paths, the control plane names its operation in a header; the second
    # model tells which operations carry tags.
    iam_actions._BOTOCORE_SERVICE_MAP[SERVICE] = ["sagemaker-runtime", "sagemaker"]
    original = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        *rest: Any,
    ) -> str:
        if service == SERVICE:
            return resource_arn(path, headers, body)
        return str(original(service, method, path, headers, body, *rest))

    iam_actions.extract_resource_arn = extract_resource_arn
    tagging._RESOURCE_TAG_COLLECTORS[SERVICE] = lambda: _tagged(store)


def resource_arn(path: str, headers: Mapping[str, str], body: bytes) -> str:
    """ARN that a request is authorized against, ``*`` where it names no single resource."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if not operation:
        match = _INVOCATION.match(path)
        return ENDPOINT.arn(unquote(match["name"])) if match else "*"
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return "*"
    if not isinstance(request, dict):
        return "*"
    if operation in ("AddTags", "ListTags", "DeleteTags"):
        return str(request.get("ResourceArn", "*"))
    return named_arn(operation, request)


def _tagged(store: Store) -> list[tuple[str, list[dict[str, str]]]]:
    tags = store.tags()
    return [
        (
            record["_Arn"],
            [{"Key": k, "Value": v} for k, v in tags.get(record["_Arn"], {}).items()],
        )
        for kind in KINDS.values()
        for record in store.records(kind)
    ]
