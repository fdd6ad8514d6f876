"""A function's error text does not leave through the API.

Gap (ministack 1.5.33): when a function behind a REST API's proxy integration raises, the caller
is answered with the error message. AWS answers ``{"message": "Internal server error"}`` with
status 502, also when the function's answer is not what a proxy integration must return.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1

_MESSAGE = "Internal server error"


def _is_proxy_answer(body: Any) -> bool:
    # API Gateway accepts an answer without a status code (200), but none that is no object.
    return isinstance(body, dict) and str(body.get("statusCode", 200)).isdecimal()


def install() -> None:
    """Replace error texts by AWS's own."""
    upstream: Any = apigateway_v1._lambda_proxy_response

    def proxy_response(result: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
        if not result.get("throttle"):
            failed = bool(result.get("error"))
            if failed or not _is_proxy_answer(result.get("body")):
                return None, _MESSAGE
        answer: tuple[dict[str, Any] | None, str | None] = upstream(result)
        return answer

    apigateway_v1._lambda_proxy_response = proxy_response
