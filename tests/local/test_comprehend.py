"""The embedded Comprehend: its limits and refusals, and IAM before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.client_environment import make_client
from local.comprehend import judge

if TYPE_CHECKING:
    from tests.local.embedded_aws import EmbeddedAws


@pytest.fixture
def comprehend(embedded_aws: EmbeddedAws) -> Any:
    """Return the administrator's client."""
    return embedded_aws.client("comprehend")


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Checking in took two minutes. Wonderful.", "POSITIVE"),
        ("Terrible, never again.", "NEGATIVE"),
        ("The hotel is on Main Street.", "NEUTRAL"),
    ],
)
def test_sentiment(text: str, sentiment: str) -> None:
    judged = judge(text)

    assert judged["Sentiment"] == sentiment
    assert sum(judged["SentimentScore"].values()) == pytest.approx(1, abs=0.01)


def test_a_batch_reports_each_text(comprehend: Any) -> None:
    answer = comprehend.batch_detect_sentiment(
        TextList=["Wonderful!", "é" * 2_501, " ", "Terrible."], LanguageCode="en"
    )

    assert [(r["Index"], r["Sentiment"]) for r in answer["ResultList"]] == [
        (0, "POSITIVE"),
        (3, "NEGATIVE"),
    ]
    assert [(e["Index"], e["ErrorCode"]) for e in answer["ErrorList"]] == [
        (1, "TextSizeLimitExceededException"),
        (2, "InvalidRequestException"),
    ]


def test_one_text(comprehend: Any) -> None:
    answer = comprehend.detect_sentiment(Text="Wonderful!", LanguageCode="en")

    assert answer["Sentiment"] == "POSITIVE"
    assert set(answer["SentimentScore"]) == {"Positive", "Negative", "Neutral", "Mixed"}


@pytest.mark.parametrize(
    ("call", "arguments", "code"),
    [
        (
            "batch_detect_sentiment",
            {"TextList": ["x"] * 26, "LanguageCode": "en"},
            "BatchSizeLimitExceededException",
        ),
        (
            "batch_detect_sentiment",
            {"TextList": ["x"], "LanguageCode": "de"},
            "UnsupportedLanguageException",
        ),
        (
            "detect_sentiment",
            {"Text": "x" * 5_001, "LanguageCode": "en"},
            "TextSizeLimitExceededException",
        ),
    ],
)
def test_what_aws_refuses_is_refused(
    comprehend: Any, call: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        getattr(comprehend, call)(**arguments)

    assert refusal.value.response["Error"]["Code"] == code


def test_iam_decides(embedded_aws: EmbeddedAws) -> None:
    request = {"TextList": ["x"], "LanguageCode": "en"}
    with embedded_aws.user({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}) as keys:
        stranger = make_client(embedded_aws.settings, keys, "comprehend")
        with pytest.raises(ClientError) as refusal:
            stranger.batch_detect_sentiment(**request)
        assert refusal.value.response["Error"]["Code"] == "AccessDeniedException"
    allowed = {"Effect": "Allow", "Action": "comprehend:BatchDetectSentiment", "Resource": "*"}
    with embedded_aws.user(allowed) as keys:
        listener = make_client(embedded_aws.settings, keys, "comprehend")
        assert listener.batch_detect_sentiment(**request)["ResultList"]
