"""Which feedbacks a request is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, Field

from feedback.record import MAX_ID_LENGTH, MAX_IDS, Id
from rest_api.errors import BadRequestError, TooLargeError


class IdsRequest(BaseModel):
    """Which feedbacks."""

    ids: list[Id] = Field(json_schema_extra={"minItems": 1, "maxItems": MAX_IDS})


QUERY_IDS = r"^,*[^,]{1,128}(,+[^,]{1,128})*,*$"
"""Ids, separated by commas."""

QueryIds = Annotated[
    str,
    Query(
        alias="Id",
        description=f"Ids, separated by commas; at most {MAX_IDS}",
        pattern=QUERY_IDS,
    ),
]
"""The workshop's way of naming feedbacks."""


PathId = Annotated[str, Path(min_length=1, max_length=MAX_ID_LENGTH)]
"""The feedback that a path names."""


class ErrorOfId(BaseModel):
    """Why there is no result for an id."""

    code: str
    message: str


class FailedId(BaseModel):
    """An id without a result."""

    id: str
    error: ErrorOfId


def ids_of_query(text: str, *, most: int = MAX_IDS) -> list[str]:
    """Return the ids of the workshop's query string, ``a,b,c``.

    Raises
    ------
    BadRequestError, TooLargeError
        As `distinct_ids`.
    """
    return distinct_ids([part for part in text.split(",") if part], most=most)


def distinct_ids(ids: Sequence[str], *, most: int = MAX_IDS) -> list[str]:
    """Return every id once, in the order of their first appearance.

    Raises
    ------
    BadRequestError
        There is none, or one is longer than an id can be.
    TooLargeError
        There are more than one request may hold.
    """
    distinct = list(dict.fromkeys(ids))
    if not distinct:
        raise BadRequestError("Name at least one id.")
    if len(distinct) > most:
        raise TooLargeError(
            f"At most {most} ids in one request.",
            details={"limit": most, "received": len(distinct)},
        )
    if max(map(len, distinct)) > MAX_ID_LENGTH:
        raise BadRequestError("There is no id of this length.")
    return distinct


def missing(identifier: str) -> FailedId:
    """Return the result for an id that has no feedback."""
    return FailedId(
        id=identifier,
        error=ErrorOfId(code="not_found", message="There is no such feedback."),
    )
