"""The steps of a batch, for a state machine and for a program alike."""

from __future__ import annotations

import hashlib

from batch_inference.batch import Batch, Chunks
from batch_inference.files import InputFile
from batch_inference.name_table import NameTable
from batch_inference.results import Summary, write_bad_lines, write_results

RESULTS = "inferred"
BAD_LINES = "bad-lines"


def batch_key(file: InputFile, *choices: str | None) -> str:
    """Fingerprint everything that the result depends on.

    Parameters
    ----------
    file
        The input.
    choices
        Model, column and so on.
    """
    text = "\0".join([file.fingerprint(), *(choice or "" for choice in choices)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def send_names(batch: Batch, file: InputFile, column: str | None) -> Chunks:
    """Read the input and send its names to S3, and nothing else of it."""
    with file.lines() as lines:
        return batch.upload(NameTable(lines, column=column))


def write_beside(
    batch: Batch,
    file: InputFile,
    chunks: Chunks,
    column: str | None,
    *,
    for_spreadsheet: bool = False,
) -> Summary:
    """Write results, and the bad lines where there are any, beside the input."""
    with (
        file.lines() as lines,
        file.beside(RESULTS) as path,
        path.open("w", encoding="utf-8", newline="") as output,
    ):
        table = NameTable(lines, column=column)
        summary = write_results(
            table, batch.predictions(chunks), output, for_spreadsheet=for_spreadsheet
        )
    if summary.bad_lines:
        with (
            file.beside(BAD_LINES) as path,
            path.open("w", encoding="utf-8", newline="") as output,
        ):
            write_bad_lines(summary, output)
    return summary
