"""The DynamoDB table of feedbacks, keyed by ``ID``."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from feedback.record import INFERRED, SELF_DESCRIBED, Feedback
from rest_api.errors import StorageUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

KEYS_PER_BATCH = 100
"""Keys that one BatchGetItem takes (a limit of DynamoDB)."""

READ_ATTEMPTS = 8
PARALLEL_WRITES = 16
LISTING = "all"
"""The one partition of the listing index."""

MAX_PAGE_BYTES = 4_500_000
"""A page ends here at the latest: Lambda answers with 6 MB at most."""

_PROBABILITY_DIGITS = Decimal("0.0001")
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of the listing ended."""

    posted_time: str
    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the listing, newest first."""

    feedbacks: list[Feedback]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Inference:
    """What the model said about the first name of one feedback."""

    id: str
    first_name: str
    gender: str
    probability: float | None


class FeedbackTable:
    """Reads and writes feedbacks.

    Parameters
    ----------
    client
        A DynamoDB client.
    table_name
        The table, with the key ``ID``.
    listing_index
        Its index with the partition ``Listing`` and the sort key ``PostedTime``; needed to list.

    Raises
    ------
    StorageUnavailableError
        By every method, when DynamoDB does not answer after bounded retries.
    """

    def __init__(
        self, client: DynamoDBClient, *, table_name: str, listing_index: str | None = None
    ) -> None:
        self._client = client
        self._table = table_name
        self._index = listing_index

    @classmethod
    def from_environment(cls) -> FeedbackTable:
        """Return the table that ``TABLE_NAME`` and ``LISTING_INDEX`` name."""
        client = boto3.client(
            "dynamodb",
            config=Config(
                connect_timeout=2,
                read_timeout=5,
                retries={"mode": "standard", "total_max_attempts": 4},
                max_pool_connections=PARALLEL_WRITES,
            ),
        )
        return cls(
            client,
            table_name=os.environ["TABLE_NAME"],
            listing_index=os.environ.get("LISTING_INDEX"),
        )

    def add(self, feedback: Feedback) -> None:
        """Store a new feedback under an ID that no other has."""
        item = {"Listing": LISTING, **feedback.as_answer()}
        with _answering():
            self._client.put_item(
                TableName=self._table,
                Item={name: _serialize(value) for name, value in item.items()},
                ConditionExpression="attribute_not_exists(ID)",
            )

    def newest(self, *, limit: int, after: Cursor | None = None) -> Page:
        """List feedbacks, newest first, from an index: no scan, whatever the table's size."""
        if self._index is None:
            message = "LISTING_INDEX is not set"
            raise RuntimeError(message)
        feedbacks: list[Feedback] = []
        size = 0
        start: dict[str, Any] = {}
        if after is not None:
            start = {
                "ExclusiveStartKey": {
                    "Listing": {"S": LISTING},
                    "PostedTime": {"S": after.posted_time},
                    "ID": {"S": after.id},
                }
            }
        while True:
            with _answering():
                response = self._client.query(
                    TableName=self._table,
                    IndexName=self._index,
                    KeyConditionExpression="Listing = :all",
                    ExpressionAttributeValues={":all": {"S": LISTING}},
                    ScanIndexForward=False,
                    Limit=limit - len(feedbacks),
                    **start,
                )
            for item in response["Items"]:
                feedback = _feedback(item)
                size += len(feedback.feedback.encode()) + 500
                feedbacks.append(feedback)
                if size > MAX_PAGE_BYTES:
                    return Page(feedbacks, Cursor(feedback.posted_time, feedback.id))
            last = response.get("LastEvaluatedKey")
            if not last:
                return Page(feedbacks, None)
            if len(feedbacks) >= limit:
                return Page(feedbacks, Cursor(last["PostedTime"]["S"], last["ID"]["S"]))
            start = {"ExclusiveStartKey": last}

    def read(self, ids: Iterable[str]) -> dict[str, Feedback]:
        """Return the feedbacks of `ids` as they are now; those that do not exist are left out."""
        distinct = list(dict.fromkeys(ids))
        batches = [
            distinct[start : start + KEYS_PER_BATCH]
            for start in range(0, len(distinct), KEYS_PER_BATCH)
        ]
        found: dict[str, Feedback] = {}
        for batch in batches:
            found.update(self._read_batch(batch))
        return found

    def _read_batch(self, ids: Sequence[str]) -> dict[str, Feedback]:
        found: dict[str, Feedback] = {}
        pending: KeysAndAttributesTypeDef = {
            "Keys": [{"ID": {"S": identifier}} for identifier in ids],
            "ConsistentRead": True,
        }
        for attempt in range(READ_ATTEMPTS):
            with _answering():
                response = self._client.batch_get_item(RequestItems={self._table: pending})
            for item in response["Responses"].get(self._table, []):
                feedback = _feedback(item)
                found[feedback.id] = feedback
            rest = response.get("UnprocessedKeys", {}).get(self._table)
            if not rest:
                return found
            pending = {"Keys": rest["Keys"], "ConsistentRead": True}
            time.sleep(random.uniform(0, min(1.0, 0.05 * 2**attempt)))  # noqa: S311
        message = "The table is overloaded."
        raise StorageUnavailableError(message, retry_after=2)

    def store(self, inferences: Sequence[Inference]) -> dict[str, Feedback]:
        """Store inferred genders and return the rows as they stand afterwards.

        A row that was deleted meanwhile stays deleted and is left out; a gender that the person
        stated meanwhile, and a first name that changed, win over the inference.
        """
        with ThreadPoolExecutor(max_workers=PARALLEL_WRITES) as pool:
            rows = pool.map(self._store_one, inferences)
        return {row.id: row for row in rows if row is not None}

    def _store_one(self, inference: Inference) -> Feedback | None:
        changes: dict[str, object] = {"Gender": inference.gender, "GenderSource": INFERRED}
        if inference.probability is not None:
            changes["GenderProbability"] = Decimal(str(inference.probability)).quantize(
                _PROBABILITY_DIGITS
            )
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        removal = "" if "GenderProbability" in changes else " REMOVE GenderProbability"
        values = {f":{name}": _serialize(value) for name, value in changes.items()}
        try:
            with _answering():
                response = self._client.update_item(
                    TableName=self._table,
                    Key={"ID": {"S": inference.id}},
                    UpdateExpression=f"SET {assignments}{removal}",
                    ConditionExpression=(
                        "attribute_exists(ID) AND FirstName = :name AND "
                        "(attribute_not_exists(GenderSource) OR GenderSource <> :self)"
                    ),
                    ExpressionAttributeValues={
                        **values,
                        ":name": {"S": inference.first_name},
                        ":self": {"S": SELF_DESCRIBED},
                    },
                    ReturnValues="ALL_NEW",
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return self.read([inference.id]).get(inference.id)
        return _feedback(response["Attributes"])


def _feedback(item: dict[str, Any]) -> Feedback:
    return Feedback.model_validate({name: _deserialize(value) for name, value in item.items()})


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what passes by itself into a 503; a refused condition and a fault of ours pass on."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        code = error.response.get("Error", {}).get("Code", "")
        if status >= 500 or code in _THROTTLED:
            message = "The table does not answer."
            raise StorageUnavailableError(message, retry_after=2) from error
        raise
    except BotoCoreError as error:
        message = "The table cannot be reached."
        raise StorageUnavailableError(message, retry_after=2) from error


_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
