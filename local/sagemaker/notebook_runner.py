"""Starts and stops notebook instances: their lifecycle scripts, and JupyterLab on demand."""

from __future__ import annotations

import base64
import logging
import secrets
import threading
import time

from local import loopback
from local.aws_api import Record, context, now
from local.aws_api.errors import ApiError, validation_error
from local.sagemaker import artifacts, private_mounts, roles
from local.sagemaker.container_logs import LogStream
from local.sagemaker.kinds import REASON_CHARACTERS
from local.sagemaker.notebook_machine import CloneError, NotebookMachine
from local.sagemaker.roles import RoleCredentials
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Store
from local.sagemaker.subprocesses import ContainerProcess, ProcessTable

logger = logging.getLogger("sagemaker")

LOG_GROUP = "/aws/sagemaker/NotebookInstances"
_JUPYTER_START_SECONDS = 60.0
_JUPYTER_GRACE_SECONDS = 5.0
_TRANSIENT = ("Pending", "Stopping", "Deleting")


class _ScriptError(Exception):
    """A lifecycle script failed; the message is the instance's failure reason."""


class _Jupyter:
    """A running JupyterLab."""

    def __init__(
        self, process: ContainerProcess, port: int, token: str, credentials: RoleCredentials
    ) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}/lab?token={token}"
        self.status_url = f"http://127.0.0.1:{port}/api?token={token}"
        self._credentials = credentials

    def end(self) -> None:
        """End the process, if it runs, and its role's session."""
        self.process.end(_JUPYTER_GRACE_SECONDS)
        roles.close_session(self._credentials)


