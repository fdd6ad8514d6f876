"""What a running training job is doing, for those who wait for the deployment."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.client_environment import make_client
from local.credentials import Credentials
from local.settings import LocalSettings

_LOG_GROUP = "/aws/sagemaker/TrainingJobs"


class TrainingProgress:
    """Asks the embedded AWS about its running training job, as any client could.

    Parameters
    ----------
    settings, credentials
        The embedded AWS.
    """

    def __init__(self, settings: LocalSettings, credentials: Credentials) -> None:
        self._sagemaker = make_client(settings, credentials, "sagemaker")
        self._logs = make_client(settings, credentials, "logs")

    def describe(self) -> str | None:
        """Name of the running job with its status and last log line; None if none runs."""
        try:
            return self._describe()
        except (BotoCoreError, ClientError):
            # Progress is a courtesy: whatever keeps it from being known must not end what it
            # reports on.
            return None

    def _describe(self) -> str | None:
        jobs: list[dict[str, Any]] = self._sagemaker.list_training_jobs(
            StatusEquals="InProgress", MaxResults=1
        )["TrainingJobSummaries"]
        if not jobs:
            return None
        name: str = jobs[0]["TrainingJobName"]
        status: str = self._sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"]
        return f"training job {name}: {status}; {self._last_line(name)}"

    def _last_line(self, job: str) -> str:
        try:
            streams = self._logs.describe_log_streams(
                logGroupName=_LOG_GROUP, logStreamNamePrefix=f"{job}/"
            )["logStreams"]
        except self._logs.exceptions.ResourceNotFoundException:
            return "no log yet"
        if not streams:
            return "no log yet"
        events = self._logs.get_log_events(
            logGroupName=_LOG_GROUP,
            logStreamName=streams[-1]["logStreamName"],
            startFromHead=False,
            limit=1,
        )["events"]
        return str(events[-1]["message"]).strip() if events else "no log yet"
