"""A custom resource whose Lambda function crashes fails at once, with its error.

Gap (ministack 1.5.33): CloudFormation waits for the answer of a custom resource until
``ServiceTimeout`` (an hour by default) even when the function has already failed and can
answer no more. AWS waits as well; nothing is gained by repeating that here.

Only the invocation by CloudFormation itself counts. Others pass the same event on: CDK's provider
framework asks its waiter function, which answers "not yet" by raising an error.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource

_RESPONSE_PATH = "/_ministack/cfn-response/"
_awaited_token: ContextVar[str | None] = ContextVar("awaited_custom_resource", default=None)


def _fail(token: str, result: dict[str, Any]) -> None:
    body = result.get("body")
    error = body if isinstance(body, dict) else {"errorMessage": str(body)}
    reason = (
        f"The Lambda function of the custom resource failed before it answered: "
        f"{error.get('errorMessage', error)}"
    )
    custom_resource.deliver_response(token, {"Status": "FAILED", "Reason": reason})


def _token_of(event: Any) -> str:
    url = event.get("ResponseURL", "") if isinstance(event, dict) else ""
    return str(url).rpartition(_RESPONSE_PATH)[2]


def install() -> None:
    """Answer in place of a failed custom-resource function."""
    upstream_register: Any = custom_resource.register_token
    upstream_execute: Any = lambda_svc._execute_function_with_config_scope

    def register_token(token: str) -> Any:
        # CloudFormation registers the token in the thread in which it then invokes the function.
        _awaited_token.set(token)
        return upstream_register(token)

    def execute(func: dict[str, Any], event: Any) -> Any:
        result = upstream_execute(func, event)
        token = _awaited_token.get()
        if token is not None and token == _token_of(event) and isinstance(result, dict):
            _awaited_token.set(None)
            if result.get("error") or result.get("throttle"):
                _fail(token, result)
        return result

    custom_resource.register_token = register_token
    lambda_svc._execute_function_with_config_scope = execute
