"""Training jobs that bring their container's entry point along, as those of SDK v3 do.

The SDK's ``ModelTrainer`` sends the channels ``code`` and ``sm_drivers`` and has the container
run a driver from them, whatever program the image has of its own. The driver knows
``/opt/ml`` only by that path.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

from local.sagemaker import private_mounts
from local.sagemaker.images import Failure, Layout, Program, Record, UnsupportedImageError
from local.sagemaker.settings import SageMakerSettings

_BASE = "/opt/ml"


def brings_entry_point(job: Record) -> bool:
    """Whether a job runs a program of its own instead of its image's."""
    return "ContainerEntrypoint" in job["AlgorithmSpecification"]


class EntryPoint:
    """A container whose entry point is given by the job.

    Parameters
    ----------
    settings
        Surroundings; the interpreter is what ``python3`` means in the container.
    """

    def __init__(self, settings: SageMakerSettings) -> None:
        self._settings = settings

    def prepare(self, job: Record, layout: Layout, _fetch: Callable[[str], bytes]) -> Program:
        """Describe the job's program in a container that has our interpreter."""
        specification = job["AlgorithmSpecification"]
        program = [
            *specification["ContainerEntrypoint"],
            *specification.get("ContainerArguments", []),
        ]
        programs = layout.base.parent / "bin"
        write_interpreter(programs, self._settings.model_python)
        try:
            command = private_mounts.command({_BASE: layout.base}, program)
        except private_mounts.MountsUnavailableError as error:
            raise UnsupportedImageError(
                f"ContainerEntrypoint cannot be run on this machine: {error}"
            ) from error
        environment = {
            "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
            **job.get("Environment", {}),
        }
        return Program(command, environment, layout.base)

    def failure(self, _program: Program, exit_code: int, last_lines: list[str]) -> Failure:
        """Describe a failure by the end of the log."""
        return Failure("\n".join(last_lines), exit_code)


def write_interpreter(folder: Path, interpreter: Path) -> None:
    """Make ``python3`` and ``pip3`` in a folder mean an interpreter of ours.

    Not by symbolic links: a virtual environment's interpreter finds its packages by the path
    under which it is started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    quoted = shlex.quote(str(interpreter))
    for names, command in (
        (("python3", "python"), quoted),
        (("pip3", "pip"), f"{quoted} -m pip"),
    ):
        for name in names:
            program = folder / name
            program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
            program.chmod(0o755)
