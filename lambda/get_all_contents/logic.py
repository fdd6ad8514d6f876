"""Pages of the listing."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from urllib.parse import urlencode

from feedback.record import MAX_ID_LENGTH, Feedback
from feedback.table import Cursor, FeedbackTable
from rest_api.errors import BadRequestError

MAX_PAGE = 1_000
"""Feedbacks on one page."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page, and where the next one is: a reference relative to the request's URL."""

    feedbacks: list[Feedback]
    next: str | None


def list_newest(table: FeedbackTable, *, limit: int, after: str | None) -> Listing:
    """Return one page of the listing, newest first.

    Raises
    ------
    BadRequestError
        `after` did not come from a ``Link`` header.
    """
    page = table.newest(limit=limit, after=decode_cursor(after) if after else None)
    following = None
    if page.next is not None:
        following = "?" + urlencode({"limit": limit, "after": encode_cursor(page.next)})
    return Listing(page.feedbacks, following)


def encode_cursor(cursor: Cursor) -> str:
    """Return `cursor` as an opaque word that fits into a URL."""
    text = json.dumps([cursor.posted_time, cursor.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """Return what `encode_cursor` encoded.

    Raises
    ------
    BadRequestError
        `text` is something else.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        fields = None
    match fields:
        case [str(posted_time), str(identifier)] if (
            posted_time and 0 < len(identifier) <= MAX_ID_LENGTH
        ):
            return Cursor(posted_time, identifier)
    raise BadRequestError("after must come from the Link header of a page.")
