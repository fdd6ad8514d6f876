"""Reads ``policy.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_FILE = Path(__file__).with_name("policy.toml")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exemption(_Table):
    """A licence outside the list, accepted for one package."""

    licence: str
    reason: str
    audiences: tuple[str, ...]


class Licences(_Table):
    """Which licences a dependency may have."""

    allowed: frozenset[str]
    classifiers: dict[str, str]
    stated: dict[str, str]
    exceptions: dict[str, Exemption]


class Advisories(_Table):
    """Advisories that do not concern us, by id, with the reason."""

    accepted: dict[str, str]


class Policy(_Table):
    """What a dependency may be."""

    licences: Licences
    advisories: Advisories


def read_policy() -> Policy:
    """Read the policy of this repository."""
    return Policy.model_validate(tomllib.loads(_FILE.read_text()))
