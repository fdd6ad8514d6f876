"""What an AWS client needs to talk to the embedded AWS, and must not get from this machine."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local import image_client, loopback, processes
from local.credentials import Credentials
from local.settings import LocalSettings


def aws_variables(settings: LocalSettings, credentials: Credentials) -> dict[str, str]:
    """Variables that point any AWS client to the embedded AWS."""
    return {
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }


def client_environment(
    settings: LocalSettings,
    credentials: Credentials,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Environment for a command that shall see the embedded AWS and no other.

    Parameters
    ----------
    settings, credentials
        The embedded AWS.
    environ
        Environment to start from. Its own AWS variables are dropped: a profile, a session
        token or a certificate bundle of the host would lead elsewhere.
    """
    environment = {
        name: value for name, value in environ.items() if not name.startswith(("AWS_", "CDK_"))
    }
    environment.update(aws_variables(settings, credentials))
    nothing = settings.temporary_folder / "no-such-file"
    environment.update(
        {
            "AWS_CONFIG_FILE": str(nothing),
            "AWS_SHARED_CREDENTIALS_FILE": str(nothing),
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_HOME": str(settings.state_folder / "cdk-home"),
            "CDK_DISABLE_VERSION_CHECK": "1",
            "CDK_DOCKER": str(image_client.PROGRAM),
            image_client.STORE_VARIABLE: str(settings.temporary_folder / "images"),
            # Banners about the age of Node.js 20, which works and is what Debian delivers.
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
            "NODE_NO_WARNINGS": "1",
            "NO_PROXY": ",".join(filter(None, [environ.get("NO_PROXY"), loopback.HOSTS])),
            "no_proxy": ",".join(filter(None, [environ.get("no_proxy"), loopback.HOSTS])),
            # The application's `python` is the one that runs this.
            "PATH": os.pathsep.join(
                [str(Path(sys.executable).parent), environ.get("PATH", os.defpath)]
            ),
        }
    )
    if settings.engine is not None:
        environment.update(settings.engine.variables())
    environment.update(processes.marker_of(settings.state_folder))
    return environment


def write_environment_file(settings: LocalSettings, credentials: Credentials) -> None:
    """Write shell exports for any AWS client."""
    lines = [
        f"export {name}={shlex.quote(value)}\n"
        for name, value in aws_variables(settings, credentials).items()
    ]
    settings.environment_file.write_text("unset AWS_SESSION_TOKEN AWS_PROFILE\n" + "".join(lines))
    settings.environment_file.chmod(0o600)


def make_client(settings: LocalSettings, credentials: Credentials, service: str) -> Any:
    """Boto3 client of one service of the embedded AWS.

    Parameters
    ----------
    settings, credentials
        The embedded AWS.
    service
        Name of the service, such as ``s3``.
    """
    session: Any = boto3.session.Session(
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        region_name=settings.region,
        # Neither the profiles nor the configuration files of this machine.
        botocore_session=botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        ),
    )
    return session.client(
        service,
        endpoint_url=settings.endpoint_url,
        config=Config(proxies={}, retries={"mode": "standard", "max_attempts": 2}),
    )
