"""What became of the feedbacks that a request named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from feedback.record import Row
from rest_api.errors import NoSuchFeedbackError, NotFoundError

_Result = TypeVar("_Result")


class ErrorOfId(BaseModel):
    """Why there is no result for an id."""

    code: str
    message: str


class FailedId(BaseModel):
    """An id without a result."""

    id: str
    error: ErrorOfId


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the feedbacks that a request named.

    Attributes
    ----------
    ids
        Distinct, in the order asked.
    rows
        The rows as they stand now, by id. One may be missing: there never was one, or it was
        deleted meanwhile.
    """

    ids: Sequence[str]
    rows: Mapping[str, Row]

    @property
    def found(self) -> list[Row]:
        """The rows in the order asked."""
        return [self.rows[identifier] for identifier in self.ids if identifier in self.rows]

    def all_found(self) -> list[Row]:
        """Return the rows in the order asked, for a form that has no place for an error per id.

        Raises
        ------
        NotFoundError
            Some do not exist.
        """
        missing = [identifier for identifier in self.ids if identifier not in self.rows]
        if missing:
            raise NotFoundError(
                "Some feedbacks do not exist. The others were handled.",
                details={"missing": missing},
            )
        return self.found

    def results(self, result: Callable[[Row], _Result]) -> list[_Result | FailedId]:
        """Return one result or error per id, in the order asked.

        Parameters
        ----------
        result
            What is told of a row.
        """
        return [
            result(self.rows[identifier]) if identifier in self.rows else _missing(identifier)
            for identifier in self.ids
        ]


def _missing(identifier: str) -> FailedId:
    error = NoSuchFeedbackError()
    return FailedId(id=identifier, error=ErrorOfId(code=error.code, message=error.message))
