"""Asks Amazon Comprehend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rest_api.errors import SentimentFailedError, SentimentUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_comprehend import ComprehendClient

TEXTS_PER_BATCH = 25
BYTES_PER_TEXT = 5_000
"""Limits of BatchDetectSentiment. A longer text is judged by its beginning."""

PARALLEL_BATCHES = 4
LANGUAGE: Final = "en"

_PASSING = frozenset(
    {
        "InternalServerException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The sentiment of one text, or why there is none."""

    sentiment: str | None
    problem: str | None = None


class SentimentService:
    """Amazon Comprehend.

    Parameters
    ----------
    client
        A Comprehend client, which retries what passes by itself.
    """

    def __init__(self, client: ComprehendClient) -> None:
        self._client = client

    @classmethod
    @cache
    def from_environment(cls) -> SentimentService:
        """Return Comprehend in the function's own region."""
        return cls(
            boto3.client(
                "comprehend",
                config=Config(
                    connect_timeout=2,
                    read_timeout=8,
                    retries={"mode": "standard", "total_max_attempts": 4},
                    max_pool_connections=PARALLEL_BATCHES,
                ),
            )
        )

    def judge(self, texts: Sequence[str]) -> Mapping[str, Judgement]:
        """Return the sentiment of every distinct text that is not empty.

        Raises
        ------
        SentimentUnavailableError
            Comprehend is overloaded or cannot be reached, after bounded retries.
        SentimentFailedError
            Comprehend refuses the request.
        """
        distinct = list(dict.fromkeys(text for text in texts if text.strip()))
        batches = [
            distinct[start : start + TEXTS_PER_BATCH]
            for start in range(0, len(distinct), TEXTS_PER_BATCH)
        ]
        judged: dict[str, Judgement] = {}
        with ThreadPoolExecutor(max_workers=PARALLEL_BATCHES) as pool:
            for part in pool.map(self._judge_batch, batches):
                judged.update(part)
        return judged

    def _judge_batch(self, texts: Sequence[str]) -> dict[str, Judgement]:
        try:
            response = self._client.batch_detect_sentiment(
                TextList=[beginning(text) for text in texts], LanguageCode=LANGUAGE
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _PASSING:
                raise SentimentUnavailableError("The sentiment service is busy.") from None
            # Its message may quote the text.
            raise SentimentFailedError("The sentiment service refused the request.") from None
        except BotoCoreError as error:
            raise SentimentUnavailableError("The sentiment service cannot be reached.") from error
        judged = {
            texts[result["Index"]]: Judgement(result["Sentiment"])
            for result in response["ResultList"]
        }
        for failure in response["ErrorList"]:
            judged[texts[failure["Index"]]] = Judgement(
                None, problem=failure.get("ErrorCode", "unknown")
            )
        return judged


def beginning(text: str) -> str:
    """Return as much of `text` as Comprehend takes."""
    return text.encode()[:BYTES_PER_TEXT].decode(errors="ignore")
