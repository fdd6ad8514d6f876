"""The whole application on an embedded AWS of its own, as a newcomer starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from local import loopback
from local.client_environment import client_environment, make_client
from local.credentials import Credentials, load_or_create
from local.deployment import cdk_command, read_outputs
from local.settings import PROJECT_ROOT, LocalSettings
from tests.local.embedded_aws import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Application:
    """The application of one stage, deployed to an embedded AWS.

    ``api`` is the address of another API than the one that the stage deployed.
    """

    settings: LocalSettings
    api: str | None = None

    def launch(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run ``python -m local``, as the Makefile's targets do."""
        return subprocess.run(
            [sys.executable, "-m", "local", command],
            cwd=PROJECT_ROOT,
            env={
                **os.environ,
                "LOCAL_AWS_PORT": str(self.settings.port),
                "LOCAL_STATE_FOLDER": str(self.settings.state_folder),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def cdk(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the CDK CLI on the stage, as DevOps do."""
        stage = self.settings.stage_name
        return subprocess.run(
            cdk_command(
                command,
                *(arguments or (f"{stage}/*",)),
                *("--output", str(self.settings.temporary_folder / "cdk.out")),
                *("-c", f"region={self.settings.region}"),
                *("-c", f"environment={self.settings.environment}"),
            ),
            cwd=PROJECT_ROOT,
            env=client_environment(self.settings, self.credentials),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def operate(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's programs, as the Makefile's targets do; it has no terminal."""
        return subprocess.run(
            [sys.executable, "-m", f"operations.{program}", *arguments],
            cwd=PROJECT_ROOT,
            env=client_environment(self.settings, self.credentials),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def deploy_model(self, *context: str) -> subprocess.CompletedProcess[str]:
        """Deploy the stacks that a changed model touches, with settings of one's own."""
        stage = self.settings.stage_name
        overrides = [argument for setting in context for argument in ("-c", setting)]
        return self.cdk(
            "deploy",
            f"{stage}/Storage",
            f"{stage}/Model",
            "--require-approval",
            "never",
            *overrides,
        )

    @property
    def credentials(self) -> Credentials:
        """The administrator of this embedded AWS."""
        return load_or_create(self.settings.state_folder)

    @property
    def urls(self) -> dict[str, str]:
        """What ``urls.json`` says."""
        urls: dict[str, str] = json.loads(self.settings.urls_file.read_text())
        return urls

    @property
    def outputs(self) -> dict[str, str]:
        """Outputs of all stacks by their stable names."""
        return read_outputs(self.settings)

    def aws(self, service: str) -> Any:
        """Return boto3's client of a service."""
        return make_client(self.settings, self.credentials, service)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Call the API; return status and decoded answer."""
        request = urllib.request.Request(
            (self.api or self.urls["api"]) + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **headers},
        )
        try:
            response = loopback.open_url(request, timeout_seconds=60)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            content = response.read()
        return response.status, json.loads(content) if content else None

    def model(self) -> str:
        """Return the fingerprint of the model that answers."""
        status, answer = self.call("POST", "/predict", {"names": ["Mary"]})
        assert status == 200, answer
        model: str = answer["model"]
        return model

    def training_jobs(self) -> list[str]:
        """Return the names of all training jobs."""
        summaries = self.aws("sagemaker").list_training_jobs()["TrainingJobSummaries"]
        return [job["TrainingJobName"] for job in summaries]


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Start the embedded AWS, deploy every stack, train on all names: once for all tests."""
    running = Application(
        LocalSettings(port=free_ports(), state_folder=tmp_path_factory.mktemp("local"))
    )
    try:
        started = running.launch("up")
        assert started.returncode == 0, started.stdout
        yield running
    finally:
        running.launch("down")
