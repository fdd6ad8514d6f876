"""Who may describe one image repository is asked about that repository.

Gap (ministack 1.5.33): ``DescribeRepositories`` with a name is authorized against every
repository, so the role with which the CDK CLI publishes images, which may describe its own
repository, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions, responses

_OPERATION = "DescribeRepositories"


def install() -> None:
    """Authorize a request that names one repository against that one."""
    upstream: Any = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, *rest: Any
    ) -> str:
        if service == "ecr" and headers.get("x-amz-target", "").endswith(f".{_OPERATION}"):
            names = json.loads(body or b"{}").get("repositoryNames") or []
            if len(names) == 1:
                place = f"{responses.get_region()}:{responses.get_account_id()}"
                return f"arn:aws:ecr:{place}:repository/{names[0]}"
        return str(upstream(service, method, path, headers, body, *rest))

    iam_actions.extract_resource_arn = extract_resource_arn
