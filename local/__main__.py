"""Command line of the embedded AWS."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from urllib.error import URLError

from local import launcher, notebook
from local.deployment import DeploymentError
from local.settings import LocalSettings, LocalSettingsError

_COMMANDS = {
    "up": launcher.up,
    "down": launcher.down,
    "notebook": notebook.open_notebook,
    "reset": launcher.reset,
    "run": launcher.run,
}


def main() -> int:
    """Run one command.

    Returns
    -------
    int
        Exit code: 0, 1 for a failure with its message on standard error, 130 for Ctrl-C.
    """
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=sorted(_COMMANDS))
    command = parser.parse_args().command
    # SIGTERM is how `down` ends another launcher. SIGINT is set as well because a shell starts
    # commands in the background with Ctrl-C ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    try:
        _COMMANDS[command](LocalSettings.from_environment(_environment_of(command)))
    except (LocalSettingsError, launcher.LauncherError, DeploymentError, URLError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _environment_of(command: str) -> dict[str, str]:
    environment = dict(os.environ)
    if command in ("down", "reset"):
        # What runs can be stopped without the engine, which may be gone.
        environment.pop("LOCAL_CONTAINERS", None)
    return environment


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
