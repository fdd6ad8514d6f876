"""Reads items by their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from dynamodb_access.failures import answering
from dynamodb_access.pauses import pause
from rest_api.errors import StorageUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

KEYS_PER_BATCH = 100
"""Keys that one BatchGetItem takes (a limit of DynamoDB)."""

_ATTEMPTS = 8
_deserialize = TypeDeserializer().deserialize


def read_items(
    client: DynamoDBClient, table_name: str, keys: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the items of `keys` as they are now; those that do not exist are left out.

    Parameters
    ----------
    client
        A DynamoDB client.
    table_name
        Where they are.
    keys
        At most `KEYS_PER_BATCH`, in DynamoDB's own form.

    Raises
    ------
    StorageUnavailableError
        DynamoDB does not answer after bounded retries.
    """
    items: list[dict[str, Any]] = []
    pending: KeysAndAttributesTypeDef = {"Keys": keys, "ConsistentRead": True}
    for attempt in range(_ATTEMPTS):
        with answering():
            response = client.batch_get_item(RequestItems={table_name: pending})
        items.extend(plain(item) for item in response["Responses"].get(table_name, []))
        rest = response.get("UnprocessedKeys", {}).get(table_name)
        if not rest:
            return items
        pending = {"Keys": rest["Keys"], "ConsistentRead": True}
        pause(attempt)
    raise StorageUnavailableError("The table is overloaded.")


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's attributes as Python's own values; numbers are ``Decimal``."""
    return {name: _deserialize(value) for name, value in item.items()}
