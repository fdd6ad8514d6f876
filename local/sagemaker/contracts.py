"""The contract between SageMaker and a container: what it finds, and how it is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.aws_api import Record

BASE = "/opt/ml"
"""Where a container finds everything."""

HOST_NAME = "algo-1"
Fetch = Callable[[str], bytes]
"""Reads an object by its ``s3://`` address, with the execution role's rights."""


class UnsupportedImageError(Exception):
    """No contract is known for an image, or a request goes beyond the known one."""


@dataclass(frozen=True)
class Failure:
    """What a container that failed reports."""

    text: str
    exit_code: int


def end_of_log(_program: Program, exit_code: int, last_lines: list[str]) -> Failure:
    """Describe a failure by the end of the log."""
    return Failure("\n".join(last_lines), exit_code)


@dataclass(frozen=True)
class Program:
    """What stands in for a container's entry point."""

    command: list[str]
    environment: dict[str, str]
    folder: Path
    notices: tuple[str, ...] = ()
    """What the container's log shall say first."""
    describe_failure: Callable[[Program, int, list[str]], Failure] = end_of_log
    """Of exit code and last lines, for where the program left no failure file."""
    image: str | None = None
    """Image in which an engine runs the command; None for a program of this machine."""
    entry_point: str | None = None
    """What an engine runs in the place of the image's own entry point."""


class Layout:
    """The folders that a container finds under ``/opt/ml``.

    Parameters
    ----------
    base
        What stands for ``/opt/ml``; the toolkits follow ``SAGEMAKER_BASE_DIR``.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        self.code = base / "code"
        self.model = base / "model"
        self.data = base / "input" / "data"
        self.configuration = base / "input" / "config"
        self.output = base / "output"
        self.output_data = self.output / "data"
        self.intermediate = self.output / "intermediate"
        self.failure = self.output / "failure"
        self.temporary = base.parent / "tmp"

    def create(self) -> None:
        """Create the folders."""
        for folder in (
            self.code,
            self.model,
            self.data,
            self.configuration,
            self.output_data,
            self.intermediate,
        ):
            folder.mkdir(parents=True, exist_ok=True)


Contract = Callable[[Record, Layout, Fetch], Program]
"""Lays out what a program needs, and describes how to start it.

Of a training job, or of a model's container, with the container's layout. It raises
`UnsupportedImageError` for what goes beyond it, and `local.sagemaker.artifacts.ArtifactError` if
something cannot be fetched.
"""


def job_environment(job: Record) -> dict[str, str]:
    """Return the variables that a training job asks for."""
    return dict(job.get("Environment", {}))


def resource_configuration(job: Record) -> Record:
    """Content of ``input/config/resourceconfig.json``."""
    instance_type = job.get("ResourceConfig", {}).get("InstanceType", "ml.m5.large")
    return {
        "current_host": HOST_NAME,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": [HOST_NAME],
        "instance_groups": [
            {
                "instance_group_name": "homogeneousCluster",
                "instance_type": instance_type,
                "hosts": [HOST_NAME],
            }
        ],
        "network_interface_name": "lo",
    }


def input_data_configuration(job: Record) -> Record:
    """Content of ``input/config/inputdataconfig.json``."""
    configuration = {}
    for channel in job.get("InputDataConfig", []):
        source = channel["DataSource"].get("S3DataSource", {})
        entry = {
            "TrainingInputMode": channel.get("InputMode", "File"),
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        }
        if "ContentType" in channel:
            entry["ContentType"] = channel["ContentType"]
        configuration[channel["ChannelName"]] = entry
    return configuration
