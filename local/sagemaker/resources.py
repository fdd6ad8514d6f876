"""Which resource each operation names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.sagemaker import emulator

_NAME_MEMBERS = {
    "TrainingJob": ("training-job", "TrainingJobName"),
    "TransformJob": ("transform-job", "TransformJobName"),
    "Model": ("model", "ModelName"),
    "EndpointConfig": ("endpoint-config", "EndpointConfigName"),
    "Endpoint": ("endpoint", "EndpointName"),
    "NotebookInstance": ("notebook-instance", "NotebookInstanceName"),
    "PresignedNotebookInstanceUrl": ("notebook-instance", "NotebookInstanceName"),
    "NotebookInstanceLifecycleConfig": (
        "notebook-instance-lifecycle-config",
        "NotebookInstanceLifecycleConfigName",
    ),
}
_OPERATION = re.compile(r"(Create|Describe|Update|Delete|Start|Stop)(?P<subject>[A-Za-z]+)")


def named_arn(operation: str, request: Mapping[str, Any]) -> str:
    """ARN of the resource that a request names, ``*`` where it names no single one."""
    match = _OPERATION.fullmatch(operation)
    kind, member = _NAME_MEMBERS.get(match["subject"], ("", "")) if match else ("", "")
    name = request.get(member)
    return emulator.arn(kind, name) if kind and isinstance(name, str) else "*"
