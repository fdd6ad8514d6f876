"""Progress of long steps on the terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType


class Step:
    """One named step; prints its start, its lines and its end with the time it took.

    Parameters
    ----------
    title
        What is being done.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = 0.0

    def __enter__(self) -> Step:
        """Print the title."""
        self._started = time.monotonic()
        say(f"==> {self._title}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Print how it went."""
        outcome = "done" if kind is None else "failed"
        say(f"    {self._title}: {outcome} in {self.elapsed_seconds:.1f} s")

    @property
    def elapsed_seconds(self) -> float:
        """Time since the step began, in seconds."""
        return time.monotonic() - self._started

    def tell(self, text: str) -> None:
        """Print one line of the step, with the time since it began."""
        say(f"    [{self.elapsed_seconds:5.0f} s] {text}")


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
