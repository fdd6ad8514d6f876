"""Containers that a Docker engine runs, on SageMaker's contract (``LOCAL_CONTAINERS=docker``).

Files go into a container and out of it through the engine, not by folders of this machine: so
it may run elsewhere, and what a container's root writes belongs to nobody here.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local.engine import Engine, EngineError
from local.sagemaker import emulator, registry
from local.sagemaker.containers import ContainerStartError
from local.sagemaker.images import (
    HOST_NAME,
    Failure,
    Layout,
    Program,
    Record,
    UnsupportedImageError,
    job_environment,
)
from local.sagemaker.subprocesses import ContainerProcess, ProcessTable

_PORT = 8080
_BASE = "/opt/ml"
_MODEL = f"{_BASE}/model"
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
)


class EngineTraining:
    """Any training image that the engine has: its own entry point, or the job's.

    Parameters
    ----------
    engine
        The engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def prepare(self, job: Record, layout: Layout, _fetch: Callable[[str], bytes]) -> Program:
        """Describe the container of a training job."""
        specification = job["AlgorithmSpecification"]
        entry_point = specification.get("ContainerEntrypoint", [])
        arguments = [*entry_point[1:], *specification.get("ContainerArguments", [])]
        return Program(
            arguments if entry_point else (arguments or ["train"]),
            dict(job_environment(job)),
            layout.base,
            image=_find(self._engine, specification["TrainingImage"]),
            entry_point=entry_point[0] if entry_point else None,
        )

    def failure(self, _program: Program, exit_code: int, last_lines: list[str]) -> Failure:
        """Describe a failure by the end of the log."""
        return Failure("\n".join(last_lines), exit_code)


class EngineHosting:
    """Any inference image that the engine has, with the argument ``serve``.

    Parameters
    ----------
    engine
        The engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def prepare(self, container: Record, layout: Layout, _fetch: Callable[[str], bytes]) -> Program:
        """Describe the container of a model server."""
        return Program(
            ["serve"],
            dict(container.get("Environment", {})),
            layout.base,
            image=_find(self._engine, container["Image"]),
        )


class EngineContainers:
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
        self._engine = engine
        self._processes = processes
        self._label = engine.label(state_folder)

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
        network: bool = True,
        memory_mb: int | None = None,
    ) -> ContainerProcess:
        """Start a container from the program's image.

        A job has the whole of ``/opt/ml`` in a volume of its own; a model server has its model
        there, which it cannot change.
        """
        volume = f"voc-gender-{uuid.uuid4().hex}"
        options = [f"--env={name}={value}" for name, value in self._reachable(environment).items()]
        if program.entry_point is not None:
            options.append(f"--entrypoint={program.entry_point}")
        if memory_mb is not None:
            options += [f"--memory={memory_mb}m", f"--memory-swap={memory_mb}m"]
        try:
            self._engine.run("volume", "create", "--label", self._label, volume)
            try:
                if port is None:
                    options += [] if network else ["--network", "none"]
                    container = self._create_job(program, layout, options, volume)
                else:
                    options += ["--publish", f"127.0.0.1:{port}:{_PORT}"]
                    container = self._create_server(program, layout, options, volume)
                return self._attach(container, volume)
            except Exception:
                self._remove(volume)
                raise
        except (EngineError, OSError, RuntimeError) as error:
            raise ContainerStartError(str(error)) from error

    def _create_job(
        self, program: Program, layout: Layout, options: Sequence[str], volume: str
    ) -> str:
        place = ("--hostname", HOST_NAME, "--volume", f"{volume}:{_BASE}")
        container = self._created([*options, *place], program)
        self._copy_in(layout.base, container, _BASE)
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
        return self._processes.start(command, self._engine.client_environment(), Path("/"), make)

    def _remove(self, volume: str) -> None:
        with contextlib.suppress(EngineError):
            mine = self._engine.run("ps", "--all", "--quiet", "--filter", f"volume={volume}")
            if mine:
                self._engine.run("rm", "--force", *mine.split())
            self._engine.run("volume", "rm", volume)

    def _reachable(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Variables with the address under which a container reaches the embedded AWS."""
        variables = dict(environment)
        bridge = self._engine.bridge
        if bridge is None:
            # Without the embedded AWS in reach, its keys would go to the real one.
            for name in _CREDENTIALS:
                variables.pop(name, None)
        elif "AWS_ENDPOINT_URL" in variables:
            variables["AWS_ENDPOINT_URL"] = emulator.endpoint_url(bridge.address)
        return variables


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
                path = f"{_BASE}/{folder.relative_to(layout.base)}/."
                self._engine.run("cp", f"{self._container}:{path}", str(folder))
        except EngineError as error:
            raise ContainerStartError(str(error)) from error

    def remove(self) -> None:
        """Remove the container and its volume."""
        with contextlib.suppress(EngineError):
            self._engine.run("rm", "--force", self._container)
            self._engine.run("volume", "rm", self._volume)


def _find(engine: Engine, image: str) -> str:
    """Id of an image in the engine.

    Raises
    ------
    UnsupportedImageError
        If it is not there; the message says how it gets there.
    """
    try:
        if registry.is_own(image, emulator.account()):
            found = registry.engine_image(image)
            if engine.image_id(found) is None:
                raise UnsupportedImageError(
                    f"{image} was pushed, but the engine has it no longer: build and push it again"
                )
            return found
    except registry.RegistryError as error:
        raise UnsupportedImageError(str(error)) from error
    known = engine.image_id(image)
    if known is None:
        host = image.partition("/")[0]
        raise UnsupportedImageError(
            f"the Docker engine has no image {image}. Whoever has an AWS account can fetch it: "
            f"`aws ecr get-login-password --region {host.split('.')[3]} | docker login --username "
            f"AWS --password-stdin {host} && docker pull {image}`. Without LOCAL_CONTAINERS=docker "
            "a program of this machine plays it"
        )
    return known
