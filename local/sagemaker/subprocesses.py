"""Processes that play containers: each in a process group of its own, all ended with us."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from local import processes

if TYPE_CHECKING:
    from local.sagemaker.contracts import Layout

_SHUTDOWN_GRACE_SECONDS = 3.0
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "TZ")
"""All that a container's process sees of the emulator's environment: a key or an option of ours
that leaked into it would hide what is missing on AWS."""


class ContainerProcess:
    """A running container program with its whole process group."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        table: ProcessTable,
    ) -> None:
        self._table = table
        self._process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Process id, which is also that of the group."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the main process lives."""
        return self._process.poll() is None

    def lines(self) -> Iterator[str]:
        """Yield standard output and error, line by line, until both are closed."""
        for line in self._process.stdout or ():
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    def wait(self, timeout_seconds: float | None = None) -> int | None:
        """Wait for the end.

        Returns
        -------
        int or None
            Exit code as a container engine reports it (128 + signal number for a killed one);
            None if it still runs after the time.
        """
        try:
            code = self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None
        # What the program left running in its group must not outlive it, and it could hold the
        # output open for ever.
        self.signal_group(signal.SIGKILL)
        self._table.forget(self)
        return code if code >= 0 else 128 - code

    def end(self, grace_seconds: float) -> int:
        """Send SIGTERM, wait, then SIGKILL; answers the exit code."""
        self.signal_group(signal.SIGTERM)
        code = self.wait(grace_seconds)
        if code is None:
            self.signal_group(signal.SIGKILL)
            code = self.wait()
        return code if code is not None else 137

    def collect(self, layout: Layout) -> None:
        """Bring model and output to the layout's folders, where a process has written already."""

    def remove(self) -> None:
        """Remove what was made to run it: nothing, for a process."""

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and all its descendants of the same group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


class ProcessTable:
    """All container processes of this emulator.

    Parameters
    ----------
    state_folder
        Folder whose path marks the processes for the launcher.
    """

    def __init__(self, state_folder: Path) -> None:
        self._marker = processes.marker_of(state_folder)
        self._lock = threading.Lock()
        self._running: set[ContainerProcess] = set()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether the emulator is ending."""
        return self._closed

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        make: Callable[..., ContainerProcess] = ContainerProcess,
    ) -> ContainerProcess:
        """Start a program.

        Parameters
        ----------
        command, environment, folder
            What to run, with which variables on top of the inherited ones, and where.
        make
            Makes the process of these and of the table.

        Raises
        ------
        RuntimeError
            If the emulator is ending.
        """
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        with self._lock:
            if self._closed:
                raise RuntimeError("the embedded AWS is stopping")
            process = make(command, {**inherited, **environment, **self._marker}, folder, self)
            self._running.add(process)
        return process

    def forget(self, process: ContainerProcess) -> None:
        """Drop a process that has ended."""
        with self._lock:
            self._running.discard(process)

    def end_all(self) -> None:
        """End every process, politely first."""
        with self._lock:
            running = list(self._running)
        for process in running:
            process.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + _SHUTDOWN_GRACE_SECONDS
        for process in running:
            process.end(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """End every process and refuse new ones."""
        with self._lock:
            self._closed = True
        self.end_all()
