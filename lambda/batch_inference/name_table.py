"""A CSV file with a column of first names, read row by row; a bad row stops nothing."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from batch_inference.errors import BatchError

NAME_COLUMNS = ("name", "first_name", "firstname", "first name", "given_name", "given name")
"""Headers that are taken for the column of first names, in any case of letters."""

LONGEST_NAME = 1_000
"""Characters; more is no name, and a record must fit into a request to the model."""

_DELIMITERS = (",", ";", "\t")
_MOST_LINES_PER_ROW = 100
_OPEN_QUOTATION = "a quotation mark is never closed"
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it came.

    Attributes
    ----------
    line
        Number of its first line in the file, counted from 1.
    cells
        As many as the header has.
    problem
        Why no gender can be inferred from it, or None.
    """

    line: int
    cells: Sequence[str]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    is_utf8: bool


class NameTable:
    """Header and rows of a file.

    Comma, semicolon and tab separate columns, whichever the header has most of. Cells in
    quotation marks may hold line ends. The encoding is UTF-8.

    Parameters
    ----------
    lines
        The file's lines with their ends, as iterating over a binary file yields them.
    column
        Header of the column of first names; None finds it by its usual names.

    Attributes
    ----------
    header
        Names of the columns.
    delimiter
        What separates them.
    position
        Index of the column of first names.

    Raises
    ------
    BatchError
        If the file is empty, or it cannot be told which column holds the names.
    """

    def __init__(self, lines: Iterable[bytes], *, column: str | None = None) -> None:
        self._lines = iter(_decoded(lines))
        first = next(self._lines, None)
        if first is None or not first.text.strip():
            raise BatchError("the input is empty: its first line must name the columns")
        text = first.text.removeprefix(_BYTE_ORDER_MARK)
        if not first.is_utf8 or "\0" in text:
            raise BatchError("the input is not encoded in UTF-8: save it as 'CSV UTF-8'")
        self.delimiter = max(_DELIMITERS, key=text.count)
        try:
            (cells,) = csv.reader([text], delimiter=self.delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            raise BatchError(f"line 1, the header, cannot be read: {error}") from error
        self.header: Sequence[str] = cells
        self.position = self._find(column)

    def rows(self) -> Iterator[Row]:
        """Yield every row of the file once, in order."""
        returned: deque[_Line] = deque()

        def take() -> _Line | None:
            return returned.popleft() if returned else next(self._lines, None)

        while (first := take()) is not None:
            taken = [first]
            quotes = first.text.count('"')
            while quotes % 2 and len(taken) < _MOST_LINES_PER_ROW:
                following = take()
                if following is None:
                    break
                taken.append(following)
                quotes += following.text.count('"')
            row = self._bad(taken, _OPEN_QUOTATION) if quotes % 2 else self._row(taken)
            if row.problem is not None and len(taken) > 1:
                # Only its first line is lost: the others may be rows of their own.
                returned.extendleft(reversed(taken[1:]))
                row = self._bad(taken[:1], _OPEN_QUOTATION)
            yield row

    def name(self, row: Row) -> str:
        """Return the first name of a row without a problem."""
        return row.cells[self.position]

    def _find(self, column: str | None) -> int:
        headers = [header.strip().casefold() for header in self.header]
        wanted = NAME_COLUMNS if column is None else (column.strip().casefold(),)
        found = [index for index, header in enumerate(headers) if header in wanted]
        if len(found) != 1:
            which = "no column" if not found else "more than one column"
            # Never the header's cells: where a file has none, they are a person's.
            raise BatchError(
                f"{which} of the input is called {' or '.join(wanted)}. The first line must name "
                f"the columns (it has {len(headers)}): say which holds the first names, as in "
                "COLUMN=customer"
            )
        return found[0]

    def _row(self, lines: Sequence[_Line]) -> Row:
        text = "".join(line.text for line in lines)
        if not text.strip("\r\n"):
            return self._bad(lines, "the line is empty")
        if not all(line.is_utf8 for line in lines):
            return self._bad(lines, "the line is not encoded in UTF-8")
        try:
            cells = self._cells(text, lines)
        except csv.Error as error:
            return self._bad(lines, str(error))
        if len(cells) != len(self.header):
            return self._bad(
                lines, f"the number of columns is {len(cells)}, and {len(self.header)} in line 1"
            )
        if len(cells[self.position]) > LONGEST_NAME:
            problem = f"the name has more than {LONGEST_NAME:,} characters"
            return Row(lines[0].number, cells, problem)
        return Row(lines[0].number, cells)

    def _cells(self, text: str, lines: Sequence[_Line]) -> list[str]:
        if '"' not in text:
            return text.rstrip("\r\n").split(self.delimiter)
        reader = csv.reader([line.text for line in lines], delimiter=self.delimiter, strict=True)
        return next(reader)

    def _bad(self, lines: Sequence[_Line], problem: str) -> Row:
        """Keep what the row was, as far as a table can: as the text of its first cell."""
        text = "".join(line.text for line in lines).rstrip("\r\n")
        return Row(lines[0].number, [text, *[""] * (len(self.header) - 1)], problem)


def _decoded(lines: Iterable[bytes]) -> Iterator[_Line]:
    for number, line in enumerate(lines, start=1):
        try:
            yield _Line(number, line.decode(), is_utf8=True)
        except UnicodeDecodeError:
            yield _Line(number, line.decode(errors="replace"), is_utf8=False)
