"""What people type into a new feedback, as the contract has it."""

from __future__ import annotations

import json
from typing import Any

from openapi.document import OPEN, checked_in


def schema() -> dict[str, Any]:
    """Return the contract's schema of a new feedback."""
    document = json.loads(checked_in(OPEN).read_text(encoding="utf-8"))
    found: dict[str, Any] = document["components"]["schemas"]["NewFeedback"]
    return found


def text_limits() -> dict[str, int]:
    """Return how many letters each field takes that people type into."""
    return {
        name: kind["maxLength"]
        for name, field in schema()["properties"].items()
        for kind in field.get("anyOf", [field])
        if "maxLength" in kind
    }
