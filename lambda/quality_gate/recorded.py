"""Metrics that were recorded with a finished model, and proof that its files are those recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK_BYTES = 1 << 20


class DamagedFileError(Exception):
    """A file in the bucket that is not the one that was measured."""


def metrics(files: Mapping[str, Mapping[str, str]]) -> tuple[str, dict[str, float]]:
    """Check both files of a finished model, and return its name and metrics.

    Parameters
    ----------
    files
        ``Url`` and ``Sha256`` of ``Model`` and ``Evaluation``.

    Raises
    ------
    DamagedFileError
        If one of them has another hash.
    """
    evaluation = _checked(files["Evaluation"])
    _checked(files["Model"])
    document: dict[str, Any] = json.loads(evaluation)
    return f"finished model {document['model']}", dict(document["metrics"])


def _checked(file: Mapping[str, str]) -> bytes:
    url = urlsplit(file["Url"])
    s3: S3Client = boto3.client("s3")
    body = s3.get_object(Bucket=url.netloc, Key=url.path.lstrip("/"))["Body"]
    content = b"".join(body.iter_chunks(_CHUNK_BYTES))
    found = hashlib.sha256(content).hexdigest()
    if found != file["Sha256"]:
        raise DamagedFileError(
            f"Quality gate: the sha256 of {file['Url']} is {found}, recorded is {file['Sha256']}"
        )
    return content
