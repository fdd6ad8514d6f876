"""Ends what the emulator leaves behind, however the emulator ended.

The emulator holds the only writing end of a pipe to this process. When the emulator is gone,
even by ``kill -9``, reading that pipe ends, and the model servers, training jobs and Lambda
workers which are now without a parent are ended as well.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

from local import processes
from local.engine import Engine, EngineError
from local.settings import LocalSettings, LocalSettingsError


def start(state_folder: Path, temporary_folder: Path) -> subprocess.Popen[bytes]:
    """Start the guardian of the calling process.

    Parameters
    ----------
    state_folder
        Folder whose marked processes are ended.
    temporary_folder
        Folder that is emptied afterwards.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "local.guardian", str(state_folder), str(temporary_folder)],
        stdin=subprocess.PIPE,
        # A session of its own: Ctrl-C in the terminal and a signal to the group must not
        # take the guardian before those that it guards.
        start_new_session=True,
    )


def remove_containers(engine: Engine | None, state_folder: Path) -> None:
    """Remove the containers that an engine runs for an embedded AWS, if it still answers."""
    if engine is not None:
        with contextlib.suppress(EngineError):
            engine.remove_created(state_folder)


def main(arguments: list[str]) -> None:
    """Wait for the emulator's end, then clean up after it."""
    state_folder, temporary_folder = Path(arguments[0]), Path(arguments[1])
    sys.stdin.buffer.read()
    processes.end_marked(state_folder)
    # The engine may have gone with the emulator.
    with contextlib.suppress(LocalSettingsError):
        remove_containers(LocalSettings.from_environment().engine, state_folder)
    shutil.rmtree(temporary_folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
