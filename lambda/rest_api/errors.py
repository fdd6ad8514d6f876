"""What can go wrong, and the one form in which a client hears of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


class ApiError(Exception):
    """A failure that the client is told about.

    Parameters
    ----------
    message
        For the client. It must never hold a name, a feedback or anything else a person typed.
    details
        Further facts in JSON form: a limit, the ids that do not exist.

    Attributes
    ----------
    status
        Of the answer.
    code
        Stable, for programs.
    retry_after
        Seconds after which the same request may succeed; None if it will not.
    """

    status = 500
    code = "internal_error"
    retry_after: int | None = None

    def __init__(self, message: str, *, details: object | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def body(self) -> str:
        """Return the JSON body ``{"error": {"code", "message", "details"?}}``."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return json.dumps({"error": error})

    def headers(self) -> dict[str, str]:
        """Return the headers that belong to this error."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class BadRequestError(ApiError):
    """The request does not say what the route needs."""

    status = 400
    code = "bad_request"


class UnauthorizedError(ApiError):
    """The access token is missing, has ended, or is another pool's. The gateway answers so."""

    status = 401
    code = "unauthorized"


class NotFoundError(ApiError):
    """There is no such route or no such feedback."""

    status = 404
    code = "not_found"


class NoSuchFeedbackError(NotFoundError):
    """There is no feedback of this id, or it was deleted meanwhile."""

    def __init__(self) -> None:
        super().__init__("There is no such feedback.")


class MethodNotAllowedError(ApiError):
    """The route has no such method."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__("The route has no such method.", details={"allowed": list(allowed)})
        self.allowed = allowed

    def headers(self) -> dict[str, str]:
        """Return the methods that there are."""
        return {"Allow": ", ".join(self.allowed)}


class ConflictError(ApiError):
    """The request contradicts what is stored or what is under way."""

    status = 409
    code = "conflict"


class UnderWayError(ConflictError):
    """The same request is being answered already."""

    retry_after = 2


class TooLargeError(ApiError):
    """The request asks for more than one request may."""

    status = 413
    code = "too_large"


class UnsupportedMediaTypeError(ApiError):
    """The body is of a type that the route does not read."""

    status = 415
    code = "unsupported_media_type"

    def __init__(self) -> None:
        super().__init__("Send the body as application/json.")


class InternalError(ApiError):
    """A fault of ours."""

    def __init__(self) -> None:
        super().__init__(
            "Something went wrong on our side. The logs know it by the correlation id."
        )


class ModelFailedError(ApiError):
    """The model answered, but not with predictions."""

    status = 502
    code = "model_failed"
    retry_after = 5


class ModelUnavailableError(ApiError):
    """The model does not answer now: it starts, updates, is overloaded or too slow."""

    status = 503
    code = "model_unavailable"
    retry_after = 5


class StorageUnavailableError(ApiError):
    """The table does not answer now."""

    status = 503
    code = "storage_unavailable"
    retry_after = 2


class SentimentFailedError(ApiError):
    """The sentiment service refused."""

    status = 502
    code = "sentiment_failed"
    retry_after = 5


class SentimentUnavailableError(ApiError):
    """The sentiment service does not answer now."""

    status = 503
    code = "sentiment_unavailable"
    retry_after = 5
