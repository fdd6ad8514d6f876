"""Operations on batch transform jobs."""

from __future__ import annotations

from local.aws_api import Record
from local.aws_api.callers import Caller
from local.aws_api.errors import validation_error
from local.sagemaker import kinds
from local.sagemaker.containers import Containers
from local.sagemaker.jobs import Jobs, Run
from local.sagemaker.models import Models
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Store
from local.sagemaker.transform_run import TransformRun, finish

_MOST_MB_AT_ONCE = 100
_DEFAULT_PAYLOAD_MB = 6
_SPLIT_TYPES = ("None", "Line")


class TransformJobs(Jobs):
    """Control plane of batch transform jobs.

    Parameters
    ----------
    settings
        Surroundings.
    store
        Where the jobs' records are.
    models
        What they ask.
    containers
        Where the models' programs run.
    """

    def __init__(
        self, settings: SageMakerSettings, store: Store, models: Models, containers: Containers
    ) -> None:
        super().__init__(kinds.TRANSFORM_JOB, store)
        self._settings = settings
        self._models = models
        self._containers = containers

    def create(self, request: Record, _caller: Caller) -> Record:
        """CreateTransformJob; the job acts with the role of its model."""
        _check(request)
        job = self.new_record(request)
        job["_Model"] = self._models.find(request["ModelName"])
        job["TransformJobStatus"] = "InProgress"
        job["LastModifiedTime"] = job["CreationTime"]
        job.setdefault("MaxConcurrentTransforms", 1)
        job.setdefault("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)
        job.setdefault("BatchStrategy", "MultiRecord")
        return self.start(job, request)

    def fail(self, job: Record, reason: str) -> None:
        """End a job's record with a reason; the caller holds the store's lock."""
        finish(job, "Failed", reason)

    def new_run(self, job: Record) -> Run:
        """Make what runs a job."""
        return TransformRun(job, self._settings, self.store, self._containers)


def _check(request: Record) -> None:
    """Refuse what the service model cannot express, and what is not implemented."""
    if request["TransformResources"]["InstanceCount"] != 1:
        raise validation_error("The embedded SageMaker transforms on one instance only.")
    source = request["TransformInput"]
    kind = source["DataSource"]["S3DataSource"]["S3DataType"]
    if kind not in ("S3Prefix", "ManifestFile"):
        raise validation_error(f"The embedded SageMaker does not implement S3DataType {kind}.")
    split = source.get("SplitType", "None")
    if split not in _SPLIT_TYPES:
        raise validation_error(f"The embedded SageMaker does not implement SplitType {split}.")
    for member in ("DataProcessing", "DataCaptureConfig"):
        if member in request:
            raise validation_error(f"The embedded SageMaker does not implement {member}.")
    concurrent = request.get("MaxConcurrentTransforms") or 1
    payload = request.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)
    if concurrent * payload > _MOST_MB_AT_ONCE:
        raise validation_error(
            f"MaxConcurrentTransforms * MaxPayloadInMB must not exceed {_MOST_MB_AT_ONCE} MB."
        )
