"""One model server: a container's serving program, kept alive and asked over HTTP."""

from __future__ import annotations

import logging
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local import loopback
from local.aws_api import Record, context
from local.aws_api.errors import ApiError
from local.sagemaker import artifacts, images, roles
from local.sagemaker.container_logs import LogStream
from local.sagemaker.containers import Container, Containers, ContainerStartError
from local.sagemaker.contracts import Layout, Program, UnsupportedImageError
from local.sagemaker.roles import RoleCredentials
from local.sagemaker.serving_client import PING_TIMEOUT_SECONDS, ServingClient
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.subprocesses import ContainerProcess

logger = logging.getLogger("sagemaker")

_PING_PAUSE_SECONDS = 2.0
_ENDS_BEFORE_GIVING_UP = 2
_RESTART_PAUSE_SECONDS = 0.5
_LONGEST_RESTART_PAUSE_SECONDS = 15.0


class StartError(Exception):
    """A model server did not become healthy; the message is the owner's failure reason."""


@dataclass(frozen=True)
class _Prepared:
    """What a server is started from, at first and after each end."""

    program: Program
    environment: dict[str, str]
    stream: LogStream


class ModelServer:
    """The server of one production variant, or of a transform job's model as if it were one.

    Parameters
    ----------
    owner
        Name of the endpoint or job that it serves, for folders and the emulator's log.
    variant
        What `local.sagemaker.endpoint_configs.EndpointConfigs.deployment` tells of a variant.
    settings
        Surroundings.
    containers
        Where its program runs.
    log_group
        Where the server's log goes.
    """

    def __init__(
        self,
        owner: str,
        variant: Record,
        settings: SageMakerSettings,
        containers: Containers,
        *,
        log_group: str,
    ) -> None:
        self._owner = owner
        self._log_group = log_group
        self._variant = variant
        self._settings = settings
        self._containers = containers
        self._folder = settings.work_folder / f"server-{owner}-{uuid.uuid4().hex[:8]}"
        self._layout = Layout(self._folder / "ml")
        self._credentials: RoleCredentials | None = None
        self._process: ContainerProcess | None = None
        self._stream: LogStream | None = None
        self._ends = 0
        self._last_line = ""
        self._ending = threading.Event()
        self._healthy = threading.Event()
        self._client = ServingClient(settings.invocation_timeout_seconds)
        self._in_flight = 0
        self._in_flight_change = threading.Condition()

    @property
    def variant(self) -> Record:
        """The variant that is served."""
        return self._variant

    @property
    def log_group(self) -> str:
        """Name of the log group with the server's stream."""
        return self._log_group

    @property
    def log_stream(self) -> str:
        """Name of the server's stream in its log group."""
        return f"{self._variant['VariantName']}/{self._folder.name[-8:]}"

    def start(self, cancelled: threading.Event) -> None:
        """Start the server and wait until ``/ping`` answers 200.

        Raises
        ------
        StartError
            With the failure reason of what it serves.
        """
        try:
            prepared = self._prepare()
        except (artifacts.ArtifactError, UnsupportedImageError, ApiError) as error:
            raise StartError(str(error)) from error
        threading.Thread(
            target=self._keep_alive, args=(prepared,), name="sagemaker-server", daemon=True
        ).start()
        self._wait_until_healthy(cancelled)

    def end(self) -> None:
        """Let requests finish, end the program, remove its folder."""
        with self._in_flight_change:
            self._in_flight_change.wait_for(
                lambda: self._in_flight == 0, self._settings.serving_grace_seconds
            )
        self._ending.set()
        self._healthy.clear()
        process = self._process
        if process is not None:
            process.end(self._settings.serving_grace_seconds)
        self._client.close()
        if self._stream is not None:
            self._stream.close()
        if self._credentials is not None:
            roles.close_session(self._credentials)
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self) -> None:
        """Count a request in; `end` waits until it is given back."""
        with self._in_flight_change:
            self._in_flight += 1

    def give_back(self) -> None:
        """Count a request out."""
        with self._in_flight_change:
            self._in_flight -= 1
            self._in_flight_change.notify_all()

    def is_overloaded(self) -> bool:
        """Whether more requests were taken than a serverless variant may run at once."""
        limit = self._variant.get("ServerlessConfig", {}).get("MaxConcurrency")
        return limit is not None and self._in_flight > limit

    def wait_ready(self, timeout_seconds: float) -> bool:
        """Wait for the server, which may be restarting."""
        return self._healthy.wait(timeout_seconds)

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Send one request to ``/invocations``; answers status, headers (lower case) and body.

        Raises
        ------
        AnswerTimeoutError
            After the time that AWS allows.
        OSError
            If the server went away.
        """
        return self._client.invoke(body, headers)

    def _prepare(self) -> _Prepared:
        description, role_arn = self._variant["Container"], self._variant["RoleArn"]
        credentials = self._credentials = roles.open_session(role_arn)
        roles.require_image_access(role_arn, credentials, description["Image"])
        region = context.region()
        s3 = artifacts.client("s3", credentials, region)
        prepare = images.hosting_contract(description, self._settings)
        self._layout.create()
        model_uri = description.get("ModelDataUrl")
        if model_uri:
            self._download_model(s3, model_uri)
        program = prepare(description, self._layout, lambda uri: artifacts.read(s3, uri))
        isolated = bool(self._variant.get("EnableNetworkIsolation"))
        environment = {
            **program.environment,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "SAGEMAKER_REGION": region,
            **({} if isolated else credentials.variables()),
        }
        logs = artifacts.client("logs", credentials, region)
        self._stream = LogStream(logs, self._log_group, self.log_stream)
        return _Prepared(program, environment, self._stream)

    def _download_model(self, s3: Any, uri: str) -> None:
        try:
            artifacts.extract(artifacts.read(s3, uri), self._layout.model)
        except artifacts.ArtifactError as error:
            raise StartError(
                f'Failed to download model data for container "container_1" from URL: "{uri}". '
                "Please ensure that there is an object located at the URL and that the role "
                "passed to CreateModel has permissions to download the object. "
                f"({error})"
            ) from error

    def _keep_alive(self, prepared: _Prepared) -> None:
        """Start the program, and again whenever it ends without being told to."""
        pause = 0.0
        while not self._ending.wait(pause) and not self._containers.processes.is_closed:
            started = time.monotonic()
            self._run_once(prepared)
            self._healthy.clear()
            self._ends += 1
            # A program that ran well for a while starts again at once; one that keeps crashing
            # must not take the machine.
            ran_well = time.monotonic() - started > 30
            pause = 0.0 if ran_well else min(pause * 2, _LONGEST_RESTART_PAUSE_SECONDS)
            pause = max(pause, _RESTART_PAUSE_SECONDS)

    def _run_once(self, prepared: _Prepared) -> None:
        stream = prepared.stream
        # Somebody may take the port before the program does; its next start gets another one.
        port = loopback.free_port()
        self._client.turn_to(port)
        try:
            process = self._containers.start(
                Container(
                    program=prepared.program,
                    layout=self._layout,
                    environment=prepared.environment,
                    port=port,
                    memory_mb=self._variant.get("ServerlessConfig", {}).get("MemorySizeInMB"),
                )
            )
        except ContainerStartError as error:
            self._last_line = str(error)
            stream.write(self._last_line)
            return
        self._process = process
        for notice in prepared.program.notices:
            stream.write(notice)
        pump = threading.Thread(target=self._pump, args=(process, stream), daemon=True)
        pump.start()
        threading.Thread(target=self._watch_health, args=(process,), daemon=True).start()
        if self._ending.is_set():
            process.end(0)
        code = process.wait()
        pump.join(timeout=10)
        process.remove()
        if not self._ending.is_set() and not self._containers.processes.is_closed:
            stream.write(f"The model server ended with exit code {code}.")
            logger.warning("model server of %s ended with %s", self._owner, code)

    def _pump(self, process: ContainerProcess, stream: LogStream) -> None:
        for line in process.lines():
            stream.write(line)
            self._last_line = line or self._last_line

    def _watch_health(self, process: ContainerProcess) -> None:
        while process.is_running and not self._ending.is_set():
            if self._client.ping():
                self._healthy.set()
                self._end_if_hung(process)
                return
            self._ending.wait(0.05)

    def _end_if_hung(self, process: ContainerProcess) -> None:
        """End a program that stopped answering, as AWS replaces it; it is started again."""
        # Counted, not timed: after a pause of the whole machine the first ping decides.
        pings = self._settings.hung_after_seconds / (_PING_PAUSE_SECONDS + PING_TIMEOUT_SECONDS)
        failed = 0
        while not self._ending.wait(_PING_PAUSE_SECONDS) and process.is_running:
            failed = 0 if self._client.ping() else failed + 1
            if failed >= pings and process.is_running and not self._ending.is_set():
                self._report("The model server does not answer /ping; it is started anew.")
                process.signal_group(signal.SIGKILL)
                return

    def _report(self, message: str) -> None:
        if self._stream is not None:
            self._stream.write(message)
        logger.warning("%s: %s", self._owner, message)

    def _wait_until_healthy(self, cancelled: threading.Event) -> None:
        limit = self._variant.get("ContainerStartupHealthCheckTimeoutInSeconds")
        deadline = time.monotonic() + (limit or self._settings.startup_timeout_seconds)
        while not self._healthy.wait(0.05):
            # AWS tries until the time is over; the second end tells a developer enough.
            gave_up = self._ends >= _ENDS_BEFORE_GIVING_UP
            if cancelled.is_set():
                raise StartError("The model server was ended before it was ready.")
            if gave_up or time.monotonic() > deadline:
                raise StartError(
                    "The primary container for production variant "
                    f"{self._variant['VariantName']} did not pass the ping health check. Please "
                    f"check CloudWatch logs, {self._log_group}. The last line: "
                    f"{self._last_line[:500]}"
                )
