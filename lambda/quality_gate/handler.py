"""Entry point for CDK's custom-resource framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from quality_gate import recorded

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


class QualityGateError(Exception):
    """A model that has not reached what was asked for."""


def on_event(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Compare a model's metrics with the thresholds.

    They are those that the named training job reported, or those that were recorded with the
    named files of a finished model.

    Raises
    ------
    QualityGateError
        Naming every metric that misses its threshold, or that was not reported.
    quality_gate.recorded.DamagedFileError
        If a file of a finished model is not the one that was recorded.
    """
    if event["RequestType"] == "Delete":
        return {"PhysicalResourceId": event["PhysicalResourceId"]}
    properties = event["ResourceProperties"]
    name, metrics = _measured(properties)
    complaints = missed_thresholds(metrics, properties["Minimum"], properties["Maximum"])
    if complaints:
        raise QualityGateError(
            f"Quality gate: {'; '.join(complaints)} ({name}). "
            "The endpoint goes on with the model it has."
        )
    return {"PhysicalResourceId": f"quality-gate-{name.replace(' ', '-')}"}


def missed_thresholds(
    metrics: Mapping[str, float], minimum: Mapping[str, str], maximum: Mapping[str, str]
) -> list[str]:
    """Say which metrics miss their thresholds, and how.

    Parameters
    ----------
    metrics
        What was measured, by name.
    minimum, maximum
        The thresholds by name, as text, as CloudFormation hands numbers over.
    """
    complaints = [
        f"{name} was not reported" for name in {**minimum, **maximum} if name not in metrics
    ]
    complaints += [
        f"{name} is {metrics[name]:.4f}, at least {limit} is required"
        for name, limit in minimum.items()
        if name in metrics and not metrics[name] >= float(limit)
    ]
    complaints += [
        f"{name} is {metrics[name]:.4f}, at most {limit} is allowed"
        for name, limit in maximum.items()
        if name in metrics and not metrics[name] <= float(limit)
    ]
    return complaints


def _measured(properties: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
    """Return what was measured, and its metrics."""
    if "TrainingJobName" in properties:
        job = properties["TrainingJobName"]
        return f"training job {job}", _job_metrics(job)
    return recorded.metrics(properties["Files"])


def _job_metrics(job_name: str) -> dict[str, float]:
    sagemaker: SageMakerClient = boto3.client("sagemaker")
    job = sagemaker.describe_training_job(TrainingJobName=job_name)
    return {metric["MetricName"]: metric["Value"] for metric in job.get("FinalMetricDataList", [])}
