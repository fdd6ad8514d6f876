"""What the service asks of ministack while it runs (written against the internals of 1.5.33)."""

from __future__ import annotations

import json
import secrets
import socket
import string
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import ministack.app as ministack_app
from ministack.core import concurrency, iam_evaluator, responses, router
from ministack.services import cloudwatch, iam, sts

T = TypeVar("T")

SERVICE_PRINCIPAL = "sagemaker.amazonaws.com"


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of an execution role."""

    access_key_id: str
    secret_access_key: str
    session_token: str


@dataclass(frozen=True)
class Denial:
    """Who was refused by IAM, and why."""

    principal: str
    explicit: bool


def account() -> str:
    """Account of the request (or of the thread that continues it)."""
    return str(responses.get_account_id())


def region() -> str:
    """Region of the request (or of the thread that continues it)."""
    return str(responses.get_region())


@contextmanager
def scope(account_id: str, region_name: str) -> Iterator[None]:
    """Act in an account and region outside of any request."""
    with responses.request_scope(account_id, region_name):
        yield


def arn(kind: str, name: str) -> str:
    """ARN of a SageMaker resource; SageMaker writes names in ARNs in lower case."""
    return f"arn:aws:sagemaker:{region()}:{account()}:{kind}/{name.lower()}"


def endpoint_url(host: str = "127.0.0.1") -> str:
    """URL under which this machine reaches the emulator, by default, or others by a host name."""
    return f"http://{host}:{ministack_app._resolve_port()}"


def wait_until_reachable(timeout_seconds: float = 120.0) -> None:
    """Wait until the emulator answers on its port.

    Raises
    ------
    TimeoutError
        If it never does.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(ministack_app._resolve_port()))) == 0:
                return
        if time.monotonic() > deadline:
            raise TimeoutError("the embedded AWS does not answer on its port")
        time.sleep(0.05)


def enforces_iam() -> bool:
    """Whether the emulator runs with IAM enforcement."""
    return bool(ministack_app.AUTH)


def run_in_thread(call: Callable[[], T], name: str) -> Awaitable[T]:
    """Run blocking work that may call the emulator again; keeps account, region and caller."""
    result: Awaitable[T] = concurrency.run_reentrant(call, thread_name=name)
    return result


def in_background(call: Callable[[], None], name: str) -> None:
    """Start work that outlives the request; keeps account and region."""
    concurrency.spawn_background(call, thread_name=name)


def denial(
    headers: Mapping[str, str],
    action: str,
    resource: str,
    context: Mapping[str, str] | None = None,
) -> Denial | None:
    """Ask IAM whether the sender of a request may do one more thing.

    Returns
    -------
    Denial or None
        None where it is allowed (always, when the emulator does not enforce IAM).
    """
    if not enforces_iam():
        return None
    return _denial(router.extract_access_key_id(headers), action, resource, context)


def role_denial(credentials: Credentials, action: str, resource: str) -> Denial | None:
    """Ask IAM whether an execution role may do something."""
    if not enforces_iam():
        return None
    return _denial(credentials.access_key_id, action, resource, None)


def _denial(
    access_key: str, action: str, resource: str, context: Mapping[str, str] | None
) -> Denial | None:
    result = iam_evaluator.enforce(
        access_key,
        action,
        action.partition(":")[0],
        region(),
        resource_arn=resource,
        service_context=dict(context or {}),
    )
    if result is None:
        return None
    principal = getattr(result, "principal_arn", "") or "anonymous"
    return Denial(principal, getattr(result, "decision", "") == "Deny")


def role_trusts_sagemaker(role_arn: str) -> bool:
    """Whether the role exists and lets SageMaker assume it."""
    role_account, role_name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(role_account, None, role_name)
    if role is None or role.get("Arn") != role_arn:
        return False
    context = iam_evaluator.EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account=account(),
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=region(),
        service_context={
            "aws:sourceaccount": account(),
            "aws:sourcearn": f"arn:aws:sagemaker:{region()}:{account()}:*",
        },
    )
    document = _document(role.get("AssumeRolePolicyDocument"))
    statements = document.get("Statement", [])
    allowed = False
    for statement in [statements] if isinstance(statements, dict) else statements:
        actions = statement.get("Action", [])
        actions = [actions] if isinstance(actions, str) else actions
        if not iam_evaluator._action_matches("sts:AssumeRole", actions, []):
            continue
        if not _names_sagemaker(statement.get("Principal", {})):
            continue
        if not iam_evaluator._conditions_met(statement.get("Condition", {}), context):
            continue
        if statement.get("Effect") == "Deny":
            return False
        allowed = True
    return allowed


def _document(stored: object) -> dict[str, Any]:
    if isinstance(stored, dict):
        return stored
    document: dict[str, Any] = json.loads(str(stored or "{}"))
    return document


def _names_sagemaker(principal: object) -> bool:
    if principal == "*":
        return True
    return bool(iam_evaluator._service_principal_matches(principal, SERVICE_PRINCIPAL))


def assume_role(role_arn: str, session_name: str, seconds: float | None) -> Credentials:
    """Open a session of an execution role, as the SageMaker service does.

    Parameters
    ----------
    role_arn : str
        Role whose trust was checked before.
    session_name : str
        Name that appears in the session's ARN.
    seconds : float or None
        Life of the session; None for one that is refreshed for ever, as in an endpoint.
    """
    alphabet = string.ascii_uppercase + string.digits
    credentials = Credentials(
        "ASIA" + "".join(secrets.choice(alphabet) for _ in range(16)),
        secrets.token_urlsafe(30),
        secrets.token_urlsafe(120),
    )
    role_account, role_name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    session: dict[str, Any] = {
        "Arn": f"arn:aws:sts::{role_account}:assumed-role/{role_name}/{session_name}",
        "UserId": f"{sts._role_id(role_arn)}:{session_name}",
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "AccountId": role_account,
        "PrincipalType": "AssumedRole",
        "SessionTags": [],
        "SessionPolicies": None,
    }
    if seconds is not None:
        session["Expiration"] = time.time() + seconds
    sts.register_session(credentials.access_key_id, session)
    return credentials


def publish_metrics(
    namespace: str, dimensions: Mapping[str, str], values: Mapping[str, tuple[float, str]]
) -> None:
    """Record CloudWatch metrics as an AWS service does, which needs nobody's permission.

    Parameters
    ----------
    namespace, dimensions
        Where the metrics are found.
    values
        Value and unit by name of the metric.
    """
    for name, (value, unit) in values.items():
        cloudwatch.record_metric(namespace, name, value, unit, dict(dimensions))


def forget_session(credentials: Credentials) -> None:
    """Close a session of an execution role."""
    sts._sessions.pop(credentials.access_key_id, None)
