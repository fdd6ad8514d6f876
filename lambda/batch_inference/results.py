"""The input's rows with what was inferred from their names."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from batch_inference.errors import BatchError
from batch_inference.name_table import NameTable

ADDED_COLUMNS = ("gender", "probability_female", "reason")
_BAD = ["U", "", "bad_line"]
"""What is added to a row without a name."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Summary:
    """What came of a batch.

    Attributes
    ----------
    rows
        Rows of the input.
    genders
        How often each answer was given.
    bad_lines
        Number of the line, and what is wrong with it.
    """

    rows: int = 0
    genders: dict[str, int] = field(default_factory=dict)
    bad_lines: list[tuple[int, str]] = field(default_factory=list)


def write_results(
    table: NameTable,
    predictions: Iterator[Mapping[str, Any]],
    output: TextIO,
    *,
    for_spreadsheet: bool = False,
) -> Summary:
    """Write the rows in their order, each with three more columns.

    Parameters
    ----------
    table
        The input.
    predictions
        The model's answer for each row without a problem, in order.
    output
        A text file that was opened with ``newline=""``.
    for_spreadsheet
        Put an apostrophe before cells that a spreadsheet would take for a formula. What the
        input holds is otherwise kept to the letter: a program that reads the results must find
        its keys again. The added cells never begin like a formula.

    Raises
    ------
    BatchError
        If the answers are not those to these rows.
    """
    summary = Summary()
    writer = csv.writer(output, delimiter=table.delimiter, lineterminator="\n")
    writer.writerow([*_safe(table.header, for_spreadsheet), *_added_columns(table.header)])
    for row in table.rows():
        added = _BAD if row.problem is not None else _inferred(table.name(row), predictions)
        writer.writerow([*_safe(row.cells, for_spreadsheet), *added])
        summary.rows += 1
        if row.problem is not None:
            summary.bad_lines.append((row.line, row.problem))
        else:
            summary.genders[added[0]] = summary.genders.get(added[0], 0) + 1
    if next(predictions, None) is not None:
        raise BatchError("the model answered for more names than the input has")
    return summary


def write_bad_lines(summary: Summary, output: TextIO) -> None:
    """Write the number of every bad line, and what is wrong with it; never the line."""
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(["line", "problem"])
    writer.writerows(summary.bad_lines)


def _inferred(name: str, predictions: Iterator[Mapping[str, Any]]) -> list[str]:
    prediction = next(predictions, None)
    if prediction is None or prediction["name"] != name:
        raise BatchError(
            "the model's answers are not those to these names: the input has changed since the "
            "batch was started. Start it again"
        )
    probability = prediction["probability_female"]
    return [
        prediction["gender"],
        "" if probability is None else str(probability),
        prediction.get("reason", ""),
    ]


def _added_columns(header: Any) -> list[str]:
    """Name the new columns; one that the input has already is called inferred_…."""
    taken = {name.strip().casefold() for name in header}
    names = [f"inferred_{name}" if name in taken else name for name in ADDED_COLUMNS]
    if taken.intersection(names):
        raise BatchError(
            f"the input has the columns {', '.join(ADDED_COLUMNS)} twice already: rename them"
        )
    return names


def _safe(cells: Any, for_spreadsheet: bool) -> list[str]:
    if not for_spreadsheet:
        return list(cells)
    return [f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells]
