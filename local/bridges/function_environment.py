"""Functions see what Lambda gives them, and nothing of the emulator.

Gap (ministack 1.5.33): every Python function runs on the emulator's own interpreter with its
packages and its whole environment, so that a missing dependency or a leaked key goes unnoticed.
Here Python functions run on an interpreter that has their declared dependencies alone, and no
function inherits a variable of the emulator beyond those listed.

The dependency layer is built for the deployed platform; its compiled modules may not load on
this machine's interpreter. A layer that holds any is left off the Python path, and the
interpreter's own environment stands in its place.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from local.bridges.layer_paths import OPT_FOLDERS, layers_of_worker
from local.processes import MARKER

_LAYERS = "_LAMBDA_LAYERS_DIRS"
_COMPILED_SUFFIXES = (".so", ".pyd", ".dylib")
# What the operating system needs to run the interpreter, and the marker by which left-over
# processes are found.
_INHERITED = frozenset({"PATH", "TMPDIR", MARKER})


def has_compiled_modules(layer_folder: Path) -> bool:
    """Whether a layer's Python packages hold modules that are bound to a platform."""
    packages = layer_folder / "python"
    return any(
        name.endswith(_COMPILED_SUFFIXES)
        for _folder, _subfolders, names in os.walk(packages)
        for name in names
    )


def function_environment(
    offered: Mapping[str, str], emulator: Mapping[str, str], layers: Sequence[Path] = ()
) -> dict[str, str]:
    """Environment of a function's process.

    Parameters
    ----------
    offered
        What the emulator would start the process with: its own environment and, on top,
        the variables of the function and of its execution role.
    emulator
        The emulator's own environment.
    layers
        Folders of the layers of a Python function.
    """
    environment = {
        name: value
        for name, value in offered.items()
        if name in _INHERITED or emulator.get(name) != value
    }
    environment[OPT_FOLDERS] = os.pathsep.join(map(str, layers))
    usable = [str(layer) for layer in layers if not has_compiled_modules(layer)]
    environment[_LAYERS] = os.pathsep.join(usable)
    environment["LANG"] = "en_US.UTF-8"
    environment["TZ"] = ":UTC"
    # Lambda's home folder cannot be written to; this machine's is nobody's business.
    environment["HOME"] = environment.get("LAMBDA_TASK_ROOT", "/")
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return environment


class _WorkerProcesses:
    """Stands for the subprocess module inside the emulator's Lambda runtime."""

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)

    @staticmethod
    def Popen(  # noqa: N802  # the name of the class that it stands for
        command: Sequence[str], *, env: Mapping[str, str], **options: Any
    ) -> subprocess.Popen[Any]:
        environment = function_environment(env, os.environ, layers_of_worker())
        if command[0] == "node" and "NODE_PATH" in env:
            environment["NODE_PATH"] = env["NODE_PATH"]
        return subprocess.Popen(command, env=environment, **options)


def install(functions_python: Path) -> None:
    """Run functions in an environment of their own.

    Parameters
    ----------
    functions_python
        Interpreter for the Python runtimes.
    """
    upstream: Any = lambda_runtime._detect_runtime_binary

    def detect_runtime_binary(runtime: str) -> tuple[str, str]:
        binary, script = upstream(runtime)
        return (str(functions_python) if runtime.startswith("python") else binary), script

    lambda_runtime._detect_runtime_binary = detect_runtime_binary
    lambda_runtime.subprocess = _WorkerProcesses()
