"""Kinds of resources, and what SageMaker's API calls each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.aws_api import context
from local.aws_api.errors import ApiError, validation_error

SERVICE = "sagemaker"
REASON_CHARACTERS = 1024
"""Longest ``FailureReason``."""

_OPERATION = re.compile(r"(Create|Describe|Update|Delete|Start|Stop)(?P<subject>[A-Za-z]+)")


@dataclass(frozen=True)
class Kind:
    """One kind of resource.

    Attributes
    ----------
    type_name
        In operations, in members and in CloudFormation's type, such as ``TrainingJob``.
    arn_name
        In ARNs, such as ``training-job``.
    words
        For people.
    list_member
        Member of a List operation's answer that holds the page.
    has_status
        Whether a resource has a status.
    oldest_first
        Order of a list where the request names none.
    """

    type_name: str
    arn_name: str
    words: str
    list_member: str
    has_status: bool = True
    oldest_first: bool = False

    @property
    def name_member(self) -> str:
        """Member that names a resource."""
        return f"{self.type_name}Name"

    @property
    def arn_member(self) -> str:
        """Member that holds a resource's ARN."""
        return f"{self.type_name}Arn"

    @property
    def status_member(self) -> str:
        """Member that holds a resource's status."""
        return f"{self.type_name}Status"

    def arn(self, name: str) -> str:
        """ARN of a resource; SageMaker writes names in ARNs in lower case."""
        place = f"{context.region()}:{context.account()}"
        return f"arn:aws:{SERVICE}:{place}:{self.arn_name}/{name.lower()}"

    def not_found(self, name: str) -> ApiError:
        """Build the error for a name that nothing has."""
        return could_not_find(self.words, self.arn(name))


TRAINING_JOB = Kind(
    "TrainingJob", "training-job", "training job", "TrainingJobSummaries", oldest_first=True
)
TRANSFORM_JOB = Kind("TransformJob", "transform-job", "transform job", "TransformJobSummaries")
MODEL = Kind("Model", "model", "model", "Models", has_status=False)
ENDPOINT_CONFIG = Kind(
    "EndpointConfig",
    "endpoint-config",
    "endpoint configuration",
    "EndpointConfigs",
    has_status=False,
)
ENDPOINT = Kind("Endpoint", "endpoint", "endpoint", "Endpoints")
NOTEBOOK_INSTANCE = Kind(
    "NotebookInstance", "notebook-instance", "notebook instance", "NotebookInstances"
)
LIFECYCLE_CONFIG = Kind(
    "NotebookInstanceLifecycleConfig",
    "notebook-instance-lifecycle-config",
    "notebook instance lifecycle config",
    "NotebookInstanceLifecycleConfigs",
    has_status=False,
)
KINDS = {
    kind.arn_name: kind
    for kind in (
        TRAINING_JOB,
        TRANSFORM_JOB,
        MODEL,
        ENDPOINT_CONFIG,
        ENDPOINT,
        NOTEBOOK_INSTANCE,
        LIFECYCLE_CONFIG,
    )
}
"""By their names in ARNs."""

_SUBJECTS = {kind.type_name: kind for kind in KINDS.values()} | {
    "PresignedNotebookInstanceUrl": NOTEBOOK_INSTANCE
}


def could_not_find(words: str, arn: str) -> ApiError:
    """Build the not-found error; the SageMaker SDK looks for ``Could not find``."""
    return validation_error(f'Could not find {words} "{arn}".')


def named_arn(operation: str, request: Mapping[str, Any]) -> str:
    """ARN of the resource that a request names, ``*`` where it names no single one."""
    match = _OPERATION.fullmatch(operation)
    kind = _SUBJECTS.get(match["subject"]) if match is not None else None
    name = request.get(kind.name_member) if kind is not None else None
    return kind.arn(name) if kind is not None and isinstance(name, str) else "*"
