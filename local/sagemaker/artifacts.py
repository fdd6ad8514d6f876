"""What moves between S3 and a container's file system, with the execution role's credentials."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws_api import context
from local.sagemaker.roles import RoleCredentials

_CONFIG = Config(
    s3={"addressing_style": "path"},
    connect_timeout=5,
    read_timeout=300,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class ArtifactError(Exception):
    """Something is not in S3, may not be read there, or is not what it should be."""


def client(service: str, credentials: RoleCredentials, region: str) -> Any:
    """boto3 client that speaks to the emulator as an execution role."""
    session: Any = boto3.session.Session(
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        region_name=region,
    )
    return session.client(service, endpoint_url=context.endpoint_url(), config=_CONFIG)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key (or prefix) of an ``s3://`` URI.

    Raises
    ------
    ArtifactError
        If it is another kind of address.
    """
    parsed = urlparse(uri)
    if parsed.scheme != "s3" or not parsed.netloc:
        raise ArtifactError(f"{uri} is no s3:// address")
    return parsed.netloc, parsed.path.lstrip("/")


def exists(s3: Any, uri: str) -> bool:
    """Whether the role can read the object."""
    bucket, key = split_uri(uri)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        return False
    return True


def read(s3: Any, uri: str) -> bytes:
    """Content of an object.

    Raises
    ------
    ArtifactError
        With AWS's own code and words.
    """
    bucket, key = split_uri(uri)
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise ArtifactError(_reason(error)) from error
    return body


def gunzip(content: bytes) -> bytes:
    """Unpack gzip data.

    Raises
    ------
    ArtifactError
        If it is none, or broken.
    """
    try:
        return gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ArtifactError(f"the gzip data cannot be unpacked: {error}") from error


def download_prefix(s3: Any, uri: str, folder: Path, *, gzipped: bool) -> None:
    """Copy every object under a prefix into a folder.

    Raises
    ------
    ArtifactError
        If the prefix is empty, the role may not list or read, or an object is no gzip data though
        it should be.
    """
    bucket, prefix = split_uri(uri)
    found = False
    try:
        for key in keys(s3, bucket, prefix):
            name = key[len(prefix) :].lstrip("/") or key.rsplit("/", 1)[-1]
            target = folder / name
            if folder.resolve() not in target.resolve().parents:
                raise ArtifactError(f"s3://{bucket}/{key} would leave the channel's folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            if gzipped:
                content = gunzip(content)
                target = target.with_suffix("") if target.suffix == ".gz" else target
            target.write_bytes(content)
            found = True
    except ClientError as error:
        raise ArtifactError(_reason(error)) from error
    if not found:
        raise ArtifactError(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. '
            "Please ensure that the bucket exists and that objects exist under that S3 prefix."
        )


def keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    """Yield the keys below a prefix, but for those that stand for folders.

    Raises
    ------
    ArtifactError
        If the role may not list.
    """
    try:
        yield from _keys(s3, bucket, prefix)
    except ClientError as error:
        raise ArtifactError(_reason(error)) from error


def _keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for found in pages:
        for entry in found.get("Contents", []):
            if not entry["Key"].endswith("/"):
                yield entry["Key"]


def extract(archive: bytes, folder: Path) -> None:
    """Unpack a tar.gz.

    Raises
    ------
    ArtifactError
        If it is no tar.gz, or holds an entry that would leave the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArtifactError(f"the archive cannot be unpacked: {error}") from error


def pack(folder: Path) -> bytes | None:
    """tar.gz of a folder's content, the same bytes for the same files; None for an empty folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return _archive(folder, files) if files else None


def pack_nothing() -> bytes:
    """tar.gz without content."""
    return _archive(Path(), [])


def _archive(folder: Path, files: list[Path]) -> bytes:
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in files:
            tar.add(path, str(path.relative_to(folder)), recursive=False, filter=_anonymous)
    return buffer.getvalue()


def write(s3: Any, uri: str, content: bytes, kms_key: str | None = None) -> None:
    """Store an object.

    Raises
    ------
    ArtifactError
        If the role may not write there.
    """
    bucket, key = split_uri(uri)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    try:
        s3.upload_fileobj(io.BytesIO(content), bucket, key, ExtraArgs=encryption)
    except ClientError as error:
        raise ArtifactError(_reason(error)) from error
    except boto3.exceptions.S3UploadFailedError as error:
        raise ArtifactError(str(error)) from error


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
    return entry


def _reason(error: ClientError) -> str:
    details = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return f"{details.get('Code')} ({status}): {details.get('Message')}"
