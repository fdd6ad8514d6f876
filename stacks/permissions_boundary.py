"""The limit that every role of a stage or launch stack gets."""

from __future__ import annotations

from aws_cdk import PermissionsBoundary

from stacks.settings import Settings


def permissions_boundary(settings: Settings) -> PermissionsBoundary | None:
    """Return the account's policy that the settings name, or None where they name none."""
    if not settings.permissions_boundary:
        return None
    return PermissionsBoundary.from_name(settings.permissions_boundary)
