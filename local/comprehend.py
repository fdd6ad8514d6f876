"""Amazon Comprehend's sentiment, which ministack 1.5.33 lacks: judged by the VADER lexicon.

VADER (Hutto and Gilbert, 2014) is a rule-based judge of short English texts. Its answers differ
from Comprehend's, its requests, limits and errors do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from local.aws_api import Record, json_service
from local.aws_api.callers import Caller
from local.aws_api.errors import ApiError
from local.aws_api.json_service import JsonService, Operation

SERVICE = "comprehend"
TEXTS_PER_BATCH = 25
BYTES_PER_TEXT = 5_000

_DECIDED = 0.05
"""VADER's own threshold of its compound score."""

_MIXED = 0.1
"""Shares of praise and of blame from which on, undecided, a text is mixed."""


def register() -> None:
    """Add Comprehend to the emulator of this process, before it loads its state."""
    json_service.register(
        Comprehend(),
        target_prefix="Comprehend_20171127.",
        host_pattern=r"comprehend\.",
        is_saved=False,
    )


class Comprehend(JsonService):
    """The operations that judge sentiments of English texts."""

    def __init__(self) -> None:
        super().__init__(SERVICE, "Comprehend")

    def operations(self) -> Mapping[str, Operation]:
        """Return what is implemented, by name."""
        return {
            "DetectSentiment": self._detect,
            "BatchDetectSentiment": self._detect_batch,
        }

    def check(self, _operation: str, request: Record, _caller: Caller) -> None:
        """Refuse other languages."""
        if request["LanguageCode"] != "en":
            raise ApiError(
                "UnsupportedLanguageException",
                "The embedded Comprehend judges English texts only: LanguageCode 'en'.",
            )

    def _detect(self, request: Record, _caller: Caller) -> Record:
        problem = _problem(request["Text"])
        if problem is not None:
            raise ApiError(*problem)
        return judge(request["Text"])

    def _detect_batch(self, request: Record, _caller: Caller) -> Record:
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
