"""Where a batch's input lies, and where its results go: beside it."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from batch_inference.errors import BatchError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class InputFile(Protocol):
    """A CSV file."""

    def fingerprint(self) -> str:
        """Return what changes when the content does."""

    def lines(self) -> AbstractContextManager[Iterable[bytes]]:
        """Open it for reading from the start."""

    def beside(self, kind: str) -> AbstractContextManager[Path]:
        """Give a file to write, which stands beside the input once the block is done."""

    def name_beside(self, kind: str) -> str:
        """Return the address of what was written, for people."""


class LocalFile:
    """A file of this machine."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise BatchError(f"INPUT: there is no file '{path}'")
        self._path = path

    def fingerprint(self) -> str:
        """Return the digest of the content."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @contextmanager
    def lines(self) -> Iterator[Iterable[bytes]]:
        """Open it for reading from the start."""
        with self._path.open("rb") as file:
            yield file

    @contextmanager
    def beside(self, kind: str) -> Iterator[Path]:
        """Give a file that takes its place when it is complete."""
        target = self._target(kind)
        partial = target.with_name(f".{target.name}.partial")
        try:
            yield partial
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def name_beside(self, kind: str) -> str:
        """Return the path."""
        return str(self._target(kind))

    def _target(self, kind: str) -> Path:
        return self._path.with_name(f"{self._path.stem}.{kind}.csv")


class S3File:
    """An object in S3."""

    def __init__(self, s3: S3Client, bucket: str, key: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key

    def fingerprint(self) -> str:
        """Return the entity tag.

        Raises
        ------
        BatchError
            If the object is not there.
        """
        try:
            return self._s3.head_object(Bucket=self._bucket, Key=self._key)["ETag"]
        except ClientError as error:
            address = f"s3://{self._bucket}/{self._key}"
            raise BatchError(f"INPUT: {address} cannot be read: {error}") from error

    @contextmanager
    def lines(self) -> Iterator[Iterable[bytes]]:
        """Open it for reading from the start."""
        body = self._s3.get_object(Bucket=self._bucket, Key=self._key)["Body"]
        # A buffer of its own: iterating over the body itself would yield blocks, not lines.
        with io.BufferedReader(body, 1 << 20) as file:  # type: ignore[type-var]
            yield file

    @contextmanager
    def beside(self, kind: str) -> Iterator[Path]:
        """Give a temporary file that is uploaded when it is complete."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            yield path
            self._s3.upload_file(
                str(path), self._bucket, self._target(kind), ExtraArgs={"ContentType": "text/csv"}
            )

    def name_beside(self, kind: str) -> str:
        """Return the object's address."""
        return f"s3://{self._bucket}/{self._target(kind)}"

    def _target(self, kind: str) -> str:
        key = PurePosixPath(self._key)
        return str(key.with_name(f"{key.stem}.{kind}.csv"))
