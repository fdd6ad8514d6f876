"""What training and batch transform jobs have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from local.aws_api import Record, context
from local.aws_api.callers import Caller
from local.aws_api.errors import ApiError, validation_error
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.kinds import Kind
from local.sagemaker.store import Store

_UNFINISHED = ("InProgress", "Stopping")


class Run(Protocol):
    """One job from start to end."""

    def run(self) -> None:
        """Run the job; every outcome ends in its record."""

    def stop(self) -> None:
        """Ask the job to stop."""


class Jobs(ControlPlane, ABC):
    """Control plane of one kind of job.

    Parameters
    ----------
    kind, store
        As of every control plane.
    """

    def __init__(self, kind: Kind, store: Store) -> None:
        super().__init__(kind, store)
        self._running: dict[str, Run] = {}

    @abstractmethod
    def new_run(self, job: Record) -> Run:
        """Make what runs a job."""

    @abstractmethod
    def fail(self, job: Record, reason: str) -> None:
        """End a job's record with a reason; the caller holds the store's lock."""

    def start(self, job: Record, request: Record) -> Record:
        """Store a new job and start it in the background; answers what its creation answers."""
        answer = self.add(job, request)
        run = self.new_run(job)
        with self.store.lock:
            self._running[job["_Arn"]] = run

        def work() -> None:
            try:
                run.run()
            finally:
                with self.store.lock:
                    self._running.pop(job["_Arn"], None)

        name = f"{self.kind.arn_name}-{job[self.kind.name_member]}"
        context.in_background(work, f"sagemaker-{name}")
        return answer

    def stop(self, request: Record, _caller: Caller) -> Record:
        """Stop the job that a request names."""
        with self.store.lock:
            job = self.named(request)
            status = job[self.kind.status_member]
            if status not in _UNFINISHED:
                raise validation_error(
                    f"The request was rejected because the {self.kind.words} is in status {status}."
                )
            job[self.kind.status_member] = "Stopping"
            run = self._running.get(job["_Arn"])
        if run is not None:
            run.stop()
        return {}

    def end_interrupted(self) -> None:
        """Fail the jobs that an emulator did not live to finish."""
        for _account, _region, job in self.store.everything(self.kind):
            if job[self.kind.status_member] in _UNFINISHED:
                with self.store.lock:
                    self.fail(
                        job,
                        "InternalServerError: the embedded AWS stopped while this job was "
                        "running; start a new job.",
                    )

    def taken(self, arn: str) -> ApiError:
        """Build the error for a name that is taken."""
        return ApiError(
            "ResourceInUse",
            "Job name must be unique within an AWS account and region, and a job with this name "
            f"already exists ({arn})",
        )
