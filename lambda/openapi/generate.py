"""Generates the contract from the code of all functions: ``make contract``."""

from __future__ import annotations

import importlib
import json
from typing import Any

from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge

from openapi.document import ACCESSES, COGNITO, checked_in
from rest_api.errors import UnauthorizedError
from rest_api.routes import functions

TITLE = "Voice of the Customer"
VERSION = "0.1.0"
DESCRIPTION = (
    "What customers say, and the gender that their first names suggest. An inferred gender is a "
    "guess from the first name alone; what a person said about themselves always wins."
)
_SCHEME = "userPool"
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": (
        "Access token of the user pool with the scope `voc/api`. The page gets one by "
        "authorization code with PKCE at the hosted sign-in page, whose address and client are "
        "in `/config.json` beside the page. An administrator adds the people."
    ),
}
_FOREIGN_SCHEMAS = ("HTTPValidationError", "ResponseValidationError", "ValidationError")


def build(access: str) -> dict[str, Any]:
    """Return the OpenAPI document of all routes, in the order of ``functions.json``.

    Parameters
    ----------
    access
        One of `ACCESSES`.
    """
    merge = OpenAPIMerge(title=TITLE, version=VERSION, description=DESCRIPTION, on_conflict="error")
    for function in functions():
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
    if access == COGNITO:
        _protect(document)
    return document


def _protect(document: dict[str, Any]) -> None:
    """Say which operations want an access token, and what is answered without one."""
    document["components"]["securitySchemes"] = {_SCHEME: _BEARER}
    document["security"] = [{_SCHEME: []}]
    public = {
        (route["path"], route["method"].lower())
        for function in functions().values()
        for route in function["routes"]
        if function.get("public")
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if (path, method) in public:
                operation["security"] = []
                continue
            answers = operation["responses"]
            answers["401"] = {**answers["500"], "description": UnauthorizedError.__doc__}


def text(access: str) -> str:
    """Return the document as it is checked in."""
    return json.dumps(build(access), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in ACCESSES:
        checked_in(each).write_text(text(each), encoding="utf-8")
