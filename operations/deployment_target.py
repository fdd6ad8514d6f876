"""Which AWS a program talks to, and what of the application is there.

With a region it is the real AWS, with the credentials that any AWS client finds. Without one it
is the embedded AWS of this working copy, which must be running.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from local.settings import LocalSettings, LocalSettingsError
from operations.aws import AwsError, client, error_code, why
from operations.chosen_stage import chosen_stage
from stacks.settings import Settings


class TargetError(Exception):
    """There is no such AWS or no such deployment; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One AWS, and one stage of the application.

    Attributes
    ----------
    settings
        Of the stage.
    stack_name
        The one stack of an application that was started by a launch link, or None.
    local
        The embedded AWS, or None for the real one.
    """

    settings: Settings
    stack_name: str | None = None
    local: LocalSettings | None = None

    def __str__(self) -> str:
        """Say where this leads, for people."""
        where = (
            f"the embedded AWS at {self.local.endpoint_url}"
            if self.local
            else f"AWS in {self.settings.region}"
        )
        return f"{self.stack_name or self.settings.stage_name} on {where}"

    def client(self, service: str) -> Any:
        """Return boto3's client of a service."""
        return client(service, self.settings.region, local=self.local)

    def outputs(self, *stacks: str) -> dict[str, str]:
        """Return the outputs of the stage's stacks that are named, or of the one stack.

        Raises
        ------
        TargetError
            If one is not there.
        """
        names = (
            [self.stack_name]
            if self.stack_name
            else [f"{self.settings.stage_name}-{stack}" for stack in stacks]
        )
        cloudformation = self.client("cloudformation")
        found: dict[str, str] = {}
        for name in names:
            try:
                (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
            except AwsError as error:
                if error_code(error) == "ValidationError":
                    raise TargetError(f"there is no stack {name}. You asked for {self}") from error
                raise TargetError(f"the stack {name} could not be read: {why(error)}") from error
            found |= {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
        return found


def find_target(
    *, region: str | None, environment: str | None, stack_name: str | None = None
) -> Target:
    """Choose the AWS and the stage.

    Parameters
    ----------
    region
        Of the real AWS; None for the embedded one.
    environment
        Name of a preset, ``workshop`` where it is not said.
    stack_name
        The stack of an application that was started by a launch link.

    Raises
    ------
    TargetError
        If the embedded AWS does not run.
    SettingsError
        If there is no such region or environment.
    """
    local = None if region else running_local("REGION=eu-west-1")
    settings = chosen_stage(environment or "workshop", region or (local.region if local else ""))
    return Target(settings=settings, stack_name=stack_name, local=local)


def running_local(real_aws: str) -> LocalSettings:
    """Return the embedded AWS of this working copy.

    Parameters
    ----------
    real_aws
        How the caller's user asks for the real one, for the message.

    Raises
    ------
    TargetError
        If it does not run, or a variable that describes it has a value that cannot work.
    """
    try:
        local = LocalSettings.from_environment(os.environ)
    except LocalSettingsError as error:
        raise TargetError(f"{error}. Or choose the real AWS: {real_aws}") from error
    elsewhere = ""
    if local.urls_file.exists():
        # It may run on another port than this shell's variables say.
        address = str(json.loads(local.urls_file.read_text())["aws"])
        if address != local.endpoint_url:
            port = urlsplit(address).port
            elsewhere = f"It was started last at {address} (LOCAL_AWS_PORT={port}). "
        elif _answers(local):
            return local
    raise TargetError(
        f"no embedded AWS answers at {local.endpoint_url}. {elsewhere}Start it with "
        f"'make local-up', or choose the real AWS: {real_aws}"
    )


def _answers(local: LocalSettings) -> bool:
    try:
        client("sts", local.region, local=local).get_caller_identity()
    except AwsError:
        return False
    return True
