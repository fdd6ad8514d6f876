"""What is fuzzed, and what must hold whatever the bytes are.

A target takes bytes. It returns where they were read, or refused in the way that callers are told
of; everything else is a finding.
"""

from __future__ import annotations

import functools
import json
import math
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from batch_inference.errors import BatchError
from batch_inference.name_table import NameTable
from feedback.changes import attributes
from feedback.record import NewFeedback, Row
from model_code import artifact
from model_code.channel import POPULATIONS, ChannelError, read_channel
from model_code.invocations import CSV, JSON, JSON_LINES, RequestError, answer, parse
from model_code.predictor import Prediction, Predictor

_MODEL = Path(__file__).parents[2] / "model_code" / "pretrained" / "model.tar.gz"
_CLIENTS_FAULT = range(400, 500)


class FindingError(AssertionError):
    """Something that must not happen."""


@functools.cache
def predictor() -> Predictor:
    """Return the shipped model."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        with tarfile.open(_MODEL) as archive:
            archive.extractall(folder, filter="data")
        model, _ = artifact.load(Path(folder))
        return Predictor(model)


def names(data: bytes) -> None:
    """Any text is a name: an answer, or unknown with a reason."""
    text = data.decode("utf-8", "surrogateescape" if len(data) % 2 else "replace")
    found = predictor().predict([text, "Mary", text], POPULATIONS[len(data) // 2 % 2])
    _require(len(found) == 3, "not one answer per name")
    _require(found[0] == found[2], "the same name got two answers")
    for prediction in found:
        _check(prediction)


def json_body(data: bytes) -> None:
    """A request as the API sends it."""
    _invoke(data, JSON)


def csv_body(data: bytes) -> None:
    """A request in the workshop's form."""
    _invoke(data, CSV)


def json_lines_body(data: bytes) -> None:
    """A piece of a batch."""
    _invoke(data, JSON_LINES)


def training_file(data: bytes) -> None:
    """A file of the training channel."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_memory()) as folder:
        (Path(folder) / "names.csv").write_bytes(data)
        try:
            table, report = read_channel(Path(folder))
        except ChannelError:
            return
    _require(0 < len(table) <= report.rows, "more names than rows")
    for column in (table.female, table.male, table.sources, table.share, table.today):
        _require(len(column) == len(table), "columns of different lengths")
        _require(bool(np.isfinite(column).all()), "a count that is no number")
        _require(bool((column >= 0).all()), "a negative count")
    _require(bool((table.share <= 1).all() and (table.today <= 1).all()), "a share above 1")


def file_of_names(data: bytes) -> None:
    """A customer's file for a batch."""
    try:
        table = NameTable(data.splitlines(keepends=True))
        rows = list(table.rows())
    except BatchError:
        return
    for row in rows:
        _require(len(row.cells) == len(table.header), "a row that does not fit the header")
        if row.problem is None:
            table.name(row).encode()


def feedback(data: bytes) -> None:
    """A feedback's body becomes an item that DynamoDB takes."""
    try:
        new = NewFeedback.model_validate_json(data)
    except ValidationError:
        return
    row = Row(
        id="id",
        posted_time="2026-01-01T00:00:00.000000+00:00",
        **new.model_dump(),
    )
    json.dumps(attributes(row)).encode()


TARGETS: dict[str, tuple[Callable[[bytes], None], int]] = {
    "names": (names, 96),
    "json_body": (json_body, 384),
    "csv_body": (csv_body, 256),
    "json_lines_body": (json_lines_body, 256),
    "training_file": (training_file, 512),
    "file_of_names": (file_of_names, 512),
    "feedback": (feedback, 384),
}
"""Target and longest input in bytes, by name."""


def _invoke(data: bytes, content_type: str) -> None:
    try:
        request = parse(data, content_type)
    except RequestError as error:
        _require(error.status in _CLIENTS_FAULT, f"status {error.status}")
        _require("error" in json.loads(error.body()), "an error of another form")
        return
    text = answer(request, predictor(), "fuzzed").decode("ascii")
    if content_type == JSON_LINES:
        lines = [json.loads(line) for line in text.splitlines()]
        _require(len(lines) == len(request.names), "not one line per line")
    elif content_type == JSON:
        predictions = json.loads(text)["predictions"]
        _require([entry["name"] for entry in predictions] == list(request.names), "another order")
    else:
        _require(set(json.loads(text)) == set(request.names), "other names")


def _check(prediction: Prediction) -> None:
    _require(prediction.gender in ("F", "M", "U"), "no such gender")
    if prediction.probability is None or prediction.probability_female is None:
        _require(prediction.gender == "U" and bool(prediction.reason), "unknown without a reason")
        return
    _require(math.isfinite(prediction.probability_female), "a probability that is no number")
    _require(0 <= prediction.probability_female <= 1, "a probability out of bounds")
    _require(0.5 <= prediction.probability <= 1, "not the likelier gender's probability")


def _memory() -> str | None:
    memory = Path("/dev/shm")  # noqa: S108 - a folder in memory, where there is one
    return str(memory) if memory.is_dir() else None


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise FindingError(otherwise)
