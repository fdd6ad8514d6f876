"""Deploy the application to the embedded AWS with the real CDK CLI."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from local.client_environment import client_environment, make_client
from local.credentials import Credentials
from local.progress import Step
from local.settings import ACCOUNT_ID, PROJECT_ROOT, LocalSettings
from local.training_progress import TrainingProgress

CDK_COMMAND = PROJECT_ROOT / "node_modules" / ".bin" / "cdk"
"""What ``npx cdk`` runs, without npm's start-up time and from any folder."""
_HEARTBEAT_SECONDS = 15.0
_END_TIMEOUT_SECONDS = 5.0
_RESOURCE_EVENT = re.compile(r"\| (?P<status>[A-Z_]+) +\| (?P<type>[A-Za-z0-9:]+) +\|")
_API_HOST = re.compile(r"(?P<api>[a-z0-9]+)\.execute-api\.")


class DeploymentError(RuntimeError):
    """A CDK command failed; its output has been shown."""


@dataclass(frozen=True)
class Urls:
    """URLs that answer from this machine, none with a slash at its end but the page's."""

    web: str
    api: str
    aws: str


def cdk_command(*arguments: str) -> list[str]:
    """Command of the CDK CLI with these arguments, whose output is for programs."""
    return [str(CDK_COMMAND), "--no-notices", "--no-color", *arguments]


def is_bootstrapped(settings: LocalSettings, credentials: Credentials) -> bool:
    """Whether the CDK toolkit stack of this region is there."""
    cloudformation = make_client(settings, credentials, "cloudformation")
    try:
        stacks = cloudformation.describe_stacks(StackName="CDKToolkit")["Stacks"]
    except ClientError:
        return False
    return str(stacks[0]["StackStatus"]) in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def bootstrap(settings: LocalSettings, credentials: Credentials, step: Step) -> None:
    """Run ``cdk bootstrap``.

    Raises
    ------
    DeploymentError
        If it fails.
    """
    target = f"aws://{ACCOUNT_ID}/{settings.region}"
    # From a folder without a cdk.json: inside a project, bootstrapping synthesizes it first.
    _run_cdk(settings, credentials, ["bootstrap", target], step, folder=settings.temporary_folder)


def deploy(settings: LocalSettings, credentials: Credentials, step: Step) -> None:
    """Run ``cdk deploy`` for every stack of the stage.

    Parameters
    ----------
    settings, credentials
        The embedded AWS.
    step
        Where the output is shown.

    Raises
    ------
    DeploymentError
        If it fails.
    """
    arguments = [
        "deploy",
        f"{settings.stage_name}/*",
        "--require-approval",
        "never",
        "--progress",
        "events",
        "--outputs-file",
        str(settings.outputs_file),
        "--output",
        str(settings.temporary_folder / "cdk.out"),
        "-c",
        f"region={settings.region}",
        "-c",
        f"environment={settings.environment}",
    ]
    if settings.method is not None:
        arguments += ["-c", f"method={settings.method}"]
    _run_cdk(settings, credentials, arguments, step, folder=PROJECT_ROOT)


def _run_cdk(
    settings: LocalSettings,
    credentials: Credentials,
    arguments: Sequence[str],
    step: Step,
    *,
    folder: Path,
) -> None:
    process = subprocess.Popen(
        cdk_command(*arguments),
        cwd=folder,
        env=client_environment(settings, credentials),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        with settings.deployment_log.open("a") as log:
            _show_output(process, step, log, TrainingProgress(settings, credentials))
        status = process.wait()
    finally:
        _end(process)
    if status != 0:
        raise DeploymentError(
            f"`cdk {arguments[0]}` failed with exit code {status}; see above,"
            f" and {settings.deployment_log} for all of its output"
        )


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_END_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _show_output(
    process: subprocess.Popen[str], step: Step, log: TextIO, training: TrainingProgress
) -> None:
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        if process.stdout is None:
            raise ValueError("the process must have been started with a pipe as its output")
        for line in process.stdout:
            lines.put(line.rstrip())
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    latest = "cdk is starting"
    while True:
        try:
            line = lines.get(timeout=_HEARTBEAT_SECONDS)
        except queue.Empty:
            step.tell(training.describe() or f"still at: {latest}")
            continue
        if line is None:
            return
        log.write(f"{line}\n")
        if line:
            latest = line
        if is_worth_showing(line):
            step.tell(line)


def is_worth_showing(line: str) -> bool:
    """Whether a line of CDK's output belongs on the terminal.

    A stage has some hundred resources, each with two events; those that went well and quickly
    are in the log only.

    Parameters
    ----------
    line
        One line without its end.
    """
    event = _RESOURCE_EVENT.search(line)
    if event is None:
        return bool(line)
    slow = event["type"].startswith(("AWS::SageMaker::", "Custom::", "AWS::CloudFormation::"))
    return slow or "FAILED" in event["status"]


def read_outputs(settings: LocalSettings) -> dict[str, str]:
    """Read the outputs of the stage that was deployed last, by their stable names."""
    stacks: dict[str, dict[str, str]] = json.loads(settings.outputs_file.read_text())
    return {
        name: value
        for stack, outputs in stacks.items()
        if stack.startswith(f"{settings.stage_name}-")
        for name, value in outputs.items()
    }


def read_urls(settings: LocalSettings) -> Urls:
    """URLs of the stage that was deployed last.

    Parameters
    ----------
    settings
        The embedded AWS whose outputs file is read.

    Raises
    ------
    DeploymentError
        If the outputs hold no API.
    """
    outputs = read_outputs(settings)
    api_url = outputs.get("ApiUrl")
    if api_url is None:
        raise DeploymentError(f"{settings.outputs_file} holds no output ApiUrl")
    parts = urlsplit(api_url)
    api = _API_HOST.match(parts.netloc)
    if api is None:
        raise DeploymentError(f"the output ApiUrl is {api_url!r}, which is no REST API")
    stage = parts.path.strip("/")
    return Urls(
        web=settings.page_url,
        api=f"{settings.endpoint_url}/_aws/execute-api/{api['api']}/{stage}",
        aws=settings.endpoint_url,
    )


def choose_page(settings: LocalSettings) -> None:
    """Have the page port show the page of the stage that was deployed last, where it has one."""
    web_url = read_outputs(settings).get("WebUrl")
    if web_url is None:
        settings.page_file.unlink(missing_ok=True)
        return
    host = urlsplit(web_url).netloc
    settings.page_file.write_text(json.dumps({"host": host}) + "\n")
