"""What a service refuses, in the words and status codes of AWS."""

from __future__ import annotations


class ApiError(Exception):
    """A refusal that goes back to the caller as an AWS error.

    Parameters
    ----------
    code : str
        AWS error code, for example ``ValidationException``.
    message : str
        What is wrong, for a human.
    status : int
        HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def validation_error(message: str) -> ApiError:
    """Build the error AWS gives for a request that cannot be right."""
    return ApiError("ValidationException", message)
