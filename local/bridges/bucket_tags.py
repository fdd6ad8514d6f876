"""Bucket tags of a template reach the bucket.

Gap (ministack 1.5.33): ``AWS::S3::Bucket`` drops ``Tags``. CDK's auto-delete handler empties only
buckets that carry its tag, so without it a stack with such a bucket can never be deleted.
"""

from __future__ import annotations

from ministack.services import s3

from local import resource_types
from local.resource_types import Properties


def _apply(bucket: str, properties: Properties, _old: Properties) -> None:
    tags = {str(tag["Key"]): str(tag["Value"]) for tag in properties.get("Tags") or []}
    if tags:
        s3._bucket_tags[bucket] = tags
    else:
        s3._bucket_tags.pop(bucket, None)


def install() -> None:
    """Add the property."""
    resource_types.add_property("AWS::S3::Bucket", "Tags", _apply)
