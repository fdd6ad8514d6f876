"""Folders of this machine that a deploy ships, known by what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


class MissingInputError(ValueError):
    """Something that the deploy ships is missing or damaged; the message says what makes it."""


@dataclass(frozen=True)
class ShippedFolder:
    """A folder to be delivered to the bucket.

    Attributes
    ----------
    path
        Where it lies.
    prefix
        Where it is put: its kind and the fingerprint of its content, so that another content
        comes to lie elsewhere, and what was delivered before stays.
    """

    path: Path
    prefix: str


def fingerprint(files: Mapping[str, bytes]) -> str:
    """Return 16 hexadecimal digits that other names or contents of files do not have."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.hexdigest()[:16]
