"""The gate on a finished model: its files are those that were measured, and good enough."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from quality_gate.handler import QualityGateError, missed_thresholds, on_event
from quality_gate.recorded import DamagedFileError

if TYPE_CHECKING:
    from collections.abc import Callable

Request = dict[str, Any]
METRICS = {"validation:accuracy": 0.94, "validation:ece": 0.01}


@pytest.fixture
def request_for(aws: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Request]:
    """Return what makes a request for a finished model in a bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="finished")

    def request(metrics: dict[str, float], *, stored_model: bytes = b"weights") -> Request:
        evaluation = json.dumps({"model": "abc", "metrics": metrics}).encode()
        for name, content in (("evaluation.json", evaluation), ("model.tar.gz", stored_model)):
            s3.put_object(Bucket="finished", Key=f"pretrained/{name}", Body=content)
        measured = {
            "Evaluation": ("evaluation.json", evaluation),
            "Model": ("model.tar.gz", b"weights"),
        }
        return {
            "RequestType": "Create",
            "ResourceProperties": {
                "Files": {
                    name: {
                        "Url": f"s3://finished/pretrained/{file}",
                        "Sha256": hashlib.sha256(content).hexdigest(),
                    }
                    for name, (file, content) in measured.items()
                },
                "Minimum": {"validation:accuracy": "0.9"},
                "Maximum": {"validation:ece": "0.03"},
            },
        }

    return request


def test_finished_model_that_is_good_enough_passes(request_for: Callable[..., Request]) -> None:
    answer = on_event(request_for(METRICS), None)
    assert answer == {"PhysicalResourceId": "quality-gate-finished-model-abc"}


def test_finished_model_that_misses_a_threshold_is_refused(
    request_for: Callable[..., Request],
) -> None:
    with pytest.raises(QualityGateError, match=r"accuracy is 0.8000, at least 0.9.*model abc"):
        on_event(request_for({**METRICS, "validation:accuracy": 0.8}), None)


def test_finished_model_without_a_metric_is_refused(request_for: Callable[..., Request]) -> None:
    with pytest.raises(QualityGateError, match="validation:ece was not reported"):
        on_event(request_for({"validation:accuracy": 0.94}), None)


def test_file_that_is_not_the_measured_one_is_refused(
    request_for: Callable[..., Request],
) -> None:
    with pytest.raises(DamagedFileError, match=r"sha256 of s3://finished/pretrained/model.tar.gz"):
        on_event(request_for(METRICS, stored_model=b"others"), None)


def test_removing_asks_nothing() -> None:
    event = {"RequestType": "Delete", "PhysicalResourceId": "quality-gate-x"}
    assert on_event(event, None) == {"PhysicalResourceId": "quality-gate-x"}


def test_a_threshold_is_reached_exactly_and_missed_by_the_next_number() -> None:
    limit = {"metric": "0.9"}
    for value, high_enough, low_enough in (
        (0.9, True, True),
        (math.nextafter(0.9, 0), False, True),
        (math.nextafter(0.9, 1), True, False),
        (math.nan, False, False),
    ):
        assert (not missed_thresholds({"metric": value}, limit, {})) is high_enough
        assert (not missed_thresholds({"metric": value}, {}, limit)) is low_enough
