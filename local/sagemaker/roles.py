"""Execution roles: who may pass them, whether they trust SageMaker, and what they may do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from local.sagemaker import emulator
from local.sagemaker.emulator import Credentials, Denial
from local.sagemaker.errors import access_denied, validation_error

_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)"
)
_TRAINING_SESSION_SECONDS = 6 * 86400.0


class Caller(Protocol):
    """Whoever sent a request."""

    def denial(
        self, action: str, resource: str, context: Mapping[str, str] | None = None, /
    ) -> Denial | None:
        """Tell why IAM refuses a further action to the caller, or None."""


class SignedCaller:
    """The sender of a signed request.

    Parameters
    ----------
    headers
        Headers of the request, with lower-case names.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def denial(
        self, action: str, resource: str, context: Mapping[str, str] | None = None, /
    ) -> Denial | None:
        """Ask IAM about the sender."""
        return emulator.denial(self._headers, action, resource, context)


class CloudFormationCaller:
    """CloudFormation, which here acts with the rights of an administrator.

    ministack gives its provisioners no execution role that could be asked.
    """

    def denial(
        self, _action: str, _resource: str, _context: Mapping[str, str] | None = None, /
    ) -> Denial | None:
        """Allow everything."""
        return None


def require(
    caller: Caller, action: str, resource: str, context: Mapping[str, str] | None = None
) -> None:
    """Refuse what IAM does not allow the caller.

    Raises
    ------
    ApiError
        ``AccessDeniedException`` that names caller, action and resource.
    """
    denied = caller.denial(action, resource, context)
    if denied is not None:
        raise access_denied(_denial_text(denied, action, resource))


def require_role(caller: Caller, role_arn: str) -> None:
    """Refuse a role that the caller may not pass or that SageMaker may not assume.

    Raises
    ------
    ApiError
        ``AccessDeniedException`` or ``ValidationException``.
    """
    require(caller, "iam:PassRole", role_arn, {"iam:PassedToService": emulator.SERVICE_PRINCIPAL})
    if not emulator.role_trusts_sagemaker(role_arn):
        raise validation_error(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            f"principal '{emulator.SERVICE_PRINCIPAL}' to assume the role."
        )


def open_session(role_arn: str, *, for_ever: bool = False) -> Credentials:
    """Open a session of an execution role.

    Raises
    ------
    ApiError
        ``ValidationException`` if the role is gone or no longer trusts SageMaker.
    """
    if not emulator.role_trusts_sagemaker(role_arn):
        raise validation_error(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            f"principal '{emulator.SERVICE_PRINCIPAL}' to assume the role."
        )
    seconds = None if for_ever else _TRAINING_SESSION_SECONDS
    return emulator.assume_role(role_arn, "SageMaker", seconds)


def require_image_access(role_arn: str, credentials: Credentials, image: str) -> None:
    """Refuse an image that the execution role may not pull.

    Raises
    ------
    ApiError
        ``ValidationException`` that names the missing action.
    """
    match = _ECR_IMAGE.match(image)
    if match is None:
        raise validation_error(
            f'Using non-ECR image "{image}" without Vpc repository access mode is not supported.'
        )
    repository = f"arn:aws:ecr:{match['region']}:{match['account']}:repository/{match['name']}"
    needed = (
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchCheckLayerAvailability", repository),
        ("ecr:GetDownloadUrlForLayer", repository),
        ("ecr:BatchGetImage", repository),
    )
    for action, resource in needed:
        if emulator.role_denial(credentials, action, resource) is not None:
            raise validation_error(
                f"The role '{role_arn}' does not have {action.partition(':')[2]} permission for "
                f"the image: '{image}'."
            )


def _denial_text(denied: Denial, action: str, resource: str) -> str:
    reason = (
        "with an explicit deny in an identity-based policy"
        if denied.explicit
        else f"because no identity-based policy allows the {action} action"
    )
    return (
        f"User: {denied.principal} is not authorized to perform: {action} "
        f"on resource: {resource} {reason}"
    )
