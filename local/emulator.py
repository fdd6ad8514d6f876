"""The process of the embedded AWS: ``python -m local.emulator``.

It reads its settings from the environment that :func:`emulator_environment` makes, and is
started by the launcher. ministack reads the environment when it is imported, so this module
imports it only inside :func:`main`, after everything is in place.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local import guardian, processes
from local.asgi import Application, Message, Receive, Scope, Send, send_answer
from local.credentials import Credentials
from local.settings import ACCOUNT_ID, LocalSettings

if TYPE_CHECKING:
    from local.sagemaker import SageMaker

STATUS_PATH = "/_local/status"
_PARENT_VARIABLE = "VOC_GENDER_LOCAL_PARENT"


def emulator_environment(
    settings: LocalSettings, credentials: Credentials, *, parent: int | None = None
) -> dict[str, str]:
    """Complete environment of the emulator's process; nothing else is inherited.

    Parameters
    ----------
    settings
        What to start.
    credentials
        Keys that the emulator accepts as those of the account's administrator.
    parent
        Process whose end also ends the emulator, or None.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TMPDIR": str(settings.temporary_folder),
        "HOME": str(settings.temporary_folder),
        "PYTHONUNBUFFERED": "1",
        # Ours
        "LOCAL_AWS_PORT": str(settings.port),
        "LOCAL_REGION": settings.region,
        "LOCAL_STATE_FOLDER": str(settings.state_folder),
        "FUNCTIONS_PYTHON": str(settings.functions_python),
        "MODEL_PYTHON": str(settings.model_python),
        # A notebook instance may clone a repository, as this user's git would.
        "GIT_CONFIG_GLOBAL": os.environ.get("GIT_CONFIG_GLOBAL") or str(Path.home() / ".gitconfig"),
        # ministack's
        "GATEWAY_PORT": str(settings.port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": settings.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.emulator_state / "services"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.emulator_state / "s3"),
        "LOG_LEVEL": "INFO",
        # These would open ports on every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # The emulator itself starts no container: there need be no engine, and one that is there
        # is not its.
        "DOCKER_HOST": "unix:///nonexistent",
    }
    environment.update(processes.marker_of(settings.state_folder))
    if settings.engine is not None:
        environment.update(settings.engine.variables())
    if parent is not None:
        environment[_PARENT_VARIABLE] = str(parent)
    return environment


class _Gateway:
    """ASGI application that divides requests between emulator, page and status."""

    def __init__(self, settings: LocalSettings, emulator: Application) -> None:
        from local import acknowledged_changes
        from local.fault_switch import FaultSwitch
        from local.state_saver import StateSaver

        self._settings = settings
        self._emulator = FaultSwitch(settings.faults_file, emulator)
        self._saver = StateSaver()
        acknowledged_changes.install(self._saver)
        self._saving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._follow_lifespan(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] == STATUS_PATH:
            await self._answer_status(send)
            return
        self._saver.note_request()
        if scope["type"] != "http":
            await self._emulator(scope, receive, send)
        elif scope["server"][1] == self._settings.page_port:
            await self._serve_page(scope, receive, send)
        else:
            await self._serve_aws(scope, receive, send)

    async def _serve_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        from local.page import serve_page

        await serve_page(
            self._settings.page_file,
            self._emulator,
            scope,
            receive,
            send,
            endpoint_url=self._settings.endpoint_url,
        )

    async def _serve_aws(self, scope: Scope, receive: Receive, send: Send) -> None:
        from local.page import choose_distribution
        from local.sign_in_page import is_sign_in, serve_sign_in

        distribution = (
            choose_distribution(self._settings.page_file, "") if is_sign_in(scope["path"]) else None
        )
        if distribution is not None:
            await serve_sign_in(
                self._emulator,
                scope,
                receive,
                send,
                page_url=self._settings.page_url,
                distribution_url=f"https://{distribution}/",
            )
        else:
            await self._emulator(scope, receive, send)

    async def _follow_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_start_saver(message: Message) -> None:
            # Saving before the stored state has been read would overwrite it with nothing.
            if message["type"] == "lifespan.startup.complete":
                self._saving = asyncio.create_task(self._saver.run())
            await send(message)

        async def receive_and_stop_saver() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and self._saving is not None:
                await self._saver.finish()
                self._saving.cancel()
            return message

        await self._emulator(scope, receive_and_stop_saver, send_and_start_saver)

    async def _answer_status(self, send: Send) -> None:
        body = str(self._settings.state_folder).encode()
        await send_answer(send, 200, "text/plain; charset=utf-8", body)


async def _serve(settings: LocalSettings) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    config = Config()
    config.bind = [f"127.0.0.1:{settings.port}", f"127.0.0.1:{settings.page_port}"]
    if settings.bridge is not None:
        # What runs in containers calls AWS too. Nobody but this machine is on that network.
        config.bind.append(f"{settings.bridge.address}:{settings.port}")
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    await serve(
        _Gateway(settings, app),  # type: ignore[arg-type]
        config,
        shutdown_trigger=stop.wait,
    )


def _register_services(settings: LocalSettings) -> SageMaker:
    """Add the services that ministack lacks."""
    from local import application_autoscaling, comprehend, sagemaker

    service = sagemaker.register(
        sagemaker.SageMakerSettings(
            state_folder=settings.state_folder,
            temporary_folder=settings.temporary_folder,
            model_python=settings.model_python,
            engine=settings.engine,
        )
    )
    application_autoscaling.register(service)
    comprehend.register()
    return service


def _end_with_parent(parent: int) -> None:
    """Ask for an orderly end when the launcher in the foreground has vanished."""

    def watch() -> None:
        while processes.is_running(parent):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def main() -> None:
    """Run the embedded AWS until it is told to stop."""
    settings = LocalSettings.from_environment()
    guard = guardian.start(settings.state_folder, settings.temporary_folder)
    if _PARENT_VARIABLE in os.environ:
        _end_with_parent(int(os.environ[_PARENT_VARIABLE]))

    from local.bridges import install_all

    install_all(settings)
    guardian.remove_containers(settings.engine, settings.state_folder)
    sagemaker = _register_services(settings)
    # One line per service and save would bury everything else in the log.
    logging.getLogger("persistence").setLevel(logging.WARNING)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(_serve(settings))

    sagemaker.close()
    guardian.remove_containers(settings.engine, settings.state_folder)
    processes.end_marked(settings.state_folder, excluding=[guard.pid], grace_seconds=2.0)
    sys.stdout.flush()
    # Threads that wait for a custom resource or a function would keep the interpreter from
    # ending for as long as they wait; the state is on disk and nothing of theirs is needed.
    os._exit(0)


if __name__ == "__main__":
    main()
