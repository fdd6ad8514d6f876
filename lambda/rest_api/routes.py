"""Which routes there are, as the stacks know them."""

from __future__ import annotations

import json
from pathlib import Path

FUNCTIONS = Path(__file__).parents[1] / "functions.json"


def methods_of(resource: str) -> list[str]:
    """Return the methods of a resource such as ``/feedback/{id}``; none if there is no such."""
    functions = json.loads(FUNCTIONS.read_text(encoding="utf-8"))
    return sorted(
        route["method"]
        for definition in functions.values()
        for route in definition["routes"]
        if route["path"] == resource
    )
