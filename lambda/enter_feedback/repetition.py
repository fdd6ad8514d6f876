"""Repeated requests: the same key and the same feedback are stored once."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)

from dynamodb_access.client import dynamodb_client
from rest_api.errors import ConflictError, StorageUnavailableError, UnderWayError

REMEMBERED_SECONDS = 3_600


@cache
def _store() -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(
        table_name=os.environ["IDEMPOTENCY_TABLE_NAME"],
        boto3_client=dynamodb_client(),
    )


def once(key: str, payload: dict[str, Any], work: Callable[[], str], *, context: Any) -> str:
    """Return what `work` returned when `key` was used first.

    Parameters
    ----------
    key
        The client's key of this request.
    payload
        What must be the same when the key is used again. Only hashes are stored.
    work
        Does it.
    context
        The Lambda context: how long an attempt may take before another may begin.

    Raises
    ------
    ConflictError
        The key was used with another payload.
    UnderWayError
        The first attempt is still under way.
    StorageUnavailableError
        DynamoDB does not answer.
    """
    config = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="payload",
        expires_after_seconds=REMEMBERED_SECONDS,
        hash_function="sha256",
        lambda_context=context,
    )

    def attempt(*, request: dict[str, Any]) -> str:  # noqa: ARG001 - Powertools reads it
        return work()

    attempt_once = idempotent_function(
        attempt, data_keyword_argument="request", persistence_store=_store(), config=config
    )
    try:
        answer: str = attempt_once(request={"key": key, "payload": payload})
    except IdempotencyValidationError:
        raise ConflictError("This Idempotency-Key came with another feedback before.") from None
    except IdempotencyAlreadyInProgressError:
        raise UnderWayError(
            "The first request with this Idempotency-Key is still under way."
        ) from None
    except IdempotencyPersistenceLayerError as error:
        raise StorageUnavailableError("The table does not answer.") from error
    return answer
