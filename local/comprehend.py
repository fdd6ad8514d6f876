"""Amazon Comprehend's sentiment, which ministack 1.5.33 lacks: judged by the VADER lexicon.

VADER (Hutto and Gilbert, 2014) is a rule-based judge of short English texts. Its answers differ
from Comprehend's, its requests, limits and errors do not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import ministack.app as ministack_app
from ministack.core import iam_actions, router

from local.sagemaker import emulator, validation
from local.sagemaker.errors import ApiError
from local.sagemaker.store import Record

SERVICE = "comprehend"
TEXTS_PER_BATCH = 25
BYTES_PER_TEXT = 5_000

_CONTENT_TYPE = "application/x-amz-json-1.1"
_DECIDED = 0.05
"""VADER's own threshold of its compound score."""

_MIXED = 0.1
"""Shares of praise and of blame from which on, undecided, a text is mixed."""


def register() -> Comprehend:
    """Add Comprehend to the emulator of this process, before it loads its state."""
    service = Comprehend()
    ministack_app.SERVICE_REGISTRY[SERVICE] = {"module": SERVICE}
    ministack_app.SERVICE_HANDLERS[SERVICE] = service.handle_request
    # ministack imports services by name; this one is there already.
    ministack_app._loaded_modules[SERVICE] = service
    router.SERVICE_PATTERNS[SERVICE] = {
        "target_prefixes": ["Comprehend_20171127."],
        "host_patterns": [r"comprehend\."],
        "credential_scope": SERVICE,
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
    return service


class Comprehend:
    """The service, with the interface that ministack expects of a service module."""

    def __init__(self) -> None:
        self._operations: dict[str, Callable[[Record], Record]] = {
            "DetectSentiment": self._detect,
            "BatchDetectSentiment": self._detect_batch,
        }

    async def handle_request(
        self,
        _method: str,
        _path: str,
        headers: Mapping[str, str],
        body: bytes,
        _query_params: Mapping[str, Any],
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer a request."""
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            answer = await emulator.run_in_thread(
                lambda: self.perform(operation, json.loads(body or b"{}")), "comprehend-request"
            )
        except ApiError as error:
            problem = json.dumps({"__type": error.code, "message": error.message}).encode()
            return error.status, {"Content-Type": _CONTENT_TYPE}, problem
        return 200, {"Content-Type": _CONTENT_TYPE}, json.dumps(answer).encode()

    def perform(self, operation: str, request: object) -> Record:
        """Check and perform one operation.

        Raises
        ------
        ApiError
            Whatever AWS would refuse, and what is not implemented.
        """
        perform = self._operations.get(operation)
        if perform is None:
            raise ApiError(
                "NotImplementedException",
                f"The embedded Comprehend does not implement {operation}.",
                501,
            )
        checked = validation.parse(SERVICE, operation, request)
        if checked["LanguageCode"] != "en":
            raise ApiError(
                "UnsupportedLanguageException",
                "The embedded Comprehend judges English texts only: LanguageCode 'en'.",
            )
        return perform(checked)

    def reset(self) -> None:
        """Forget everything: there is nothing."""

    def _detect(self, request: Record) -> Record:
        problem = _problem(request["Text"])
        if problem is not None:
            raise ApiError(*problem)
        return judge(request["Text"])

    def _detect_batch(self, request: Record) -> Record:
        texts = request["TextList"]
        if len(texts) > TEXTS_PER_BATCH:
            raise ApiError(
                "BatchSizeLimitExceededException",
                f"The number of documents is {len(texts)}: at most {TEXTS_PER_BATCH} are allowed.",
            )
        results: list[Record] = []
        errors: list[Record] = []
        for index, text in enumerate(texts):
            problem = _problem(text)
            if problem is None:
                results.append({"Index": index, **judge(text)})
            else:
                code, message = problem
                errors.append({"Index": index, "ErrorCode": code, "ErrorMessage": message})
        return {"ResultList": results, "ErrorList": errors}


def judge(text: str) -> Record:
    """Return Sentiment and SentimentScore of an English text."""
    scores = _analyzer().polarity_scores(text)
    compound, praise, blame = scores["compound"], scores["pos"], scores["neg"]
    undecided = abs(compound) < 3 * _DECIDED
    if undecided and min(praise, blame) >= _MIXED:
        sentiment = "MIXED"
    elif compound >= _DECIDED:
        sentiment = "POSITIVE"
    elif compound <= -_DECIDED:
        sentiment = "NEGATIVE"
    else:
        sentiment = "NEUTRAL"
    mixed = min(praise, blame)
    return {
        "Sentiment": sentiment,
        "SentimentScore": {
            "Positive": round(praise - mixed, 4),
            "Negative": round(blame - mixed, 4),
            "Neutral": scores["neu"],
            "Mixed": round(2 * mixed, 4),
        },
    }


def _problem(text: str) -> tuple[str, str] | None:
    size = len(text.encode())
    if size > BYTES_PER_TEXT:
        message = (
            f"Input text size exceeds limit. Max length of request text allowed is {BYTES_PER_TEXT}"
            f" bytes while in this request the text size is {size} bytes"
        )
        return "TextSizeLimitExceededException", message
    if not text.strip():
        return "InvalidRequestException", "Input text can not be empty."
    return None


@cache
def _analyzer() -> Any:
    # Reading the lexicon takes a tenth of a second and most sessions never ask.
    from vaderSentiment.vaderSentiment import (
        SentimentIntensityAnalyzer,
    )

    return SentimentIntensityAnalyzer()
