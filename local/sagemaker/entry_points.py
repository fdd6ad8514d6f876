"""Training jobs that bring their container's entry point along, as those of SDK v3 do.

The SDK's ``ModelTrainer`` sends the channels ``code`` and ``sm_drivers`` and has the container
run a driver from them, whatever program the image has of its own. The driver knows
``/opt/ml`` only by that path.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from local.aws_api import Record
from local.sagemaker import private_mounts
from local.sagemaker.contracts import (
    BASE,
    Fetch,
    Layout,
    Program,
    TrainingContract,
    UnsupportedImageError,
    job_environment,
)
from local.sagemaker.interpreters import write_interpreter


def brings_entry_point(job: Record) -> bool:
    """Whether a job runs a program of its own instead of its image's."""
    return "ContainerEntrypoint" in job["AlgorithmSpecification"]


@dataclass(frozen=True)
class EntryPointTraining(TrainingContract):
    """A container whose entry point is given by the job.

    Attributes
    ----------
    python
        Interpreter that ``python3`` means in the container.
    """

    python: Path

    def prepare(self, job: Record, layout: Layout, _fetch: Fetch) -> Program:
        """Describe the job's program in a container that has our interpreter."""
        specification = job["AlgorithmSpecification"]
        program = [
            *specification["ContainerEntrypoint"],
            *specification.get("ContainerArguments", []),
        ]
        programs = layout.base.parent / "bin"
        write_interpreter(programs, self.python)
        try:
            command = private_mounts.command({BASE: layout.base}, program)
        except private_mounts.MountsUnavailableError as error:
            raise UnsupportedImageError(
                f"ContainerEntrypoint cannot be run on this machine: {error}"
            ) from error
        environment = {
            "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
            **job_environment(job),
        }
        return Program(command, environment, layout.base)