class NotebookRunner:
    """What runs on all notebook instances.

    Parameters
    ----------
    settings
        Surroundings.
    store
        Where the instances' and the lifecycle configurations' records are.
    processes
        Table of the emulator's processes.
    """

    def __init__(self, settings: SageMakerSettings, store: Store, processes: ProcessTable) -> None:
        self._settings = settings
        self._store = store
        self._processes = processes
        self._jupyters: dict[str, _Jupyter] = {}
        self._opening = threading.Lock()
        self._change = threading.Condition(store.lock)

    def start(self, instance: Record, scripts: list[tuple[str, Record]]) -> None:
        """Start an instance in the background.

        Parameters
        ----------
        instance
            Its record, with status ``Pending``.
        scripts
            Name of the hook, ``OnCreate`` or ``OnStart``, and the lifecycle configuration.
        """
        context.in_background(
            lambda: self._start(instance, scripts),
            f"sagemaker-notebook-{instance['NotebookInstanceName']}",
        )

    def stop(self, instance: Record) -> None:
        """Stop an instance in the background; its record has the status ``Stopping``."""

        def work() -> None:
            self._end_jupyter(instance)
            self._settle(instance, "Stopped")

        context.in_background(work, f"sagemaker-notebook-{instance['NotebookInstanceName']}")

    def delete(self, instance: Record) -> None:
        """Remove what an instance kept on its volume."""
        self._end_jupyter(instance)
        NotebookMachine(instance, self._settings).remove()

    def open(self, instance: Record) -> str:
        """URL of the instance's JupyterLab, which is started where it does not run.

        Raises
        ------
        ApiError
            If this machine cannot run it; the message says what is missing.
        """
        with self._opening:
            jupyter = self._jupyters.pop(instance["_Arn"], None)
            if jupyter is None or not jupyter.process.is_running:
                if jupyter is not None:
                    jupyter.end()
                jupyter = self._start_jupyter(instance)
            self._jupyters[instance["_Arn"]] = jupyter
        self._wait_until_it_answers(jupyter)
        return jupyter.url

    def wait(self, instance: Record) -> None:
        """Wait until an instance is neither being started nor stopped."""
        with self._change:
            self._change.wait_for(lambda: instance["NotebookInstanceStatus"] not in _TRANSIENT)

    def remove_all(self) -> None:
        """End everything that runs on any instance."""
        with self._opening:
            jupyters = list(self._jupyters.values())
            self._jupyters.clear()
        for jupyter in jupyters:
            jupyter.end()

    def _start(self, instance: Record, scripts: list[tuple[str, Record]]) -> None:
        try:
            machine = NotebookMachine(instance, self._settings)
            machine.start()
            if "DefaultCodeRepository" in instance:
                machine.clone(instance["DefaultCodeRepository"])
            with roles.session(instance["RoleArn"]) as credentials:
                for hook, lifecycle in scripts:
                    for script in lifecycle.get(hook, []):
                        self._run_script(machine, instance, hook, script, credentials)
        except private_mounts.MountsUnavailableError as error:
            # Whoever does not open the notebook shall be able to use the rest.
            logger.warning(
                "%s starts without its scripts: %s", instance["NotebookInstanceName"], error
            )
            self._settle(instance, "InService")
        except CloneError as error:
            repository = instance["DefaultCodeRepository"]
            self._settle(instance, "Failed", f"{repository} cannot be cloned: {error}")
        except (_ScriptError, ApiError) as error:
            self._settle(instance, "Failed", str(error))
        except Exception as error:
            logger.exception("notebook instance %s", instance["NotebookInstanceName"])
            self._settle(instance, "Failed", f"InternalServerError: {error}")
        else:
            self._settle(instance, "InService")

    def _run_script(
        self,
        machine: NotebookMachine,
        instance: Record,
        hook: str,
        script: Record,
        credentials: RoleCredentials,
    ) -> None:
        name = instance["NotebookInstanceName"]
        stream_name = f"{name}/LifecycleConfig{hook}"
        path = machine.write_script(hook, base64.b64decode(script.get("Content", "")))
        process = self._processes.start(
            machine.command(["/bin/bash", f"/opt/ml/{path.name}"]),
            machine.environment(credentials),
            machine.folder,
        )
        stream = self._log(instance, stream_name, credentials)
        pump = threading.Thread(target=_copy, args=(process, stream), daemon=True)
        pump.start()
        code = process.wait(self._settings.lifecycle_timeout_seconds)
        if code is None:
            process.end(0.0)
        pump.join(timeout=30)
        identity = (
            f"Notebook Instance Lifecycle Config "
            f"'{instance.get('NotebookInstanceLifecycleConfigName')}' for Notebook Instance "
            f"'{instance['_Arn']}'"
        )
        where = f"Please see CloudWatch logs, {LOG_GROUP} {stream_name}, for more information."
        if code is None:
            minutes = self._settings.lifecycle_timeout_seconds / 60
            raise _ScriptError(f"{identity} took longer than {minutes:g} minutes. {where}")
        if code != 0:
            raise _ScriptError(f"{identity} failed with exit code {code}. {where}")

    def _start_jupyter(self, instance: Record) -> _Jupyter:
        machine = NotebookMachine(instance, self._settings)
        interpreter = self._settings.notebook_python
        if not interpreter.exists():
            raise validation_error(
                f"JupyterLab is not installed: {interpreter} does not exist. "
                "`make notebook` installs it."
            )
        token = secrets.token_urlsafe(24)
        port = loopback.free_port()
        program = [
            str(interpreter),
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={port}",
            "--ServerApp.port_retries=0",
            "--ServerApp.root_dir=/home/ec2-user/SageMaker",
            "--LabApp.news_url=",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        try:
            command = machine.command(program)
        except private_mounts.MountsUnavailableError as error:
            raise validation_error(str(error)) from error
        credentials = roles.open_session(instance["RoleArn"])
        # Not an argument: arguments are seen by every user of this machine.
        environment = {**machine.environment(credentials), "JUPYTER_TOKEN": token}
        process = self._processes.start(command, environment, machine.folder)
        stream = self._log(instance, f"{instance['NotebookInstanceName']}/jupyter.log", credentials)
        threading.Thread(target=_copy, args=(process, stream, token), daemon=True).start()
        return _Jupyter(process, port, token, credentials)

    def _wait_until_it_answers(self, jupyter: _Jupyter) -> None:
        deadline = time.monotonic() + _JUPYTER_START_SECONDS
        while True:
            try:
                with loopback.open_url(jupyter.status_url, timeout_seconds=5):
                    return
            except OSError:
                if not jupyter.process.is_running or time.monotonic() > deadline:
                    raise validation_error(
                        f"JupyterLab does not start; see CloudWatch logs, {LOG_GROUP}."
                    ) from None
                time.sleep(0.1)

    def _end_jupyter(self, instance: Record) -> None:
        with self._opening:
            jupyter = self._jupyters.pop(instance["_Arn"], None)
        if jupyter is not None:
            jupyter.end()

    def _log(self, instance: Record, stream: str, credentials: RoleCredentials) -> LogStream:
        region = instance["NotebookInstanceArn"].split(":")[3]
        return LogStream(artifacts.client("logs", credentials, region), LOG_GROUP, stream)

    def _settle(self, instance: Record, status: str, reason: str = "") -> None:
        with self._change:
            instance["LastModifiedTime"] = now()
            instance.pop("FailureReason", None)
            if reason:
                instance["FailureReason"] = reason[:REASON_CHARACTERS]
            instance["NotebookInstanceStatus"] = status
            self._change.notify_all()


def _copy(process: ContainerProcess, stream: LogStream, secret: str = "") -> None:
    for line in process.lines():
        stream.write(line.replace(secret, "***") if secret else line)
    stream.close()
