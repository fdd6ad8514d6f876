"""Programs that find folders of ours at the paths of AWS's machines, such as ``/opt/ml``.

A program runs in a mount namespace of its own (``unshare``), in which folders and files are
bound to the paths that it knows. Nobody else sees them there, and they vanish with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_SCRIPT = Path(__file__).with_suffix(".sh")


class MountsUnavailableError(Exception):
    """Private mounts are not allowed here; the message says what they take."""


def command(
    binds: Mapping[str, Path],
    program: Sequence[str],
    *,
    folder: str = "/",
    read_only: bool = False,
) -> list[str]:
    """Command that runs a program with folders of ours at the paths that it knows.

    Parameters
    ----------
    binds
        Existing folder of ours by the absolute path at which it shall appear; a file's path must
        exist on this machine. A path below another one comes after it.
    program
        What to run.
    folder
        Working folder of the program.
    read_only
        Whether the program cannot write to anything else on this machine's disks.

    Raises
    ------
    MountsUnavailableError
        If the kernel, or the user's rights, do not allow it.
    """
    unshare = _unshare()
    if not unshare:
        raise MountsUnavailableError(
            "private mounts give programs the paths of AWS's machines; they take Linux, the "
            "program unshare, and root or unprivileged user namespaces"
        )
    pairs = [text for path, source in binds.items() for text in (path, str(source))]
    access = "ro" if read_only else "rw"
    return [*unshare, "/bin/sh", str(_SCRIPT), folder, access, str(len(binds)), *pairs, *program]


@cache
def _unshare() -> tuple[str, ...]:
    program = shutil.which("unshare")
    if program is None:
        return ()
    ways: list[tuple[str, ...]] = [(program, "-r", "-m")]
    if os.geteuid() == 0:
        ways.insert(0, (program, "-m"))
    for way in ways:
        attempt = [*way, "/bin/sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        if subprocess.run(attempt, capture_output=True, check=False).returncode == 0:
            return way
    return ()
