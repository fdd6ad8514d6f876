"""The embedded Comprehend: its limits and refusals, and IAM before it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.client_environment import make_client
from local.comprehend import judge
from local.credentials import Credentials

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
        (
            "detect_key_phrases",
            {"Text": "x", "LanguageCode": "en"},
            "NotImplementedException",
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
    iam = embedded_aws.client("iam")
    iam.create_user(UserName="listener")
    key = iam.create_access_key(UserName="listener")["AccessKey"]
    listener = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    client = make_client(embedded_aws.settings, listener, "comprehend")
    try:
        with pytest.raises(ClientError) as refusal:
            client.batch_detect_sentiment(TextList=["x"], LanguageCode="en")
        assert refusal.value.response["Error"]["Code"] == "AccessDeniedException"
        statement = {
            "Effect": "Allow",
            "Action": "comprehend:BatchDetectSentiment",
            "Resource": "*",
        }
        iam.put_user_policy(
            UserName="listener",
            PolicyName="listen",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        assert client.batch_detect_sentiment(TextList=["x"], LanguageCode="en")["ResultList"]
    finally:
        iam.delete_access_key(UserName="listener", AccessKeyId=key["AccessKeyId"])
