"""Where the containers of jobs and model servers run, and the place that plays them by processes.

Docker engines are the other place (:mod:`local.sagemaker.engine_containers`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from local.sagemaker.contracts import Layout, Program
from local.sagemaker.subprocesses import ContainerProcess, ProcessTable


class ContainerStartError(Exception):
    """A container cannot be started; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """What is to be started.

    Attributes
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
    """

    program: Program
    layout: Layout
    environment: Mapping[str, str]
    port: int | None = None
    network: bool = True
    memory_mb: int | None = None


class Containers(ABC):
    """A place where containers run.

    Parameters
    ----------
    processes
        Table of the emulator's container processes.
    """

    def __init__(self, processes: ProcessTable) -> None:
        self.processes = processes

    @abstractmethod
    def start(self, container: Container) -> ContainerProcess:
        """Start a container.

        Raises
        ------
        ContainerStartError
            If it cannot be started.
        """


class PlayedContainers(Containers):
    """Processes of this machine, with everybody's network and memory."""

    def start(self, container: Container) -> ContainerProcess:
        """Start the program with the toolkits' variables for folders other than ``/opt/ml``."""
        layout, program = container.layout, container.program
        layout.temporary.mkdir(exist_ok=True)
        places = {
            "SAGEMAKER_BASE_DIR": str(layout.base),
            "HOME": str(layout.temporary),
            "TMPDIR": str(layout.temporary),
            "PYTHONUNBUFFERED": "1",
        }
        if container.port is not None:
            places["SM_MODEL_DIR"] = str(layout.model)
            places["SAGEMAKER_BIND_TO_PORT"] = str(container.port)
        environment = {**container.environment, **places}
        try:
            return self.processes.start(program.command, environment, program.folder)
        except (OSError, RuntimeError) as error:
            raise ContainerStartError(f"{program.command[0]} cannot be started: {error}") from error
