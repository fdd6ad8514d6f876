"""The DynamoDB table of the sums.

One item would be a bottleneck: all writers would queue for it. The sums are spread over a fixed
number of items instead; a writer adds to any of them, and a reader adds them all up, in one
request whose cost does not depend on the number of feedbacks.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import boto3
from boto3.dynamodb.types import TypeDeserializer

from dynamodb_access.failures import answering
from dynamodb_access.pauses import pause
from dynamodb_access.settings import CLIENT_SETTINGS
from rest_api.errors import StorageUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

SHARDS = 16
_ATTEMPTS = 8
_deserialize = TypeDeserializer().deserialize


def addition(table_name: str, change: Mapping[str, int]) -> TransactWriteItemTypeDef:
    """Return the part of a transaction that adds `change` to the sums.

    Parameters
    ----------
    table_name
        The table of the sums.
    change
        What is added to each sum; not empty.
    """
    names = {f"#{number}": name for number, name in enumerate(change)}
    values = {f":{number}": {"N": str(amount)} for number, amount in enumerate(change.values())}
    additions = ", ".join(f"#{number} :{number}" for number in range(len(change)))
    shard = random.randrange(SHARDS)  # noqa: S311 - spreads load, hides nothing
    return {
        "Update": {
            "TableName": table_name,
            "Key": {"Shard": {"N": str(shard)}},
            "UpdateExpression": f"ADD {additions}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
    }


class TallyTable:
    """Reads the sums.

    Parameters
    ----------
    client
        A DynamoDB client.
    table_name
        The table, with the key ``Shard``.
    """

    def __init__(self, client: DynamoDBClient, *, table_name: str) -> None:
        self._client = client
        self._table = table_name

    @classmethod
    @cache
    def from_environment(cls) -> TallyTable:
        """Return the table that ``INSIGHTS_TABLE_NAME`` names."""
        client = boto3.client("dynamodb", config=CLIENT_SETTINGS)
        return cls(client, table_name=os.environ["INSIGHTS_TABLE_NAME"])

    def read(self) -> Counter[str]:
        """Return every sum.

        Raises
        ------
        StorageUnavailableError
            DynamoDB does not answer after bounded retries.
        """
        total: Counter[str] = Counter()
        keys = [{"Shard": {"N": str(shard)}} for shard in range(SHARDS)]
        for attempt in range(_ATTEMPTS):
            with answering():
                response = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
                )
            for item in response["Responses"].get(self._table, []):
                for name, value in item.items():
                    if name != "Shard":
                        amount: Decimal = _deserialize(value)
                        total[name] += int(amount)
            rest = response.get("UnprocessedKeys", {}).get(self._table)
            if not rest:
                return total
            keys = [{"Shard": {"N": str(key["Shard"]["N"])}} for key in rest["Keys"]]
            pause(attempt)
        raise StorageUnavailableError("The table is overloaded.")
