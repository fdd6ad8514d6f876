"""The DynamoDB client, with its time-outs and retries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARALLEL_REQUESTS = 8


def dynamodb_client() -> DynamoDBClient:
    """Return a client of the function's own region."""
    return boto3.client(
        "dynamodb",
        config=Config(
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 4},
            max_pool_connections=PARALLEL_REQUESTS,
        ),
    )
