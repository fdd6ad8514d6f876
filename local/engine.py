"""The Docker engine of this machine, through its own command line (``LOCAL_CONTAINERS=docker``)."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PROGRAM_VARIABLE = "LOCAL_DOCKER"
HOST_VARIABLE = "LOCAL_DOCKER_HOST"
_LABEL = "voc-gender.local-state"
_ANSWER_SECONDS = 30.0


class EngineError(Exception):
    """The engine does not answer, or refused a command; the message says what it said."""


@dataclass(frozen=True)
class Bridge:
    """The network on which containers reach this machine.

    Attributes
    ----------
    address
        This machine's address there.
    network
        Every address there.
    """

    address: str
    network: str

    def holds(self, address: str) -> bool:
        """Whether an address is one of this network."""
        try:
            return ipaddress.ip_address(address) in ipaddress.ip_network(self.network)
        except ValueError:
            return False


@dataclass(frozen=True)
class Engine:
    """One engine.

    Parameters
    ----------
    program
        Docker's command line, or one that takes the same commands.
    host
        Address of the engine, as ``DOCKER_HOST`` gives it.
    """

    program: str
    host: str

    @classmethod
    def find(cls, environ: Mapping[str, str] = os.environ) -> Engine:
        """Find the engine that Docker's command line talks to, and make sure that it answers.

        Parameters
        ----------
        environ
            ``CDK_DOCKER`` (the program, ``docker`` by default) and ``DOCKER_HOST``, as Docker
            and the CDK CLI read them; where the latter is missing, Docker's context counts.

        Raises
        ------
        EngineError
            If there is no such program, or no engine answers.
        """
        name = environ.get(PROGRAM_VARIABLE) or environ.get("CDK_DOCKER") or "docker"
        # The whole path: on a notebook instance ``docker`` means the client that calls this.
        program = shutil.which(name) or name
        host = environ.get(HOST_VARIABLE) or environ.get("DOCKER_HOST") or _context(program)
        engine = cls(program, host)
        version = engine.run("version", "--format", "{{.Server.Version}}", seconds=_ANSWER_SECONDS)
        if not version:
            raise EngineError(f"no engine answers at {host}")
        return engine

    def variables(self) -> dict[str, str]:
        """Environment variables by which another process of ours finds the same engine."""
        return {
            "LOCAL_CONTAINERS": "docker",
            PROGRAM_VARIABLE: self.program,
            HOST_VARIABLE: self.host,
        }

    def client_environment(self) -> dict[str, str]:
        """Environment for Docker's command line."""
        return {**os.environ, "DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "1"}

    def run(self, *arguments: str, seconds: float | None = None) -> str:
        """Carry out one command and answer what it printed.

        Raises
        ------
        EngineError
            If it fails, or takes longer than these seconds.
        """
        what = f"{Path(self.program).name} {arguments[0]}"
        try:
            done = subprocess.run(
                [self.program, *arguments],
                env=self.client_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except OSError as error:
            raise EngineError(f"{self.program} cannot be started: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"{what}: no answer within {seconds:.0f} s") from error
        if done.returncode != 0:
            raise EngineError(f"{what}: {done.stderr.strip()}")
        return done.stdout.strip()

    def image_id(self, reference: str) -> str | None:
        """Id of an image that the engine has, None where it has none of that name."""
        try:
            return self.run("image", "inspect", "--format", "{{.Id}}", reference)
        except EngineError:
            return None

    @cached_property
    def bridge(self) -> Bridge | None:
        """Network on which containers reach this machine.

        None where the engine runs in a machine of its own (as Docker Desktop does): its network
        is not this machine's.
        """
        template = "{{json (index .IPAM.Config 0)}}"
        try:
            answer = json.loads(self.run("network", "inspect", "bridge", "--format", template))
            network = ipaddress.ip_network(answer["Subnet"])
            # An engine that was not told which address to take takes the first.
            address = answer.get("Gateway") or str(next(network.hosts()))
            with socket.socket() as probe:
                probe.bind((address, 0))
        except (EngineError, LookupError, ValueError, OSError):
            return None
        return Bridge(address, str(network))

    def label(self, state_folder: Path) -> str:
        """Label of everything that is created for one embedded AWS."""
        return f"{_LABEL}={state_folder}"

    def remove_created(self, state_folder: Path) -> None:
        """Remove the containers and volumes that were created for one embedded AWS.

        Raises
        ------
        EngineError
            If the engine does not answer.
        """
        mine = f"label={self.label(state_folder)}"
        containers = self.run("ps", "--all", "--quiet", "--filter", mine).split()
        if containers:
            self.run("rm", "--force", "--volumes", *containers)
        volumes = self.run("volume", "ls", "--quiet", "--filter", mine).split()
        if volumes:
            self.run("volume", "rm", "--force", *volumes)


def _context(program: str) -> str:
    """Address of the engine that Docker's current context names."""
    template = "{{.Endpoints.docker.Host}}"
    try:
        done = subprocess.run(
            [program, "context", "inspect", "--format", template],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise EngineError(f"{program} cannot be started: {error.strerror}") from error
    return done.stdout.strip() or "unix:///var/run/docker.sock"
