"""SageMaker's training jobs, found by what they were trained from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import boto3
from botocore.exceptions import ClientError

from training_job.inputs import TrainingInputs

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_UNDER_WAY = {"InProgress"}


class TrainingError(Exception):
    """A job that ended without a model."""


class Jobs:
    """The account's training jobs in this region."""

    def __init__(self) -> None:
        self._sagemaker: SageMakerClient = boto3.client("sagemaker")
        self._s3: S3Client = boto3.client("s3")

    def find_or_start(self, inputs: TrainingInputs) -> str:
        """Return the name of the job for these inputs; start one if none is usable.

        A job that completed and whose artifact is still there is used again; one that runs
        is waited for; after failures the next attempt gets the next number, because a name
        cannot be used twice.
        """
        attempts = self._attempts(inputs.job_name_base)
        for name, status in attempts:
            if status in _UNDER_WAY or (status == "Completed" and self._artifact_exists(name)):
                return name
        name = inputs.job_name_base
        if attempts:
            name = f"{name}-{len(attempts) + 1}"
        self._sagemaker.create_training_job(**inputs.request(name))
        return name

    def stop(self, name: str) -> None:
        """Stop a job that runs; one that has ended, or never began, is left as it is."""
        try:
            if self._describe(name)["TrainingJobStatus"] in _UNDER_WAY:
                self._sagemaker.stop_training_job(TrainingJobName=name)
        except ClientError as error:
            # It never existed, or it ended between the two calls.
            if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
                raise

    def completed_artifact(self, name: str) -> str | None:
        """Return the URL of a job's artifact, or none while the job runs.

        Raises
        ------
        TrainingError
            If the job ended without one.
        """
        job = self._describe(name)
        status = job["TrainingJobStatus"]
        if status == "Completed":
            return job["ModelArtifacts"]["S3ModelArtifacts"]
        if status in ("Failed", "Stopped"):
            reason = job.get("FailureReason") or job.get("SecondaryStatus", status)
            raise TrainingError(
                f"Training job {name} {status.lower()}: {reason} Log: {_log_location(name)}"
            )
        return None

    def _attempts(self, base: str) -> list[tuple[str, str]]:
        """Return name and status of every attempt for the same inputs."""
        pages = self._sagemaker.get_paginator("list_training_jobs").paginate(NameContains=base)
        return sorted(
            (job["TrainingJobName"], job["TrainingJobStatus"])
            for page in pages
            for job in page["TrainingJobSummaries"]
            if job["TrainingJobName"] == base or job["TrainingJobName"].startswith(f"{base}-")
        )

    def _artifact_exists(self, name: str) -> bool:
        url = urlsplit(self._describe(name)["ModelArtifacts"]["S3ModelArtifacts"])
        try:
            self._s3.head_object(Bucket=url.netloc, Key=url.path.lstrip("/"))
        except ClientError as error:
            # Who may not list a bucket is told 403 of an object that is not there.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
                return False
            raise
        return True

    def _describe(self, name: str) -> DescribeTrainingJobResponseTypeDef:
        return self._sagemaker.describe_training_job(TrainingJobName=name)


def _log_location(name: str) -> str:
    region = os.environ["AWS_REGION"]
    group = quote(quote(LOG_GROUP, safe=""), safe="").replace("%", "$")
    return (
        f"{LOG_GROUP}/{name} https://{region}.console.aws.amazon.com/cloudwatch/home"
        f"?region={region}#logsV2:log-groups/log-group/{group}$3FlogStreamNameFilter$3D{name}"
    )
