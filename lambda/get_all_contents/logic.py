"""Pages of the listing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from feedback.record import Feedback
from feedback.table import Cursor, FeedbackTable, Page

MAX_PAGE = 1_000
"""Feedbacks on one page."""

CURSOR = r"^[^~]{1,64}~.{1,128}$"
"""Where a page ended: the time and the id of its last feedback."""

MAX_FRESH = 100
"""Feedbacks that a client may ask to see as they are now."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page, and where the next one is: a reference relative to the request's URL."""

    feedbacks: list[Feedback]
    next: str | None


def list_newest(
    table: FeedbackTable, *, limit: int, after: str | None, fresh: Sequence[str] = ()
) -> Listing:
    """Return one page of the listing, newest first.

    Parameters
    ----------
    table
        What is listed.
    limit
        Feedbacks on the page.
    after
        Where the page before ended, in the form of `CURSOR`.
    fresh
        Ids that the client has just written. The listing's index follows the table after a
        moment; these feedbacks are shown as they are now. They may make the page longer.
    """
    page = table.newest(limit=limit, after=decode_cursor(after) if after else None)
    if fresh:
        page = with_fresh(page, table.read(fresh), asked=fresh, first=after is None)
    following = None
    if page.next is not None:
        following = "?" + urlencode({"limit": limit, "after": encode_cursor(page.next)})
    return Listing(page.feedbacks, following)


def with_fresh(
    page: Page, rows: Mapping[str, Feedback], *, asked: Sequence[str], first: bool
) -> Page:
    """Return `page` with the rows of `asked` as they are now, or without them if they are gone.

    Parameters
    ----------
    page
        As the index has it.
    rows
        Those of `asked` that exist.
    asked
        Ids to look at.
    first
        Whether the page is the listing's first: only there a row may appear that the index
        does not have yet.
    """
    listed = {feedback.id for feedback in page.feedbacks}
    kept = [
        rows.get(feedback.id, feedback)
        for feedback in page.feedbacks
        if feedback.id in rows or feedback.id not in asked
    ]
    oldest = page.next.posted_time if page.next is not None else ""
    new = [row for row in rows.values() if row.id not in listed and row.posted_time > oldest]
    if first and new:
        kept = sorted([*kept, *new], key=lambda row: row.posted_time, reverse=True)
    return Page(kept, page.next)


def encode_cursor(cursor: Cursor) -> str:
    """Return `cursor` as the word that a page's Link header holds."""
    return f"{cursor.posted_time}~{cursor.id}"


def decode_cursor(text: str) -> Cursor:
    """Return what `encode_cursor` encoded; `text` matches `CURSOR`."""
    posted_time, _, identifier = text.partition("~")
    return Cursor(posted_time, identifier)
