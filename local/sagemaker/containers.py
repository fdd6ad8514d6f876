"""Containers that are played: the image's program as a process of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from local.sagemaker.images import Layout, Program
from local.sagemaker.subprocesses import ContainerProcess, ProcessTable


class ContainerStartError(Exception):
    """A container cannot be started; the message says why."""


class Containers(Protocol):
    """Where the containers of jobs and model servers run."""

    @property
    def is_closed(self) -> bool:
        """Whether the emulator is ending."""

    def start(
        self,
        program: Program,
        layout: Layout,
        environment: Mapping[str, str],
        *,
        port: int | None = None,
        network: bool = True,
        memory_mb: int | None = None,
    ) -> ContainerProcess:
        """Start a container.

        Parameters
        ----------
        program
            What its image's contract describes.
        layout
            What it finds under ``/opt/ml``.
        environment
            Its variables, without those that depend on where it runs.
        port
            For a model server: port of this machine on which it shall answer.
        network
            Whether a job may reach anything but its own files.
        memory_mb
            Memory that it may use, in MiB.

        Raises
        ------
        ContainerStartError
            If it cannot be started.
        """


class PlayedContainers:
    """Processes of this machine, with everybody's network and memory.

    Parameters
    ----------
    processes
        Table of the emulator's container processes.
    """

    def __init__(self, processes: ProcessTable) -> None:
        self._processes = processes

    @property
    def is_closed(self) -> bool:
        """Whether the emulator is ending."""
        return self._processes.is_closed

    def start(
        self,
        program: Program,
        layout: Layout,
        environment: Mapping[str, str],
        *,
        port: int | None = None,
        network: bool = True,  # noqa: ARG002 - a process shares its machine's
        memory_mb: int | None = None,  # noqa: ARG002 - a process shares its machine's
    ) -> ContainerProcess:
        """Start the program with the toolkits' variables for folders other than ``/opt/ml``."""
        layout.temporary.mkdir(exist_ok=True)
        places = {
            "SAGEMAKER_BASE_DIR": str(layout.base),
            "HOME": str(layout.temporary),
            "TMPDIR": str(layout.temporary),
            "PYTHONUNBUFFERED": "1",
        }
        if port is not None:
            places |= {"SM_MODEL_DIR": str(layout.model), "SAGEMAKER_BIND_TO_PORT": str(port)}
        try:
            return self._processes.start(program.command, {**environment, **places}, program.folder)
        except (OSError, RuntimeError) as error:
            raise ContainerStartError(f"{program.command[0]} cannot be started: {error}") from error
