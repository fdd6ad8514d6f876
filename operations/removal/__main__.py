"""Remove one stage: ``python -m operations.removal ENVIRONMENT REGION [METHOD] [--yes]``.

It asks first, leaves alone what is protected, and lists what stays. ``--list`` only lists.
Ends with 0 when the stage is gone, with 1 when it is not, with 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from local.deployment import CDK_COMMAND
from operations.aws import AwsError, client, why
from operations.chosen_stage import chosen_stage
from operations.preflight.account import check_credentials
from operations.removal.leftovers import Kept, kept_resources, leftovers
from operations.stage_stacks import DeployedStack, deployed_stacks
from stacks.settings import Settings, SettingsError
from stacks.shipped_folder import REPOSITORY


def main(arguments: Sequence[str]) -> int:
    """Remove, or list; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m operations.removal", description=__doc__)
    parser.add_argument("environment")
    parser.add_argument("region")
    parser.add_argument("method", nargs="?")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--list", action="store_true", help="remove nothing, list what is left")
    options = parser.parse_args(arguments)
    try:
        settings = chosen_stage(options.environment, options.region, options.method)
    except SettingsError as error:
        return _fail(2, str(error))
    caller, credentials = check_credentials(settings.region)
    if caller is None:
        return _fail(1, str(credentials))
    try:
        listed = deployed_stacks(settings.stage_name, settings.region)
        kept = kept_resources(listed, settings.region)
        stacks = _standing(listed)
        if options.list:
            return _list(settings, caller.account, kept, stacks)
        return _remove(settings, stacks, kept, account=caller.account, sure=options.yes)
    except AwsError as error:
        return _fail(1, f"the stacks of {settings.stage_name} could not be read: {why(error)}")


def _remove(
    settings: Settings,
    stacks: list[DeployedStack],
    kept: list[Kept],
    *,
    account: str,
    sure: bool,
) -> int:
    stage = settings.stage_name
    if not stacks:
        print(f"Nothing of {stage} is deployed in account {account}.")
        return _list(settings, account, kept, stacks)
    protected = _protected(stacks, settings.region)
    if protected:
        commands = "\n".join(
            "  aws cloudformation update-termination-protection --no-enable-termination-protection"
            f" --stack-name {name} --region {settings.region}"
            for name in protected
        )
        return _fail(
            1,
            f"{stage} is protected against removal; nothing was removed. "
            f"If it shall go all the same:\n{commands}",
        )
    names = ", ".join(stack.name.removeprefix(f"{stage}-") for stack in stacks)
    print(f"{stage} in account {account}: {names}.", flush=True)
    if not sure and not _confirmed(stage):
        return _fail(2, "nothing was removed. Type the stage's name, or give YES=1.")
    command = [str(CDK_COMMAND), "destroy", f"{stage}/*", "--force", "--no-notices"]
    command += ["--output", str(REPOSITORY / "build" / "cdk.destroy")]
    command += ["-c", f"environment={settings.environment}", "-c", f"region={settings.region}"]
    command += ["-c", f"method={settings.method}"]
    removed = subprocess.run(command, cwd=REPOSITORY, check=False)
    standing = _standing(deployed_stacks(stage, settings.region))
    listed = _list(settings, account, kept, standing)
    return listed if removed.returncode == 0 else 1


def _standing(listed: list[DeployedStack]) -> list[DeployedStack]:
    return [stack for stack in listed if not stack.is_gone]


def _list(settings: Settings, account: str, kept: list[Kept], stacks: list[DeployedStack]) -> int:
    stage = settings.stage_name
    left = list(leftovers(settings, account, kept, stacks))
    if stacks:
        states = ", ".join(f"{s.name.removeprefix(f'{stage}-')} ({s.status})" for s in stacks)
        print(f"\n{stage} is still deployed: {states}.")
        print(
            f"make destroy REGION={settings.region} ENVIRONMENT={settings.environment} removes it."
        )
    if left:
        owner = ", which none of these stacks owns" if stacks else ""
        print(f"\nLeft of {stage}{owner}, and how to remove it:")
    elif not stacks:
        print(f"Nothing is left of {stage}.")
    for leftover in left:
        print(f"- {leftover.words}" + (f"\n    {leftover.command}" if leftover.command else ""))
    return 0


def _protected(stacks: list[DeployedStack], region: str) -> list[str]:
    cloudformation = client("cloudformation", region)
    return [
        stack.name
        for stack in stacks
        if cloudformation.describe_stacks(StackName=stack.identifier)["Stacks"][0].get(
            "EnableTerminationProtection"
        )
    ]


def _confirmed(stage: str) -> bool:
    try:
        return input(f"Type {stage} to remove it: ").strip() == stage
    except EOFError:
        return False


def _fail(code: int, message: str) -> int:
    print(f"removal: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
