"""Time-outs and retries of the DynamoDB client."""

from __future__ import annotations

from botocore.config import Config

PARALLEL_REQUESTS = 8

CLIENT_SETTINGS = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 4},
    max_pool_connections=PARALLEL_REQUESTS,
)
