"""The machine on which figures were taken."""

from __future__ import annotations

import os
import platform
from typing import Any

import psutil


def describe() -> dict[str, Any]:
    """Describe this machine: processors, memory in GB, version of Python, load average.

    Called before anything is measured: the load of the minute before is others' work.
    """
    return {
        "processors": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 1),
    }
