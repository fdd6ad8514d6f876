"""How routes describe their answers in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from rest_api.errors import ApiError, BadRequestError, InternalError

Responses = dict[int, Any]


class ErrorFacts(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable, for programs")
    message: str = Field(description="For people")
    details: Any | None = Field(default=None, description="Limits, positions, ids")


class ErrorAnswer(BaseModel):
    """The one form of every error."""

    error: ErrorFacts


def responses(
    model: Any,
    *errors: type[ApiError],
    status: int = 200,
    description: str,
    headers: dict[str, Any] | None = None,
) -> Responses:
    """Return a route's answers: the good one, its own errors, and those that every route has.

    Parameters
    ----------
    model
        Form of the good answer; None if it has no body.
    *errors
        What else the route may answer.
    status
        Status of the good answer.
    description
        What the good answer means.
    headers
        Headers of the good answer, as OpenAPI describes them.
    """
    good: dict[str, Any] = {"description": description}
    if model is not None:
        good["content"] = {"application/json": {"model": model}}
    if headers:
        good["headers"] = headers
    described: Responses = {status: good}
    known: tuple[type[ApiError], ...] = (BadRequestError, *errors, InternalError)
    for error in known:
        content = {"application/json": {"model": ErrorAnswer}}
        described[error.status] = {
            "description": (error.__doc__ or "").partition("\n")[0],
            "content": content,
        }
        if error.retry_after is not None:
            described[error.status]["headers"] = {
                "Retry-After": {
                    "description": "Seconds after which to try again",
                    "schema": {"type": "integer"},
                }
            }
    return described
