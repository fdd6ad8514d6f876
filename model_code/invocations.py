"""The contract of ``/invocations``, free of any HTTP server: bytes in, status and bytes out."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as _escape
from typing import Any

from model_code.channel import POPULATIONS
from model_code.predictor import Prediction, Predictor

JSON = "application/json"
CSV = "text/csv"
JSON_LINES = "application/jsonlines"
CONTENT_TYPES = (JSON, CSV, JSON_LINES)

MAXIMUM_BYTES = 6 * 1024 * 1024
"""SageMaker's own limit for a real-time request."""

MAXIMUM_NAMES = 20_000
"""Names per request: more would take longer than a patient caller waits."""


class RequestError(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    status
        HTTP status.
    code
        Short name of the error, for programs.
    message
        What is wrong and what is allowed, for people; never quotes the request.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> bytes:
        """Return the error as JSON."""
        return json.dumps({"error": {"code": self.code, "message": str(self)}}).encode()


@dataclass(frozen=True, slots=True)
class Request:
    """Names asked for.

    Attributes
    ----------
    names
        Per position a text, or ``None`` where the position held no text at all.
    population
        ``us``, ``world`` or ``None``: as the server is set.
    content_type
        One of ``CONTENT_TYPES``.
    """

    names: Sequence[str | None]
    population: str | None
    content_type: str


def parse(body: bytes, content_type: str) -> Request:
    """Read a request.

    Raises
    ------
    RequestError
        413 too large, 415 unknown type, 400 malformed.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind not in CONTENT_TYPES:
        raise RequestError(
            415,
            "UnsupportedMediaType",
            f"The content type must be one of {', '.join(CONTENT_TYPES)}",
        )
    if len(body) > MAXIMUM_BYTES:
        raise RequestError(413, "BodyTooLarge", f"The body may hold at most {MAXIMUM_BYTES} bytes")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(400, "InvalidEncoding", "The body is not valid UTF-8") from error
    if not text.strip():
        raise RequestError(400, "EmptyBody", "The body is empty: it must hold at least one name")
    if kind == JSON:
        names, population = _from_json(text)
    elif kind == CSV:
        names, population = _from_csv(text), None
    else:
        names, population = _from_json_lines(text), None
    if len(names) > MAXIMUM_NAMES:
        raise RequestError(
            413,
            "TooManyNames",
            f"The request holds {len(names)} names: at most {MAXIMUM_NAMES} are allowed",
        )
    return Request(names, population, kind)


def answer(request: Request, predictor: Predictor, model_id: str) -> bytes:
    """Infer and format the answer in the type of the request."""
    predictions = predictor.predict(
        [name if name is not None else "" for name in request.names], request.population
    )
    if request.content_type == CSV:
        return _dump({entry.name: entry.gender for entry in predictions}).encode("ascii")
    entries = [_entry(entry, name) for entry, name in zip(predictions, request.names, strict=True)]
    if request.content_type == JSON_LINES:
        return "".join(f"{entry}\n" for entry in entries).encode("ascii")
    text = f'{{"predictions":[{",".join(entries)}],"model":{_dump(model_id)}}}'
    return text.encode("ascii")


def _entry(prediction: Prediction, name: str | None) -> str:
    """Format one answer: written out, since ``json.dumps`` would take twice as long for many."""
    female, likelier = prediction.probability_female, prediction.probability
    reason = "" if prediction.reason is None else f',"reason":{_dump(prediction.reason)}'
    return (
        f'{{"name":{"null" if name is None else _escape(name)},"gender":"{prediction.gender}",'
        f'"probability_female":{"null" if female is None else repr(female)},'
        f'"probability":{"null" if likelier is None else repr(likelier)}{reason}}}'
    )


def _dump(value: object) -> str:
    # Escaped to ASCII: a lone surrogate from a JSON escape could not be written as UTF-8.
    return json.dumps(value, separators=(",", ":"))


def _from_json(text: str) -> tuple[list[str | None], str | None]:
    document = _load(text)
    if not isinstance(document, dict) or not isinstance(document.get("names"), list):
        raise RequestError(
            400, "InvalidRequest", 'The body must be an object such as {"names": ["Mary", "Tom"]}'
        )
    population = document.get("population")
    if population is not None and population not in POPULATIONS:
        raise RequestError(
            400, "InvalidPopulation", f"population must be one of {', '.join(POPULATIONS)}"
        )
    return [_text(entry) for entry in document["names"]], population


def _from_json_lines(text: str) -> list[str | None]:
    names = []
    for line in text.split("\n"):  # not at the line separators that a JSON text may hold
        if not line.strip():
            continue
        document = _load(line)
        if isinstance(document, dict):
            document = document.get("name")
        names.append(_text(document))
    return names


def _from_csv(text: str) -> list[str | None]:
    # Line by line, so that a stray quote costs its own line and not all that follow.
    cells = [cell.strip() for line in text.splitlines() for cell in _cells(line)]
    return [cell for cell in cells if cell]


def _cells(line: str) -> list[str]:
    """Split a line at its commas; what csv refuses, such as a field of megabytes, stays whole."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def _load(text: str) -> Any:
    try:
        # One odd entry must not fail its batch: an int of thousands of digits would be refused,
        # and, if strict, a control character within a text.
        return json.loads(text, parse_int=float, strict=False)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "InvalidJson", "The body is not valid JSON") from error


def _text(entry: object) -> str | None:
    return entry if isinstance(entry, str) else None
