"""Bucket tags and lifecycle rules of a template reach the bucket.

Gap (ministack 1.5.33): ``AWS::S3::Bucket`` drops ``Tags`` and ``LifecycleConfiguration``. CDK's
auto-delete handler empties only buckets that carry its tag, so without it a stack with such a
bucket can never be deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners

_Result = tuple[str, dict[str, Any]]


def _apply_tags(bucket: str, properties: dict[str, Any]) -> None:
    tags = {str(tag["Key"]): str(tag["Value"]) for tag in properties.get("Tags") or []}
    if tags:
        s3._bucket_tags[bucket] = tags
    else:
        s3._bucket_tags.pop(bucket, None)


def install() -> None:
    """Wrap the creation and the update of buckets."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    upstream_create: Callable[..., _Result] = handlers["create"]
    upstream_update: Callable[..., _Result] = handlers["update"]

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> _Result:
        bucket, attributes = upstream_create(logical_id, properties, stack_name)
        _apply_tags(bucket, properties)
        return bucket, attributes

    def update(
        physical_id: str,
        old_properties: dict[str, Any],
        properties: dict[str, Any],
        stack_name: str,
    ) -> _Result:
        bucket, attributes = upstream_update(physical_id, old_properties, properties, stack_name)
        _apply_tags(bucket, properties)
        return bucket, attributes

    handlers["create"] = create
    handlers["update"] = update
