"""Containers that a Docker engine runs, on SageMaker's contract (``LOCAL_CONTAINERS=docker``).

Files go into a container and out of it through the engine, not by folders of this machine: so
it may run elsewhere, and what a container's root writes belongs to nobody here.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.aws_api import context
from local.engine import Engine, EngineError
from local.sagemaker.containers import Container, Containers, ContainerStartError
from local.sagemaker.contracts import BASE, HOST_NAME, Layout, Program
from local.sagemaker.subprocesses import ContainerProcess, ProcessTable

_PORT = 8080
_MODEL = f"{BASE}/model"


class EngineContainers(Containers):
    """Containers of an engine.

    Parameters
    ----------
    engine
        The engine.
    processes
        Table of the emulator's container processes.
    state_folder
        State folder of the embedded AWS; its path labels everything that is created.
    """

    def __init__(self, engine: Engine, processes: ProcessTable, state_folder: Path) -> None:
        super().__init__(processes)
        self._engine = engine
        self._label = engine.label(state_folder)

    def start(self, container: Container) -> ContainerProcess:
        """Start a container from the program's image.

        A job has the whole of ``/opt/ml`` in a volume of its own; a model server has its model
        there, which it cannot change.
        """
        program, memory = container.program, container.memory_mb
        volume = f"voc-gender-{uuid.uuid4().hex}"
        variables = self._reachable(container.environment)
        options = [f"--env={name}={value}" for name, value in variables.items()]
        if program.entry_point is not None:
            options.append(f"--entrypoint={program.entry_point}")
        if memory is not None:
            options += [f"--memory={memory}m", f"--memory-swap={memory}m"]
        try:
            self._engine.run("volume", "create", "--label", self._label, volume)
            try:
                if container.port is None:
                    options += [] if container.network else ["--network", "none"]
                    created = self._create_job(program, container.layout, options, volume)
                else:
                    options += ["--publish", f"127.0.0.1:{container.port}:{_PORT}"]
                    created = self._create_server(program, container.layout, options, volume)
                return self._attach(created, volume)
            except Exception:
                self._remove(volume)
                raise
        except (EngineError, OSError, RuntimeError) as error:
            raise ContainerStartError(str(error)) from error

    def _create_job(
        self, program: Program, layout: Layout, options: Sequence[str], volume: str
    ) -> str:
        place = ("--hostname", HOST_NAME, "--volume", f"{volume}:{BASE}")
        container = self._created([*options, *place], program)
        self._copy_in(layout.base, container, BASE)
        return container

    def _create_server(
        self, program: Program, layout: Layout, options: Sequence[str], volume: str
    ) -> str:
        # A container that cannot write to its model cannot be given one either: another fills it.
        filling = self._created(["--volume", f"{volume}:{_MODEL}"], program)
        self._copy_in(layout.model, filling, _MODEL)
        self._engine.run("rm", filling)
        place = (f"--env=SAGEMAKER_BIND_TO_PORT={_PORT}", "--volume", f"{volume}:{_MODEL}:ro")
        return self._created([*options, *place], program)

    def _created(self, options: Sequence[str], program: Program) -> str:
        return self._engine.run(
            "create", "--label", self._label, *options, str(program.image), *program.command
        )

    def _copy_in(self, folder: Path, container: str, path: str) -> None:
        # The dot copies what is in the folder rather than the folder.
        self._engine.run("cp", f"{folder}/.", f"{container}:{path}")

    def _attach(self, container: str, volume: str) -> ContainerProcess:
        make = functools.partial(EngineProcess, self._engine, container, volume)
        command = [self._engine.program, "start", "--attach", container]
        return self.processes.start(command, self._engine.client_environment(), Path("/"), make)

    def _remove(self, volume: str) -> None:
        with contextlib.suppress(EngineError):
            mine = self._engine.run("ps", "--all", "--quiet", "--filter", f"volume={volume}")
            if mine:
                self._engine.run("rm", "--force", *mine.split())
            self._engine.run("volume", "rm", volume)

    def _reachable(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Variables with the address under which a container reaches the embedded AWS."""
        bridge = self._engine.bridge
        if bridge is None:
            # Without the embedded AWS in reach, its keys would go to the real one.
            keys = ("AWS_ACCESS_", "AWS_SECRET_", "AWS_SESSION_", "AWS_ENDPOINT_")
            return {k: value for k, value in environment.items() if not k.startswith(keys)}
        if "AWS_ENDPOINT_URL" not in environment:
            return dict(environment)
        return {**environment, "AWS_ENDPOINT_URL": context.endpoint_url(bridge.address)}


class EngineProcess(ContainerProcess):
    """A container of an engine, seen through the client that is attached to it.

    Parameters
    ----------
    engine
        The engine.
    container, volume
        The container, and what it has under ``/opt/ml``.
    arguments
        Of `ContainerProcess`.
    """

    def __init__(self, engine: Engine, container: str, volume: str, *arguments: Any) -> None:
        self._engine = engine
        self._container = container
        self._volume = volume
        super().__init__(*arguments)

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the container's program; a kill ends the client as well."""
        with contextlib.suppress(EngineError):
            self._engine.run("kill", "--signal", number.name, self._container)
        if number == signal.SIGKILL:
            super().signal_group(number)

    def collect(self, layout: Layout) -> None:
        """Copy the model and the output to this machine.

        Raises
        ------
        ContainerStartError
            If the engine does not give them.
        """
        try:
            for folder in (layout.model, layout.output):
                path = f"{BASE}/{folder.relative_to(layout.base)}/."
                self._engine.run("cp", f"{self._container}:{path}", str(folder))
        except EngineError as error:
            raise ContainerStartError(str(error)) from error

    def remove(self) -> None:
        """Remove the container and its volume."""
        with contextlib.suppress(EngineError):
            self._engine.run("rm", "--force", self._container)
            self._engine.run("volume", "rm", self._volume)
