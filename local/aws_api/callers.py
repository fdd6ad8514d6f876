"""Who asks for something, and whether IAM lets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ministack import app as ministack_app
from ministack.core import iam_evaluator, router

from local.aws_api import context
from local.aws_api.errors import ApiError


@dataclass(frozen=True)
class Denial:
    """Who was refused by IAM, and whether by an explicit deny."""

    principal: str
    explicit: bool


class Caller(Protocol):
    """Whoever sent a request."""

    def denial(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None, /
    ) -> Denial | None:
        """Tell why IAM refuses a further action to the caller, or None."""


class SignedCaller:
    """Whoever has an access key.

    Parameters
    ----------
    access_key_id
        With which a request was signed.
    """

    def __init__(self, access_key_id: str) -> None:
        self._access_key_id = access_key_id

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> SignedCaller:
        """Return the sender of a request; the names of its headers are in lower case."""
        return cls(router.extract_access_key_id(headers))

    def denial(
        self, action: str, resource: str, conditions: Mapping[str, str] | None = None, /
    ) -> Denial | None:
        """Ask IAM; an emulator that does not enforce it allows everything."""
        if not ministack_app.AUTH:
            return None
        result = iam_evaluator.enforce(
            self._access_key_id,
            action,
            action.partition(":")[0],
            context.region(),
            resource_arn=resource,
            service_context=dict(conditions or {}),
        )
        if result is None:
            return None
        principal = getattr(result, "principal_arn", "") or "anonymous"
        return Denial(principal, getattr(result, "decision", "") == "Deny")


class CloudFormationCaller:
    """CloudFormation, which here acts with the rights of an administrator.

    ministack gives its provisioners no execution role that could be asked.
    """

    def denial(
        self, _action: str, _resource: str, _conditions: Mapping[str, str] | None = None, /
    ) -> Denial | None:
        """Allow everything."""
        return None


def require(
    caller: Caller, action: str, resource: str, conditions: Mapping[str, str] | None = None
) -> None:
    """Refuse what IAM does not allow the caller.

    Raises
    ------
    ApiError
        ``AccessDeniedException`` that names caller, action and resource.
    """
    denied = caller.denial(action, resource, conditions)
    if denied is None:
        return
    reason = (
        "with an explicit deny in an identity-based policy"
        if denied.explicit
        else f"because no identity-based policy allows the {action} action"
    )
    raise ApiError(
        "AccessDeniedException",
        f"User: {denied.principal} is not authorized to perform: {action} "
        f"on resource: {resource} {reason}",
    )
