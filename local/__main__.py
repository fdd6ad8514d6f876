"""Command line of the embedded AWS: ``python -m local up|down|reset|run``."""

from __future__ import annotations

import argparse
import sys
from urllib.error import URLError

from local import launcher
from local.deployment import DeploymentError
from local.settings import LocalSettings, LocalSettingsError

_COMMANDS = {
    "up": launcher.up,
    "down": launcher.down,
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
    try:
        _COMMANDS[command](LocalSettings.from_environment())
    except (LocalSettingsError, launcher.LauncherError, DeploymentError, URLError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
