"""Errors that API Gateway answers by itself, in the one form that the API's own errors have."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aws_cdk import aws_apigateway as apigateway

_Type = apigateway.ResponseType


@dataclass(frozen=True)
class GatewayError:
    """How one error of the gateway is answered.

    Attributes
    ----------
    cause
        The gateway's own name of what went wrong.
    status
        HTTP status; None where it depends on the case.
    code, message
        As in the errors of ``lambda/rest_api/errors.py``. The gateway fills variables in.
    headers
        Further headers.
    """

    cause: apigateway.ResponseType
    code: str
    message: str
    status: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def template(self) -> str:
        """Return the JSON that is answered, with the gateway's own name of it for who searches."""
        error = {
            "code": self.code,
            "message": self.message,
            "details": {"reason": "$context.error.responseType"},
        }
        # The gateway puts quotes around its own messages.
        return json.dumps({"error": error}).replace(
            '"$context.error.messageString"', "$context.error.messageString"
        )


_REFUSED = "$context.error.messageString"

# The names become logical ids. A renamed one would be deleted after the new one was made, and
# with it the answer, which the gateway keeps by its cause.
_ERRORS = {
    "GatewayUnknownRoute": GatewayError(
        # What the gateway calls a missing token is a route that does not exist.
        _Type.MISSING_AUTHENTICATION_TOKEN,
        "not_found",
        "There is no such route.",
        status="404",
    ),
    "GatewayUnauthorized": GatewayError(
        _Type.UNAUTHORIZED,
        "unauthorized",
        "Please sign in: an access token is missing or has ended.",
        status="401",
        headers={"WWW-Authenticate": "Bearer"},
    ),
    "GatewayForbidden": GatewayError(
        _Type.ACCESS_DENIED, "forbidden", "This access token does not allow it.", status="403"
    ),
    "GatewayFirewall": GatewayError(
        _Type.WAF_FILTERED, "forbidden", "The firewall refused the request.", status="403"
    ),
    "GatewayTooLarge": GatewayError(
        _Type.REQUEST_TOO_LARGE, "too_large", "At most 10 MB in one request.", status="413"
    ),
    "GatewayThrottled": GatewayError(
        _Type.THROTTLED,
        "throttled",
        "Too many requests. Try again.",
        status="429",
        # The bucket of requests fills up again within a second.
        headers={"Retry-After": "1"},
    ),
    "GatewayTimeout": GatewayError(
        _Type.INTEGRATION_TIMEOUT,
        "timeout",
        "The service takes too long to answer. Try again in a moment.",
        status="503",
        headers={"Retry-After": "5"},
    ),
    "GatewayDefault4Xx": GatewayError(_Type.DEFAULT_4_XX, "refused", _REFUSED),
    "GatewayDefault5Xx": GatewayError(
        _Type.DEFAULT_5_XX, "internal_error", "Something went wrong on our side."
    ),
}


def add_gateway_errors(api: apigateway.RestApi, *, allow_origin: str | None) -> None:
    """Let the gateway answer its errors in the API's form.

    Parameters
    ----------
    api
        The REST API.
    allow_origin
        Origin of the pages that may read the answers; None for the site's own alone.
    """
    shared = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if allow_origin is not None:
        shared["Access-Control-Allow-Origin"] = allow_origin
        shared["Access-Control-Expose-Headers"] = "Retry-After"
    for name, error in _ERRORS.items():
        api.add_gateway_response(
            name,
            type=error.cause,
            status_code=error.status,
            response_headers={
                header: f"'{value}'" for header, value in {**shared, **error.headers}.items()
            },
            templates={"application/json": error.template()},
        )
