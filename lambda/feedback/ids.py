"""Which feedbacks a request is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, Field

from rest_api.errors import TooLargeError

MAX_IDS = 1_000
"""Feedbacks that one request may name."""

MAX_ID_LENGTH = 128

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH)]


class IdsRequest(BaseModel):
    """Which feedbacks."""

    ids: list[Id] = Field(min_length=1, json_schema_extra={"maxItems": MAX_IDS})


QUERY_IDS = rf"^,*[^,]{{1,{MAX_ID_LENGTH}}}(,+[^,]{{1,{MAX_ID_LENGTH}}})*,*$"
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


def ids_of_query(text: str, *, most: int = MAX_IDS) -> list[str]:
    """Return the ids of the workshop's query string, ``a,b,c``.

    Raises
    ------
    TooLargeError
        As `distinct_ids`.
    """
    return distinct_ids([part for part in text.split(",") if part], most=most)


def distinct_ids(ids: Sequence[str], *, most: int = MAX_IDS) -> list[str]:
    """Return every id once, in the order of their first appearance.

    Raises
    ------
    TooLargeError
        There are more than one request may hold.
    """
    distinct = list(dict.fromkeys(ids))
    if len(distinct) > most:
        raise TooLargeError(
            f"At most {most} ids in one request.",
            details={"limit": most, "received": len(distinct)},
        )
    return distinct
