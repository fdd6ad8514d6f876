"""Which of DynamoDB's failures pass by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from rest_api.errors import StorageUnavailableError

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)


@contextmanager
def answering() -> Iterator[None]:
    """Turn what passes by itself into a 503; a refused condition and a fault of ours pass on.

    Raises
    ------
    StorageUnavailableError
        DynamoDB cannot be reached, fails or throttles, after the client's own retries.
    """
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        code = error.response.get("Error", {}).get("Code", "")
        if status >= 500 or code in _THROTTLED:
            raise StorageUnavailableError("The table does not answer.") from error
        raise
    except BotoCoreError as error:
        raise StorageUnavailableError("The table cannot be reached.") from error
