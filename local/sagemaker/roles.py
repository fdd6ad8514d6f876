"""Execution roles: who may pass them, whether they trust SageMaker, and their sessions."""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam, sts

from local.aws_api import callers, context
from local.aws_api.callers import Caller, SignedCaller
from local.aws_api.errors import validation_error
from local.image_names import ImageName

_SERVICE_PRINCIPAL = "sagemaker.amazonaws.com"
_SESSION_SECONDS = 6 * 86400.0


@dataclass(frozen=True)
class RoleCredentials:
    """Temporary credentials of an execution role."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def variables(self) -> dict[str, str]:
        """Environment through which a program's own AWS clients act as the role."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
            "AWS_ENDPOINT_URL": context.endpoint_url(),
        }


def require_role(caller: Caller, role_arn: str) -> None:
    """Refuse a role that the caller may not pass or that SageMaker may not assume.

    Raises
    ------
    ApiError
        ``AccessDeniedException`` or ``ValidationException``.
    """
    conditions = {"iam:PassedToService": _SERVICE_PRINCIPAL}
    callers.require(caller, "iam:PassRole", role_arn, conditions)
    _require_trust(role_arn)


@contextmanager
def session(role_arn: str) -> Iterator[RoleCredentials]:
    """Open a session of an execution role for the duration of a block.

    Raises
    ------
    ApiError
        ``ValidationException`` if the role is gone or no longer trusts SageMaker.
    """
    credentials = open_session(role_arn, seconds=_SESSION_SECONDS)
    try:
        yield credentials
    finally:
        close_session(credentials)


def open_session(role_arn: str, *, seconds: float | None = None) -> RoleCredentials:
    """Open a session of an execution role, as the SageMaker service does.

    Parameters
    ----------
    role_arn
        The role.
    seconds
        Life of the session; None for one that is refreshed for ever, as in an endpoint.

    Raises
    ------
    ApiError
        ``ValidationException`` if the role is gone or no longer trusts SageMaker.
    """
    _require_trust(role_arn)
    alphabet = string.ascii_uppercase + string.digits
    credentials = RoleCredentials(
        "ASIA" + "".join(secrets.choice(alphabet) for _ in range(16)),
        secrets.token_urlsafe(30),
        secrets.token_urlsafe(120),
    )
    account, name = _split(role_arn)
    opened: dict[str, Any] = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/SageMaker",
        "UserId": f"{sts._role_id(role_arn)}:SageMaker",
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "AccountId": account,
        "PrincipalType": "AssumedRole",
        "SessionTags": [],
        "SessionPolicies": None,
    }
    if seconds is not None:
        opened["Expiration"] = time.time() + seconds
    sts.register_session(credentials.access_key_id, opened)
    return credentials


def close_session(credentials: RoleCredentials) -> None:
    """Close a session of an execution role."""
    sts._sessions.pop(credentials.access_key_id, None)


def require_image_access(role_arn: str, credentials: RoleCredentials, image: str) -> None:
    """Refuse an image that the execution role may not pull.

    Raises
    ------
    ApiError
        ``ValidationException`` that names the missing action.
    """
    name = ImageName.parse(image)
    if name is None:
        raise validation_error(
            f'Using non-ECR image "{image}" without Vpc repository access mode is not supported.'
        )
    repository = f"arn:aws:ecr:{name.region}:{name.account}:repository/{name.repository}"
    needed = (
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchCheckLayerAvailability", repository),
        ("ecr:GetDownloadUrlForLayer", repository),
        ("ecr:BatchGetImage", repository),
    )
    role = SignedCaller(credentials.access_key_id)
    for action, resource in needed:
        if role.denial(action, resource) is not None:
            raise validation_error(
                f"The role '{role_arn}' does not have {action.partition(':')[2]} permission for "
                f"the image: '{image}'."
            )


def _require_trust(role_arn: str) -> None:
    if not _trusts_sagemaker(role_arn):
        raise validation_error(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            f"principal '{_SERVICE_PRINCIPAL}' to assume the role."
        )


def _trusts_sagemaker(role_arn: str) -> bool:
    account, name = _split(role_arn)
    role = iam._roles.get_scoped(account, None, name)
    if role is None or role.get("Arn") != role_arn:
        return False
    evaluation = iam_evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account=context.account(),
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=context.region(),
        service_context={
            "aws:sourceaccount": context.account(),
            "aws:sourcearn": f"arn:aws:sagemaker:{context.region()}:{context.account()}:*",
        },
    )
    effects = {
        statement.get("Effect")
        for statement in _trust_statements(role)
        if _is_about_sagemaker(statement)
        and iam_evaluator._conditions_met(statement.get("Condition", {}), evaluation)
    }
    return "Allow" in effects and "Deny" not in effects


def _trust_statements(role: Any) -> list[dict[str, Any]]:
    stored = role.get("AssumeRolePolicyDocument")
    document = stored if isinstance(stored, dict) else json.loads(str(stored or "{}"))
    statements = document.get("Statement", [])
    return [statements] if isinstance(statements, dict) else statements


def _is_about_sagemaker(statement: dict[str, Any]) -> bool:
    actions = statement.get("Action", [])
    actions = [actions] if isinstance(actions, str) else actions
    principal = statement.get("Principal", {})
    return bool(iam_evaluator._action_matches("sts:AssumeRole", actions, [])) and (
        principal == "*"
        or bool(iam_evaluator._service_principal_matches(principal, _SERVICE_PRINCIPAL))
    )


def _split(role_arn: str) -> tuple[str, str]:
    """Account and name of a role."""
    return role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
