"""What stops a batch, in words for whoever started it."""

from __future__ import annotations


class BatchError(Exception):
    """A batch that cannot go on; the message says what to do."""
