"""What a function's layers hold is found under ``/opt``, and is unpacked once.

Gap (ministack 1.5.33): layers are unpacked to a temporary folder, but code expects them at
``/opt``, as CDK's ``BucketDeployment`` does when it runs ``/opt/awscli/aws``. Writing to ``/opt``
needs root and would mix the layers of all functions. Instead the Python worker translates the
program that a function starts: a path under ``/opt`` that one of its layers holds becomes that
layer's file, and a script written for Lambda's interpreter runs on the function's own.

Each worker of each function unpacks its layers anew, which for CDK's AWS CLI layer are 4,300 files
and some seconds. Python functions share one unpacked copy of each layer instead.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
import zipfile
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

OPT_FOLDERS = "_LAMBDA_OPT_FOLDERS"

_spawned_layers: ContextVar[list[Path] | None] = ContextVar("layers_of_worker", default=None)
_unpacking = threading.Lock()

_TRANSLATION = f'''
def _install_opt_translation():
    import os, subprocess, sys

    folders = [f for f in os.environ.pop("{OPT_FOLDERS}", "").split(os.pathsep) if f]

    def translate(argument):
        if isinstance(argument, str) and argument.startswith("/opt/"):
            for folder in folders:
                candidate = os.path.join(folder, argument[len("/opt/"):])
                if os.path.exists(candidate):
                    return candidate
        return argument

    def command_of(arguments):
        if not isinstance(arguments, (list, tuple)) or not arguments:
            return arguments
        program = translate(arguments[0])
        rest = [translate(argument) for argument in arguments[1:]]
        if program == arguments[0]:
            return [program, *rest]
        with open(program, "rb") as file:
            first_line = file.readline()
        if first_line.startswith(b"#!") and b"python" in first_line:
            return [sys.executable, program, *rest]
        os.chmod(program, 0o755)
        return [program, *rest]

    upstream = subprocess.Popen.__init__

    def popen(self, args, *positional, **named):
        upstream(self, command_of(args), *positional, **named)

    if folders:
        subprocess.Popen.__init__ = popen

_install_opt_translation()
'''


def layers_of_worker() -> list[Path]:
    """Folders with the layers of the Python worker that this thread is starting."""
    return list(_spawned_layers.get() or [])


def unpack(archive: bytes, folder: Path) -> Path:
    """Unpack a layer unless that has been done.

    Parameters
    ----------
    archive
        The layer as a zip archive.
    folder
        Folder for all layers.

    Returns
    -------
    Path
        The layer's own folder.
    """
    unpacked = folder / hashlib.sha256(archive).hexdigest()[:32]
    with _unpacking:
        if not unpacked.exists():
            unfinished = unpacked.with_suffix(".unfinished")
            with zipfile.ZipFile(io.BytesIO(archive)) as files:
                files.extractall(unfinished)
            unfinished.rename(unpacked)
    return unpacked


def install() -> None:
    """Share unpacked layers, and teach the Python worker to translate paths under ``/opt``."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = _TRANSLATION + lambda_runtime._PYTHON_WORKER_SCRIPT
    folder = Path(tempfile.gettempdir()) / "layers"
    upstream_spawn: Any = lambda_runtime.Worker._spawn
    upstream_resolve: Any = lambda_svc._resolve_layer_zip

    def spawn(worker: Any) -> None:
        if not str(worker.config.get("Runtime", "")).startswith("python"):
            upstream_spawn(worker)
            return
        token = _spawned_layers.set([])
        try:
            upstream_spawn(worker)
        finally:
            _spawned_layers.reset(token)

    def resolve_layer_zip(attachment: Any) -> Any:
        archive = upstream_resolve(attachment)
        layers = _spawned_layers.get()
        if layers is None or not archive:
            return archive
        layers.append(unpack(archive, folder))
        # Nothing is left for the worker itself to unpack.
        return None

    lambda_runtime.Worker._spawn = spawn
    lambda_svc._resolve_layer_zip = resolve_layer_zip
