"""Training jobs that bring their container's entry point along, as those of SDK v3 do.

The SDK's ``ModelTrainer`` sends the channels ``code`` and ``sm_drivers`` and has the container
run a driver from them, whatever program the image has of its own. The driver knows
``/opt/ml`` only by that path.
"""

from __future__ import annotations

import os
from pathlib import Path

from local.aws_api import Record
from local.sagemaker import private_mounts
from local.sagemaker.contracts import (
    BASE,
    Fetch,
    Layout,
    Program,
    UnsupportedImageError,
    job_environment,
)
from local.sagemaker.interpreters import write_interpreter


def brings_entry_point(job: Record) -> bool:
    """Whether a job runs a program of its own instead of its image's."""
    return "ContainerEntrypoint" in job["AlgorithmSpecification"]


def entry_point(job: Record, layout: Layout, _fetch: Fetch, *, python: Path) -> Program:
    """Describe the job's program in a container that has our interpreter.

    Parameters
    ----------
    job, layout
        As of every contract.
    python
        Interpreter that ``python3`` means in the container.
    """
    specification = job["AlgorithmSpecification"]
    program = [
        *specification["ContainerEntrypoint"],
        *specification.get("ContainerArguments", []),
    ]
    programs = layout.base.parent / "bin"
    write_interpreter(programs, python)
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
