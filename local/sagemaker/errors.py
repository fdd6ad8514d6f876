"""What the local SageMaker refuses, in the words and status codes of AWS."""

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


def could_not_find(kind: str, arn: str) -> ApiError:
    """Build the not-found error; the SageMaker SDK looks for ``Could not find``."""
    return ApiError("ValidationException", f'Could not find {kind} "{arn}".')


def resource_in_use(message: str) -> ApiError:
    """Build the error for a name that is taken or a resource that is busy."""
    return ApiError("ResourceInUse", message)


def access_denied(message: str) -> ApiError:
    """Build the error for a call that IAM does not allow."""
    return ApiError("AccessDeniedException", message)


def not_implemented(operation: str) -> ApiError:
    """Build the error for an operation that AWS has and this emulator has not."""
    return ApiError(
        "NotImplementedException",
        f"The embedded SageMaker does not implement the operation {operation}.",
        501,
    )
