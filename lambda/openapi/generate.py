"""Generates the contract from the code of all functions: ``python -m openapi.generate``."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge

from openapi.document import CHECKED_IN

FUNCTIONS = Path(__file__).parents[1] / "functions.json"
TITLE = "Voice of the Customer"
VERSION = "0.1.0"
DESCRIPTION = (
    "What customers say, and the gender that their first names suggest. An inferred gender is a "
    "guess from the first name alone; what a person said about themselves always wins."
)
_FOREIGN_SCHEMAS = ("HTTPValidationError", "ResponseValidationError", "ValidationError")


def build() -> dict[str, Any]:
    """Return the OpenAPI document of all routes, in the order of ``functions.json``."""
    merge = OpenAPIMerge(title=TITLE, version=VERSION, description=DESCRIPTION, on_conflict="error")
    for function in json.loads(FUNCTIONS.read_text(encoding="utf-8")):
        application = importlib.import_module(f"{function}.handler").application
        schema = application.get_openapi_schema(title=TITLE, version=VERSION)
        merge.add_schema(json.loads(schema.model_dump_json(by_alias=True, exclude_none=True)))
    document = merge.get_openapi_schema()
    document["servers"] = [{"url": "/vocweb"}]
    document["components"]["schemas"] = {
        name: schema
        for name, schema in sorted(document["components"]["schemas"].items())
        if name not in _FOREIGN_SCHEMAS
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            # Powertools announces its own form of validation errors; ours are 400.
            operation["responses"].pop("422", None)
            # It also announces a body where there is none.
            operation["responses"].get("204", {}).pop("content", None)
    return document


def text() -> str:
    """Return the document as it is checked in."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    CHECKED_IN.write_text(text(), encoding="utf-8")
