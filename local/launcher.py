"""Start, stop and reset the embedded AWS with the application on it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

from local import credentials, deployment, guardian, loopback, processes, sample_feedback
from local.client_environment import write_environment_file
from local.credentials import Credentials
from local.emulator import STATUS_PATH, emulator_environment
from local.engine import Engine
from local.progress import Step, say
from local.settings import PROJECT_ROOT, LocalSettings

_START_TIMEOUT_SECONDS = 60.0
# The emulator writes its state when it is told to stop; measured 1 to 16 s on loaded cores.
_STOP_TIMEOUT_SECONDS = 60.0


class LauncherError(RuntimeError):
    """The embedded AWS cannot be started or stopped; the message says why and what to do."""


def up(settings: LocalSettings) -> deployment.Urls:
    """Start the embedded AWS if it is not running, and deploy the application to it.

    Parameters
    ----------
    settings
        What to start.

    Returns
    -------
    deployment.Urls
        Where page, API and AWS answer.

    Raises
    ------
    LauncherError
        If another launcher is at work, a port is taken, or the emulator does not start.
    local.deployment.DeploymentError
        If ``cdk`` fails. The emulator goes on running, so that the cause can be looked at.
    """
    with _only_launcher(settings):
        started = time.monotonic()
        start_emulator(settings)
        return deploy_application(settings, started)


def run(settings: LocalSettings) -> None:
    """Do what :func:`up` does, stay in the foreground, and stop all on Ctrl-C.

    Raises
    ------
    LauncherError, local.deployment.DeploymentError
        As :func:`up` does; everything has been stopped then.
    """
    try:
        with _only_launcher(settings):
            started = time.monotonic()
            start_emulator(settings, parent=os.getpid())
            deploy_application(settings, started)
        say("Ctrl-C stops everything; what was entered and trained is kept.")
        emulator = _recorded_emulator(settings)
        while emulator is not None and processes.is_running(emulator):
            time.sleep(0.5)
        say("The embedded AWS has been stopped from elsewhere.")
    except KeyboardInterrupt:
        say("")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop_emulator(settings)


def down(settings: LocalSettings) -> None:
    """Stop everything that belongs to this state folder, and wait until it is gone.

    Works also after the launcher or the emulator was killed.
    """
    _end_other_launcher(settings)
    stop_emulator(settings)


def reset(settings: LocalSettings) -> None:
    """Stop everything and forget the local state."""
    down(settings)
    shutil.rmtree(settings.state_folder, ignore_errors=True)
    say("The local state is forgotten.")


def start_emulator(settings: LocalSettings, *, parent: int | None = None) -> Credentials:
    """Start the emulator, or find it running.

    Parameters
    ----------
    settings
        What to start.
    parent
        Process whose end also ends the emulator, or None.

    Returns
    -------
    Credentials
        The administrator's keys.

    Raises
    ------
    LauncherError
        If the state belongs to another way of running containers, a port is taken, an interpreter
        is missing, or the emulator does not answer in time.
    """
    _make_state_folder(settings)
    keys = credentials.load_or_create(settings.state_folder)
    _require_same_containers(settings)
    write_environment_file(settings, keys)
    if _answering_state_folder(settings.port) == settings.state_folder:
        say(f"The embedded AWS is already running on {settings.endpoint_url}.")
        return keys
    _require_installed(settings)
    if processes.find_marked(settings.state_folder):
        say("Ending what an earlier start left running.")
        stop_emulator(settings)
    for port in (settings.port, settings.page_port):
        _require_free(port, settings)
    if settings.engine is not None:
        settings.engine_file.write_text(json.dumps(asdict(settings.engine)))
    with Step("Starting the embedded AWS"):
        _empty_folder(settings.temporary_folder)
        _spawn_emulator(settings, keys, parent)
    return keys


def deploy_application(settings: LocalSettings, started: float) -> deployment.Urls:
    """Bootstrap, deploy, write the URLs and, the first time, enter the samples.

    Parameters
    ----------
    settings
        The running embedded AWS.
    started
        ``time.monotonic()`` of the beginning, for the total time.

    Raises
    ------
    local.deployment.DeploymentError
        If ``cdk`` fails.
    """
    keys = credentials.load_or_create(settings.state_folder)
    settings.deployment_log.unlink(missing_ok=True)
    if not deployment.is_bootstrapped(settings, keys):
        with Step(f"Bootstrapping {settings.region}") as step:
            deployment.bootstrap(settings, keys, step)
    if settings.engine is not None and settings.method != "low-level":
        say(
            "Every METHOD but low-level takes AWS's framework images, which the Docker engine must "
            "have already; METHOD=low-level builds our own."
        )
    what = (
        "hosts a finished model"
        if settings.method == "pre-trained"
        else "trains the model, unless it is trained already"
    )
    with Step(f"Deploying {settings.stage_name} (this {what})") as step:
        deployment.deploy(settings, keys, step)
    deployment.choose_page(settings)
    urls = deployment.read_urls(settings)
    settings.urls_file.write_text(json.dumps(asdict(urls), indent=2) + "\n")
    _load_samples_once(settings, urls)
    say(f"Ready after {time.monotonic() - started:.0f} s.")
    say(f"  Web page  {urls.web}")
    say(f"  API       {urls.api}")
    say(f"  AWS       {urls.aws}   (source {_shown(settings.environment_file)})")
    return urls


def stop_emulator(settings: LocalSettings) -> None:
    """Stop the emulator and everything that it started, and wait until it is gone.

    Raises
    ------
    LauncherError
        If a process cannot be ended.
    """
    if not processes.find_marked(settings.state_folder):
        shutil.rmtree(settings.temporary_folder, ignore_errors=True)
        guardian.remove_containers(_recorded_engine(settings), settings.state_folder)
        say("The embedded AWS is not running.")
        return
    with Step("Stopping the embedded AWS"):
        emulator = _recorded_emulator(settings)
        if emulator is not None:
            processes.send_signal([emulator], signal.SIGTERM)
            processes.wait_until_gone([emulator], _STOP_TIMEOUT_SECONDS)
        processes.end_marked(settings.state_folder)
        guardian.remove_containers(_recorded_engine(settings), settings.state_folder)
        remaining = processes.find_marked(settings.state_folder)
        if remaining:
            raise LauncherError(f"these processes cannot be ended: {remaining}")
        shutil.rmtree(settings.temporary_folder, ignore_errors=True)
        settings.process_file.unlink(missing_ok=True)


def _spawn_emulator(settings: LocalSettings, keys: Credentials, parent: int | None) -> None:
    if settings.log_file.exists():
        # One earlier log is kept: after a crash it is the one that matters.
        settings.log_file.replace(settings.log_file.with_suffix(".previous.log"))
    with settings.log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.emulator"],
            cwd=PROJECT_ROOT,
            env=emulator_environment(settings, keys, parent=parent),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal goes to the launcher alone, which stops all in order.
            start_new_session=True,
        )
    settings.process_file.write_text(f"{process.pid}\n")
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while _answering_state_folder(settings.port) != settings.state_folder:
        if process.poll() is not None:
            raise LauncherError(
                f"the embedded AWS ended at once; the end of {settings.log_file}:\n"
                + _last_lines(settings.log_file)
            )
        if time.monotonic() > deadline:
            processes.end_marked(settings.state_folder)
            raise LauncherError(
                f"the embedded AWS did not answer within {_START_TIMEOUT_SECONDS:.0f} s;"
                f" the end of {settings.log_file}:\n" + _last_lines(settings.log_file)
            )
        time.sleep(0.1)


def _load_samples_once(settings: LocalSettings, urls: deployment.Urls) -> None:
    # Remembered for this very API: after a destroy the next start is a first one again.
    done = settings.emulator_state / f"samples-{settings.stage_name}"
    api = urlsplit(urls.api).path
    if done.exists() and done.read_text() == api:
        return
    with Step("Entering sample feedbacks") as step:
        try:
            step.tell(f"{sample_feedback.load(urls.api)} feedbacks entered")
        except HTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED:
                raise
            step.tell("none: who enters feedback must have signed in (setting access)")
            return
    done.write_text(api)


def _answering_state_folder(port: int) -> Path | None:
    status_url = f"http://127.0.0.1:{port}{STATUS_PATH}"
    try:
        with loopback.open_url(status_url, timeout_seconds=5) as response:
            return Path(response.read(4096).decode())
    except (OSError, ValueError):
        return None


def _require_free(port: int, settings: LocalSettings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the emulator itself binds: a port that only waits for old connections to time
        # out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LauncherError(
                f"port {port} on 127.0.0.1 is taken ({error.strerror}). The embedded AWS needs"
                f" ports {settings.port} and {settings.page_port}: end the program that uses it,"
                " or choose others with LOCAL_AWS_PORT, such as"
                f" `LOCAL_AWS_PORT={settings.port + 100} make local-up`."
            ) from error


def _require_installed(settings: LocalSettings) -> None:
    for program in (settings.functions_python, settings.model_python, deployment.CDK_COMMAND):
        if not program.exists():
            raise LauncherError(
                f"{program} does not exist: start through `make local`, which installs it"
            )


def _require_same_containers(settings: LocalSettings) -> None:
    # What was pushed, and what serves, belongs to one way of running containers.
    settings.emulator_state.mkdir(exist_ok=True)
    is_new = not any(settings.emulator_state.iterdir())
    made_with = replace(settings, engine=_recorded_engine(settings)).containers
    if not is_new and made_with != settings.containers:
        raise LauncherError(
            f"{settings.state_folder} was made with LOCAL_CONTAINERS={made_with}, and this start "
            f"asks for {settings.containers}: keep to one, forget the state with "
            "`make local-reset`, or name another folder with LOCAL_STATE_FOLDER"
        )


def _recorded_engine(settings: LocalSettings) -> Engine | None:
    """Engine that runs the containers of this state, where one does."""
    file = settings.engine_file
    return Engine(**json.loads(file.read_text())) if file.exists() else None


@contextlib.contextmanager
def _only_launcher(settings: LocalSettings) -> Iterator[None]:
    _make_state_folder(settings)
    with settings.lock_file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise LauncherError(
                f"another launcher (process {lock.read().strip()}) is at work here; wait for it,"
                " or end it with `make local-down`"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _end_other_launcher(settings: LocalSettings) -> None:
    if not settings.lock_file.exists():
        return
    with settings.lock_file.open() as lock:
        deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                holder = lock.read().strip()
            else:
                return
            if holder.isdecimal():
                processes.send_signal([int(holder)], signal.SIGTERM)
            if time.monotonic() > deadline:
                raise LauncherError(f"the launcher with process id {holder} does not end")
            time.sleep(0.5)


def _recorded_emulator(settings: LocalSettings) -> int | None:
    try:
        recorded = int(settings.process_file.read_text())
    except (OSError, ValueError):
        return None
    # The id may have been reused by a stranger since; the marker tells.
    return recorded if recorded in processes.find_marked(settings.state_folder) else None


def _make_state_folder(settings: LocalSettings) -> None:
    # It holds keys, and what customers said.
    settings.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _empty_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _last_lines(file: Path, count: int = 20) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-count:])


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
