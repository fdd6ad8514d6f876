"""Stages side by side on one embedded AWS, deployed from one synthesis as a pipeline does it."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from local.client_environment import client_environment, make_client
from local.deployment import cdk_command
from local.settings import ACCOUNT_ID, PROJECT_ROOT
from tests.local.embedded_aws import EmbeddedAws, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# One of each environment, in two regions; ``make test-regions`` takes all of them.
USUAL_STAGES = "workshop-us-east-1 production-eu-west-1"
STAGES = os.environ.get("STAGES", USUAL_STAGES).split()
# More stacks at once are not faster on two processors.
_CONCURRENCY = "4"


@dataclass(frozen=True)
class Regions:
    """The embedded AWS with the stages in it."""

    aws: EmbeddedAws
    assembly: Path

    def client(self, service: str, stage: str) -> Any:
        """Boto3 client of a stage's region."""
        region = stage.partition("-")[2]
        return make_client(replace(self.aws.settings, region=region), self.aws.credentials, service)

    def cdk(self, *arguments: str) -> str:
        """Run the CDK CLI from a folder without a ``cdk.json``; return what it wrote."""
        done = subprocess.run(
            cdk_command(*arguments),
            cwd=self.assembly.parent,
            env=client_environment(self.aws.settings, self.aws.credentials),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def stacks(self, stage: str) -> dict[str, str]:
        """Status of a stage's stacks, by name."""
        described = self.client("cloudformation", stage).describe_stacks()["Stacks"]
        return {
            stack["StackName"]: stack["StackStatus"]
            for stack in described
            if stack["StackName"].startswith(f"{stage}-")
        }

    def memory_mb(self) -> int:
        """Memory of the embedded AWS with all of its functions and model servers."""
        marker = str(self.aws.settings.state_folder)
        total = 0
        for process in psutil.process_iter():
            try:
                if any(marker in value for value in process.environ().values()):
                    total += process.memory_full_info().pss
            except psutil.Error:
                continue
        return total // 1_000_000


@pytest.fixture(scope="session")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Regions]:
    """Synthesize once, bootstrap every region, deploy all stages."""
    folder = tmp_path_factory.mktemp("regions")
    assembly = folder / "cdk.out"
    subprocess.run(
        cdk_command("synth", "--quiet", "--output", str(assembly), "-c", "method=pre-trained"),
        cwd=PROJECT_ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    with running(folder / "state") as aws:
        found = Regions(aws, assembly)
        began = time.monotonic()
        names = sorted({stage.partition("-")[2] for stage in STAGES})
        found.cdk("bootstrap", *(f"aws://{ACCOUNT_ID}/{name}" for name in names))
        bootstrapped = time.monotonic()
        found.cdk(
            "deploy",
            *(f"{stage}/*" for stage in STAGES),
            "--app",
            str(assembly),
            "--require-approval",
            "never",
            "--concurrency",
            _CONCURRENCY,
        )
        print(  # noqa: T201 - measured for the report, shown with -s
            f"{len(STAGES)} stages: bootstrap {bootstrapped - began:.0f} s, "
            f"deploy {time.monotonic() - bootstrapped:.0f} s, {found.memory_mb()} MB"
        )
        yield found
