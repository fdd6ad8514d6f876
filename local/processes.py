"""Find and end the processes that belong to one embedded AWS.

Every process that the embedded AWS starts inherits one environment variable that names its
state folder. It identifies them after any crash: a process id alone can have been reused by a
stranger, and a process group does not hold what started a session of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

MARKER = "VOC_GENDER_LOCAL_STATE"
_PROC = Path("/proc")


def marker_of(state_folder: Path) -> dict[str, str]:
    """Environment variable that marks the processes of this state folder."""
    return {MARKER: str(state_folder)}


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError, IndexError):
        stat = (_PROC / str(pid) / "stat").read_text()
        # The command stands in brackets and may hold anything; the state letter follows it.
        return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
    return True


def find_marked(state_folder: Path, *, excluding: Collection[int] = ()) -> list[int]:
    """Process ids that carry the marker of this state folder, without the calling process.

    Parameters
    ----------
    state_folder
        Absolute path of the state folder.
    excluding
        Process ids to leave out.
    """
    skipped = {os.getpid(), *excluding}
    found = _marked_in_proc(state_folder) if _PROC.is_dir() else _marked_in_ps(state_folder)
    return [pid for pid in found if pid not in skipped and is_running(pid)]


def _marked_in_proc(state_folder: Path) -> list[int]:
    wanted = f"{MARKER}={state_folder}".encode()
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in variables:
            found.append(int(entry.name))
    return found


def _marked_in_ps(state_folder: Path) -> list[int]:
    # macOS has no /proc; its ps appends the environment of one's own processes to the command.
    listing = subprocess.run(
        ["ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True, check=False
    ).stdout
    wanted = f"{MARKER}={state_folder}"
    return [int(line.split()[0]) for line in listing.splitlines() if wanted in line.split()]


def send_signal(pids: Collection[int], number: signal.Signals) -> None:
    """Send a signal to each process that still exists."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def wait_until_gone(pids: Collection[int], timeout_seconds: float) -> list[int]:
    """Wait for processes to end.

    Returns
    -------
    list of int
        The processes that are still there after ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    remaining = [pid for pid in pids if is_running(pid)]
    while remaining and time.monotonic() < deadline:
        time.sleep(0.05)
        remaining = [pid for pid in remaining if is_running(pid)]
    return remaining


def end_marked(
    state_folder: Path, *, excluding: Collection[int] = (), grace_seconds: float = 5.0
) -> int:
    """End every process that carries the marker, politely first.

    Parameters
    ----------
    state_folder
        Absolute path of the state folder.
    excluding
        Process ids to leave alone.
    grace_seconds
        Time between SIGTERM and SIGKILL.

    Returns
    -------
    int
        Number of processes that were found.
    """
    found = find_marked(state_folder, excluding=excluding)
    send_signal(found, signal.SIGTERM)
    send_signal(wait_until_gone(found, grace_seconds), signal.SIGKILL)
    # Asked again: a process that was being started while the list was taken is on the next one.
    late = find_marked(state_folder, excluding=excluding)
    send_signal(late, signal.SIGKILL)
    wait_until_gone({*found, *late}, grace_seconds)
    return len({*found, *late})
