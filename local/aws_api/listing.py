"""Filtering, sorting and paging that every List operation shares."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from local.aws_api import Record
from local.aws_api.errors import validation_error


def page(items: Sequence[Record], request: Record, default: int) -> tuple[list[Record], Record]:
    """Cut the page that a request asks for.

    Returns
    -------
    tuple
        The page, and ``{"NextToken": …}`` where more follows.
    """
    start = _position(request.get("NextToken"))
    end = start + int(request.get("MaxResults", default))
    following = {"NextToken": _token(end)} if end < len(items) else {}
    return list(items[start:end]), following


def select(
    records: Iterable[Record],
    request: Record,
    *,
    name: str,
    status: str | None = None,
    ascending: bool = False,
) -> list[Record]:
    """Filter and sort records as a List request asks.

    Parameters
    ----------
    records : Iterable
        All records of the kind.
    request : dict
        The request with ``NameContains``, ``StatusEquals``, ``CreationTimeAfter`` and so on.
    name, status : str
        Keys under which a record keeps its name and status.
    ascending : bool
        The operation's order where the request names none.
    """
    chosen = [record for record in records if _matches(record, request, name, status)]
    sort_key = {"Name": name, "Status": status or name}.get(
        request.get("SortBy", ""), str(request.get("SortBy", "CreationTime"))
    )
    order = request.get("SortOrder", "Ascending" if ascending else "Descending")

    def sort_value(record: Record) -> Any:
        return record.get(sort_key, record[name])

    return sorted(chosen, key=sort_value, reverse=order == "Descending")


def _matches(record: Record, request: Record, name: str, status: str | None) -> bool:
    if request.get("NameContains", "").lower() not in record[name].lower():
        return False
    if status and request.get("StatusEquals", record[status]) != record[status]:
        return False
    for field in ("CreationTime", "LastModifiedTime"):
        moment = record.get(field, 0.0)
        if f"{field}After" in request and moment <= _seconds(request[f"{field}After"]):
            return False
        if f"{field}Before" in request and moment >= _seconds(request[f"{field}Before"]):
            return False
    return True


def _seconds(moment: object) -> float:
    if isinstance(moment, (int, float)):
        return float(moment)
    try:
        return datetime.fromisoformat(str(moment)).timestamp()
    except ValueError as error:
        raise validation_error(f"'{moment}' is not a timestamp.") from error


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()


def _position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("position:"))
    except (ValueError, binascii.Error) as error:
        raise validation_error("Invalid NextToken.") from error
