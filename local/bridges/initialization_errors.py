"""A function that cannot be loaded says so in its log.

Gap (ministack 1.5.33): when the module of a function raises while it is imported, the function's
log group shows an empty invocation. AWS logs the error, and the CDK CLI shows it from there.
"""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc


def install() -> None:
    """Log the error of an invocation that logged nothing."""
    upstream: Any = lambda_svc._execute_function_warm

    def execute(func: dict[str, Any], event: Any, request_id: str) -> Any:
        result = upstream(func, event, request_id)
        body = result.get("body")
        if result.get("error") and not result.get("log") and isinstance(body, dict):
            result["log"] = f"[ERROR] {body.get('errorType')}: {body.get('errorMessage')}"
        return result

    lambda_svc._execute_function_warm = execute
