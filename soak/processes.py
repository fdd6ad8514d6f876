"""The processes of an embedded AWS by what they do, and the memory that they take."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from local import processes

KINDS = {
    "embedded AWS": ("local.emulator",),
    "model server": ("handler_host", "model_code.serve"),
    "training": ("model_code.train", "train.py"),
    "functions": ("ministack-lambda",),
}
"""Words in the command lines of the kinds of processes."""

_MEMORY_SECONDS = 1.0


def find(state_folder: Path, kind: str) -> list[psutil.Process]:
    """Return the processes of one of `KINDS` that belong to a state folder."""
    found = []
    for pid in processes.find_marked(state_folder):
        try:
            process = psutil.Process(pid)
            command = " ".join(process.cmdline())
        except psutil.NoSuchProcess:
            continue
        if any(word in command for word in KINDS[kind]):
            found.append(process)
    return found


@dataclass(frozen=True)
class Memory:
    """Resident memory of one kind of process at one moment.

    Attributes
    ----------
    second
        Since the watch began.
    kind
        One of `KINDS`.
    megabytes
        Of all processes of this kind.
    """

    second: float
    kind: str
    megabytes: float


class MemoryWatch:
    """Looks at the memory of an embedded AWS's processes every second.

    Parameters
    ----------
    state_folder
        Of the embedded AWS, which need not run yet.
    """

    def __init__(self, state_folder: Path) -> None:
        self._state_folder = state_folder
        self._ended = threading.Event()
        self._begun = time.monotonic()
        self._seen: list[Memory] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> list[Memory]:
        """Stop looking, and return what was seen."""
        self._ended.set()
        self._thread.join()
        return self._seen

    def _watch(self) -> None:
        while not self._ended.wait(_MEMORY_SECONDS):
            for kind in KINDS:
                total = 0
                for process in find(self._state_folder, kind):
                    try:
                        total += process.memory_info().rss
                    except psutil.NoSuchProcess:
                        continue
                second = round(time.monotonic() - self._begun, 1)
                self._seen.append(Memory(second, kind, round(total / 2**20, 1)))


def peaks(memory: Sequence[Memory]) -> dict[str, dict[str, float]]:
    """Return the first, largest and last memory of each kind that was seen at all, in MB."""
    kinds: defaultdict[str, list[float]] = defaultdict(list)
    for seen in memory:
        kinds[seen.kind].append(seen.megabytes)
    return {
        kind: {"first": values[0], "peak": max(values), "last": values[-1]}
        for kind, values in kinds.items()
        if max(values)
    }
