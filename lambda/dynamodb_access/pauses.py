"""How long to wait before DynamoDB is asked again."""

from __future__ import annotations

import random
import time

FIRST_SECONDS = 0.02
LONGEST_SECONDS = 1.0


def pause(attempt: int) -> None:
    """Wait after a failed attempt: at random, so that clients that failed together part.

    Parameters
    ----------
    attempt
        Number of the attempt that failed, from 0; the bound doubles with each.
    """
    bound = min(LONGEST_SECONDS, FIRST_SECONDS * 2**attempt)
    time.sleep(random.uniform(0, bound))  # noqa: S311 - jitter
