"""AWS's clients, and what their errors mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.client_environment import make_client
from local.credentials import load_or_create
from local.settings import LocalSettings

AwsError = (BotoCoreError, ClientError)
"""What a call may raise; a service that an embedded AWS lacks raises one of them too."""


def client(service: str, region: str, *, local: LocalSettings | None = None) -> Any:
    """Return boto3's client of a service in a region; an unreachable one fails soon.

    Parameters
    ----------
    service, region
        As boto3 calls them.
    local
        The embedded AWS, where it is meant and not the real one.
    """
    if local is not None:
        credentials = load_or_create(local.state_folder)
        return make_client(replace(local, region=region), credentials, service)
    return boto3.Session(region_name=region).client(
        service,  # type: ignore[call-overload]  # the name is not a literal here
        config=Config(connect_timeout=5, retries={"total_max_attempts": 3}),
    )


def error_code(error: Exception) -> str:
    """Return AWS's name of an error, or the exception's."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or "ClientError"
    return type(error).__name__


def is_denied(error: Exception) -> bool:
    """Whether the caller lacks a permission."""
    code = error_code(error)
    # S3 has no name for it where it answers without a body.
    return "AccessDenied" in code or "Unauthorized" in code or code == "403"


def why(error: Exception) -> str:
    """Say in a few words why something could not be read."""
    if is_denied(error):
        return "these credentials may not read it"
    if isinstance(error, ClientError):
        return f"AWS answered {error_code(error)}"
    return str(error).rstrip(".")
