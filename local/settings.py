"""Settings of the embedded AWS: ports, region, folders and interpreters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.engine import Bridge, Engine, EngineError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ACCOUNT_ID = "000000000000"
_PROGRAMS, _DOCKER = "programs", "docker"


class LocalSettingsError(ValueError):
    """A setting of the embedded AWS has a value that cannot work."""


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """What one embedded AWS is started with.

    Parameters
    ----------
    port
        TCP port of the AWS endpoint; the web page is served on the next one.
    region
        Region that the application is deployed to.
    environment
        Preset of the application's settings, such as ``workshop``.
    method
        Method of the application's settings, or None for the preset's own.
    state_folder
        Folder that holds everything which survives ``down`` and ``up``.
    functions_python
        Interpreter that runs Python Lambda functions.
    model_python
        Interpreter that runs training jobs and model servers.
    engine
        Docker engine that runs them from their images instead, or None.
    """

    port: int = 4566
    region: str = "us-east-1"
    environment: str = "workshop"
    method: str | None = None
    state_folder: Path = PROJECT_ROOT / ".local"
    functions_python: Path = PROJECT_ROOT / ".venv-functions" / "bin" / "python"
    model_python: Path = PROJECT_ROOT / ".venv-model" / "bin" / "python"
    engine: Engine | None = None

    def __post_init__(self) -> None:
        """Check the port.

        Raises
        ------
        LocalSettingsError
            If the port, or the next one, is no unprivileged TCP port.
        """
        if not 1024 <= self.port <= 65534:
            raise LocalSettingsError(f"LOCAL_AWS_PORT is {self.port}: allowed are 1024 to 65534")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> LocalSettings:
        """Read the settings from environment variables.

        Parameters
        ----------
        environ
            ``LOCAL_AWS_PORT``, ``LOCAL_REGION``, ``ENVIRONMENT``, ``METHOD``,
            ``LOCAL_STATE_FOLDER``, ``LOCAL_CONTAINERS``, ``FUNCTIONS_PYTHON`` and
            ``MODEL_PYTHON``, all optional.

        Raises
        ------
        LocalSettingsError
            If the port is not a usable number, or a Docker engine is asked for and none answers.
        """
        port = environ.get("LOCAL_AWS_PORT") or str(cls.port)
        if not port.isdecimal():
            raise LocalSettingsError(f"LOCAL_AWS_PORT is {port!r}: allowed are 1024 to 65534")
        return cls(
            port=int(port),
            region=environ.get("LOCAL_REGION") or cls.region,
            environment=environ.get("ENVIRONMENT") or cls.environment,
            method=environ.get("METHOD") or None,
            state_folder=Path(environ.get("LOCAL_STATE_FOLDER") or cls.state_folder).resolve(),
            # absolute(), not resolve(): a virtual environment's interpreter is a symbolic link,
            # and behind the link it is the bare system interpreter.
            functions_python=Path(
                environ.get("FUNCTIONS_PYTHON") or cls.functions_python
            ).absolute(),
            model_python=Path(environ.get("MODEL_PYTHON") or cls.model_python).absolute(),
            engine=_engine(environ),
        )

    @property
    def containers(self) -> str:
        """What runs the containers, as ``LOCAL_CONTAINERS`` names it."""
        return _PROGRAMS if self.engine is None else _DOCKER

    @property
    def bridge(self) -> Bridge | None:
        """Network on which containers reach this machine, where there is one."""
        return None if self.engine is None else self.engine.bridge

    @property
    def page_port(self) -> int:
        """TCP port of the web page."""
        return self.port + 1

    @property
    def endpoint_url(self) -> str:
        """URL of the AWS endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def page_url(self) -> str:
        """URL of the web page."""
        return f"http://127.0.0.1:{self.page_port}/"

    @property
    def stage_name(self) -> str:
        """Name of the CDK stage that is deployed."""
        return f"{self.environment}-{self.region}"

    @property
    def emulator_state(self) -> Path:
        """Folder of the emulator's own state files."""
        return self.state_folder / "state"

    @property
    def temporary_folder(self) -> Path:
        """Folder for everything that is worthless once the emulator has stopped."""
        return self.state_folder / "tmp"

    @property
    def lock_file(self) -> Path:
        """Lock and process id of the launcher that is at work."""
        return self.state_folder / "launcher.lock"

    @property
    def process_file(self) -> Path:
        """Process id of the emulator."""
        return self.state_folder / "emulator.pid"

    @property
    def engine_file(self) -> Path:
        """Docker engine that runs the containers of this state; none where programs play them."""
        return self.emulator_state / "engine.json"

    @property
    def log_file(self) -> Path:
        """Log of the emulator."""
        return self.state_folder / "emulator.log"

    @property
    def deployment_log(self) -> Path:
        """All output of the CDK CLI."""
        return self.state_folder / "deployment.log"

    @property
    def outputs_file(self) -> Path:
        """CDK's own outputs file."""
        return self.state_folder / "outputs.json"

    @property
    def urls_file(self) -> Path:
        """URLs of page, API and AWS endpoint."""
        return self.state_folder / "urls.json"

    @property
    def faults_file(self) -> Path:
        """Faults of AWS's services that are switched on (:mod:`local.fault_switch`)."""
        return self.state_folder / "faults.json"

    @property
    def environment_file(self) -> Path:
        """Shell exports for any AWS client."""
        return self.state_folder / "env"

    @property
    def page_file(self) -> Path:
        """Host name of the distribution that the page port shows."""
        return self.state_folder / "page.json"


def _engine(environ: Mapping[str, str]) -> Engine | None:
    containers = environ.get("LOCAL_CONTAINERS") or _PROGRAMS
    if containers == _PROGRAMS:
        return None
    if containers != _DOCKER:
        raise LocalSettingsError(
            f"LOCAL_CONTAINERS is {containers!r}: allowed are {_PROGRAMS} and {_DOCKER}"
        )
    try:
        return Engine.find(environ)
    except EngineError as error:
        raise LocalSettingsError(
            f"LOCAL_CONTAINERS is 'docker', but no Docker engine can be used: {error}. Start one "
            "(DOCKER_HOST tells where it is, CDK_DOCKER the program to reach it by), or leave "
            "LOCAL_CONTAINERS away: then programs of this machine play the containers"
        ) from error
