"""What every service answers to requests that its operations never see, or break on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from local.aws_api import Record
from local.aws_api.callers import Caller
from local.aws_api.json_service import JsonService, Operation

TARGET = "Comprehend_20171127"


class Service(JsonService):
    """A service with one operation, which breaks."""

    def __init__(self) -> None:
        super().__init__("comprehend", "Comprehend")

    def operations(self) -> Mapping[str, Operation]:
        return {"DetectSentiment": self._break}

    def _break(self, _request: Record, _caller: Caller) -> Record:
        raise LookupError("lexicon")


@pytest.mark.parametrize(
    ("operation", "body", "status", "code", "message"),
    [
        (
            "DetectKeyPhrases",
            b"{}",
            501,
            "NotImplementedException",
            "The embedded Comprehend does not implement the operation DetectKeyPhrases.",
        ),
        ("", b"{}", 501, "NotImplementedException", "the operation (none named)."),
        ("DetectSentiment", b"{", 400, "SerializationException", "The body is no JSON"),
        ("DetectSentiment", b"{}", 400, "ValidationException", "Value null at 'text'"),
        (
            "DetectSentiment",
            b'{"Text": "Good", "LanguageCode": "en"}',
            500,
            "InternalFailure",
            "lexicon",
        ),
    ],
)
def test_refusals_have_the_form_of_aws(
    operation: str, body: bytes, status: int, code: str, message: str
) -> None:
    headers = {"x-amz-target": f"{TARGET}.{operation}"}
    answered, sent, content = asyncio.run(Service().handle_request("POST", "/", headers, body, {}))
    assert (answered, sent["x-amzn-errortype"]) == (status, code)
    refusal = json.loads(content)
    assert refusal["__type"] == code
    assert message in refusal["message"]
