"""A custom resource whose Lambda function crashes fails at once, with its error.

Gap (ministack 1.5.33): CloudFormation waits for the answer of a custom resource until
``ServiceTimeout`` (an hour by default) even when the function has already failed and can
answer no more. AWS waits as well; nothing is gained by repeating that here.
"""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource

_RESPONSE_PATH = "/_ministack/cfn-response/"


def _fail(event: dict[str, Any], result: dict[str, Any]) -> None:
    body = result.get("body")
    error = body if isinstance(body, dict) else {"errorMessage": str(body)}
    reason = (
        f"The Lambda function of the custom resource failed before it answered: "
        f"{error.get('errorMessage', error)}"
    )
    token = event["ResponseURL"].rpartition(_RESPONSE_PATH)[2]
    custom_resource.deliver_response(token, {"Status": "FAILED", "Reason": reason})


def install() -> None:
    """Answer in place of a failed custom-resource function."""
    upstream: Any = lambda_svc._execute_function_with_config_scope

    def execute(func: dict[str, Any], event: Any) -> Any:
        result = upstream(func, event)
        awaited = isinstance(event, dict) and _RESPONSE_PATH in str(event.get("ResponseURL", ""))
        if awaited and isinstance(result, dict) and (result.get("error") or result.get("throttle")):
            _fail(event, result)
        return result

    lambda_svc._execute_function_with_config_scope = execute
