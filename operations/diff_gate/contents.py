"""What names content rather than configuration: hashes of assets and of what is delivered.

A changed line of a function's code changes the hash in ``S3Key`` and nothing else.
"""

from __future__ import annotations

import re
from typing import Any

# Assets and image tags have 64 digits, what this application delivers 16, and the logical ids
# of API deployments and function versions end in 32.
_HASH = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16})(?![0-9a-f])")


def same_but_for_content(old: Any, new: Any) -> bool:
    """Whether two parts of templates differ in nothing but hashes of content."""
    return bool(_without_hashes(old) == _without_hashes(new))


def without_hashes(text: str) -> str:
    """Return a text with every hash of content as ``<content>``."""
    return _HASH.sub("<content>", text)


def _without_hashes(value: Any) -> Any:
    if isinstance(value, str):
        return without_hashes(value)
    if isinstance(value, dict):
        return {without_hashes(name): _without_hashes(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_hashes(part) for part in value]
    return value
