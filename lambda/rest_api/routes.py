"""Which routes there are, as the stacks know them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def functions() -> dict[str, dict[str, Any]]:
    """Return the functions by name, each with its routes, as ``functions.json`` has them."""
    file = Path(__file__).parents[1] / "functions.json"
    definitions: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return definitions


def methods_of(resource: str) -> list[str]:
    """Return the methods of a resource such as ``/feedback/{id}``; none if there is no such."""
    return sorted(
        route["method"]
        for definition in functions().values()
        for route in definition["routes"]
        if route["path"] == resource
    )
