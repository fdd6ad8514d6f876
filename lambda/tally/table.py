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
from functools import cache
from typing import TYPE_CHECKING

from dynamodb_access.client import dynamodb_client
from dynamodb_access.reading import read_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

SHARDS = 16


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
        return cls(dynamodb_client(), table_name=os.environ["INSIGHTS_TABLE_NAME"])

    def read(self) -> Counter[str]:
        """Return every sum.

        Raises
        ------
        StorageUnavailableError
            DynamoDB does not answer after bounded retries.
        """
        keys = [{"Shard": {"N": str(shard)}} for shard in range(SHARDS)]
        total: Counter[str] = Counter()
        for item in read_items(self._client, self._table, keys):
            total.update({name: int(amount) for name, amount in item.items() if name != "Shard"})
        return total
