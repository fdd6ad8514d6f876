"""Entry of the function that hands out the contract."""

from __future__ import annotations

import os
from functools import cache

from openapi.document import checked_in
from rest_api.application import JsonAnswer, build_application, json_response, lambda_handler
from rest_api.documentation import responses

application = build_application()


@cache
def _document() -> str:
    return checked_in(os.environ["ACCESS"]).read_text(encoding="utf-8")


@application.get(
    "/openapi.json",
    summary="This document",
    operation_id="getOpenApi",
    tags=["contract"],
    responses=responses(dict[str, object], description="OpenAPI 3.1"),
)
def get_document() -> JsonAnswer:
    """Hand out the contract of this API."""
    return json_response(_document())


handler = lambda_handler(application)
