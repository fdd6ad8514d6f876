"""A bucket per region that CloudFormation reads templates and files from."""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from operations.launch_links.templates import LaunchTemplate, PublishedFile, PublishingError

PRIVATE = "private"
PUBLIC = "public"
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")


def check_readers(readers: str) -> None:
    """Refuse readers that are neither private, public, accounts nor an organization.

    Raises
    ------
    PublishingError
        Saying what is allowed.
    """
    if readers in (PRIVATE, PUBLIC) or _ORGANIZATION.fullmatch(readers):
        return
    if not all(_ACCOUNT.fullmatch(account) for account in readers.split(",")):
        raise PublishingError(
            f"READERS: {readers!r} is not allowed. Allowed: private (this account), account ids "
            "such as 111122223333,444455556666, an organization such as o-exampleorg, public"
        )


def publish(s3: Any, launch: LaunchTemplate, readers: str | None) -> int:
    """Publish a template and its files; what is there already stays as it is.

    Parameters
    ----------
    s3
        Client in the template's region.
    launch
        What to publish.
    readers
        Who may launch. None keeps what an existing bucket allows; a new one is private.

    Returns
    -------
    int
        How many files were new.

    Raises
    ------
    PublishingError
        If the bucket is somebody else's or in another region.
    ClientError
        If AWS refuses a request for another reason.
    """
    is_new = _provide_bucket(s3, launch)
    if readers is not None or is_new:
        _allow(s3, launch.bucket, readers or PRIVATE)
    there = {
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=launch.bucket)
        for entry in page.get("Contents", [])
    }
    # The template comes last: whoever sees it finds everything that it refers to.
    new = [file for file in (*launch.assets, launch.template) if file.key not in there]
    for file in new:
        _upload(s3, launch.bucket, file)
    return len(new)


def _provide_bucket(s3: Any, launch: LaunchTemplate) -> bool:
    bucket, region = launch.bucket, launch.region
    try:
        found = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 403:
            raise PublishingError(
                f"the bucket {bucket} belongs to somebody else, or you may not use it. Choose "
                "another BUCKET_PREFIX"
            ) from error
        if status != 404:
            raise
        _create_bucket(s3, bucket, region)
        return True
    place = found.get("x-amz-bucket-region", region)
    if place != region:
        raise PublishingError(
            f"the bucket {bucket} is in {place}, not in {region}: choose another BUCKET_PREFIX"
        )
    return False


def _create_bucket(s3: Any, bucket: str, region: str) -> None:
    # us-east-1 is the place that has no name here.
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(
        Bucket=bucket,
        ObjectOwnership="BucketOwnerEnforced",
        **({"CreateBucketConfiguration": place} if place else {}),
    )
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )


def _allow(s3: Any, bucket: str, readers: str) -> None:
    """Let readers read every object, over TLS, and nobody list them."""
    is_public = readers == PUBLIC
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": not is_public,
            "RestrictPublicBuckets": not is_public,
        },
    )
    objects = f"arn:aws:s3:::{bucket}/*"
    statements: list[dict[str, Any]] = [
        {
            "Sid": "OverTlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{bucket}", objects],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    if readers != PRIVATE:
        statements.append(
            {"Sid": "Launch", "Effect": "Allow", "Action": "s3:GetObject", "Resource": objects}
            | _who(readers)
        )
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements})
    )


def _who(readers: str) -> dict[str, Any]:
    if readers == PUBLIC:
        return {"Principal": "*"}
    if _ORGANIZATION.fullmatch(readers):
        return {
            "Principal": {"AWS": "*"},
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": readers}},
        }
    accounts = [f"arn:aws:iam::{account}:root" for account in readers.split(",")]
    return {"Principal": {"AWS": accounts}}


def _upload(s3: Any, bucket: str, file: PublishedFile) -> None:
    content_type = "application/json" if file.key.endswith(".json") else "application/zip"
    s3.upload_file(str(file.path), bucket, file.key, ExtraArgs={"ContentType": content_type})
