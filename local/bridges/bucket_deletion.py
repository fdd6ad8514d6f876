"""Deleting a bucket that is not empty fails.

Gap (ministack 1.5.33): deleting an ``AWS::S3::Bucket`` through CloudFormation drops the bucket
with everything in it, where AWS refuses. A template whose stack cannot be deleted in the cloud
must not look deletable here.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners


def install() -> None:
    """Delete buckets as the S3 API does."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    upstream: Any = handlers["delete"]

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        if physical_id in s3._buckets:
            status, _headers, _body = s3._delete_bucket(physical_id)
            if status >= 400:
                raise ValueError(
                    f"The bucket {physical_id} you tried to delete is not empty"
                    " (Service: S3, Status Code: 409, Error Code: BucketNotEmpty)"
                )
        upstream(physical_id, properties)

    handlers["delete"] = delete
