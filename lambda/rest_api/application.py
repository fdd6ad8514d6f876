"""The event handler that every function is built on, and its Lambda entry."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.logging import correlation_paths

from rest_api.cors import cors_headers
from rest_api.errors import (
    ApiError,
    BadRequestError,
    InternalError,
    MethodNotAllowedError,
    NoSuchFeedbackError,
    NotFoundError,
    UnsupportedMediaTypeError,
)
from rest_api.observability import log_fault, logger, metrics, tracer
from rest_api.routes import methods_of

JSON = "application/json"
Event = dict[str, Any]
Handler = Callable[[Event, Any], dict[str, Any]]

JsonAnswer = Response[Any]
"""A route's answer. ``Any`` keeps the event handler from validating finished JSON once more."""


def build_application() -> APIGatewayRestResolver:
    """Return an event handler that validates requests and answers every error in one form."""
    application = APIGatewayRestResolver(enable_validation=True)
    application.not_found(lambda _: _error_response(_unknown(application)))
    # Powertools would log what no handler takes, with its message.
    application.exception_handler(Exception)(lambda fault: _error_response(_told(fault)))
    return application


def json_response(
    body: str, *, status: int = 200, headers: dict[str, str] | None = None
) -> JsonAnswer:
    """Return an answer whose body is JSON already."""
    return Response(
        status_code=status,
        content_type=JSON,
        body=body,
        headers=dict[str, str | list[str]](headers or {}),
    )


def lambda_handler(application: APIGatewayRestResolver) -> Handler:
    """Return the function that Lambda calls for the routes of `application`."""

    # The event is never logged, whatever the environment says: it holds what people typed.
    @logger.inject_lambda_context(
        correlation_id_path=correlation_paths.API_GATEWAY_REST, log_event=False, clear_state=True
    )
    @tracer.capture_lambda_handler(capture_response=False, capture_error=False)
    def handler(event: Event, context: Any) -> dict[str, Any]:
        started = time.perf_counter()
        answer = _answer(application, event, context)
        headers = {
            **answer.get("headers", {}),
            **_multi_value(answer),
            **cors_headers(),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        correlation_id = logger.get_correlation_id()
        if correlation_id:
            headers["X-Correlation-Id"] = correlation_id
        milliseconds = (time.perf_counter() - started) * 1000
        _record(event, answer["statusCode"], milliseconds)
        return {
            "statusCode": answer["statusCode"],
            "headers": headers,
            "body": answer.get("body") or "",
            "isBase64Encoded": answer.get("isBase64Encoded", False),
        }

    traced: Handler = handler
    return traced


def _answer(application: APIGatewayRestResolver, event: Event, context: Any) -> dict[str, Any]:
    try:
        if event.get("body") and not _is_json(event):
            return _plain(UnsupportedMediaTypeError())
        return application.resolve(event, context)
    except Exception as fault:  # noqa: BLE001 - the last line of defence of the answer's form
        return _plain(_told(fault))


def _plain(error: ApiError) -> dict[str, Any]:
    return {
        "statusCode": error.status,
        "headers": {"Content-Type": JSON, **error.headers()},
        "body": error.body(),
    }


def _is_json(event: Event) -> bool:
    # The event handler would read forms too, and fail on those that are broken.
    media_type = (_request_header(event, "content-type") or JSON).partition(";")[0]
    return media_type.strip().lower() == JSON


def _error_response(error: ApiError) -> JsonAnswer:
    return json_response(error.body(), status=error.status, headers=error.headers())


def _told(fault: Exception) -> ApiError:
    """Return what the client hears of a failure."""
    if isinstance(fault, ApiError):
        return fault
    if isinstance(fault, RequestValidationError):
        problems = [
            {"at": ".".join(str(part) for part in problem["loc"]), "problem": problem["msg"]}
            for problem in fault.errors()
        ]
        return BadRequestError("The request is not valid.", details=problems)
    if isinstance(fault, RequestUnsupportedContentType):
        return UnsupportedMediaTypeError()
    if isinstance(fault, RecursionError):
        # Nothing of ours recurses; the parser does, as deeply as the client's brackets.
        return BadRequestError("The body is nested too deeply.")
    log_fault(fault)
    return InternalError()


def _unknown(application: APIGatewayRestResolver) -> ApiError:
    """Return what is wrong with a request that no route of this function takes."""
    event = application.current_event
    allowed = methods_of(event.get("resource") or "")
    if event.http_method in allowed:
        # The gateway knows the route; the text in place of the id cannot be one.
        return NoSuchFeedbackError()
    if allowed:
        return MethodNotAllowedError(allowed)
    return NotFoundError("There is no such route.")


def _multi_value(answer: dict[str, Any]) -> dict[str, str]:
    values: dict[str, list[str]] = answer.get("multiValueHeaders", {})
    return {name: ", ".join(entries) for name, entries in values.items()}


def _request_header(event: Event, name: str) -> str | None:
    headers: dict[str, str] = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), None)


def _record(event: Event, status: int, milliseconds: float) -> None:
    # The resource is the route's template: unlike the path it holds nothing of the request.
    logger.info(
        "answered",
        method=event.get("httpMethod"),
        resource=event.get("resource"),
        status=status,
        milliseconds=round(milliseconds, 1),
    )
    # Flushing nothing would log a warning.
    if metrics.metric_set:
        metrics.flush_metrics()
