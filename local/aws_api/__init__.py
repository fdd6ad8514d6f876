"""What the services that ministack lacks have in common: requests, errors, lists, callers."""

from __future__ import annotations

import time
from typing import Any

Record = dict[str, Any]
"""A request, an answer, or what is kept about a resource, as JSON has it."""


def now() -> float:
    """Read the time as AWS writes it in JSON: seconds since 1970, to the millisecond."""
    return round(time.time(), 3)
