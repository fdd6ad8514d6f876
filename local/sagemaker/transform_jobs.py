"""Operations on batch transform jobs."""

from __future__ import annotations

from local.sagemaker import emulator, listing, validation
from local.sagemaker.errors import could_not_find, resource_in_use, validation_error
from local.sagemaker.models import Models
from local.sagemaker.roles import Caller
from local.sagemaker.store import Record, Store, now
from local.sagemaker.transform_runner import TransformRunner, finish

_KIND = "transform-job"
_MOST_MB_AT_ONCE = 100
_DEFAULT_PAYLOAD_MB = 6
_SPLIT_TYPES = ("None", "Line")


class TransformJobs:
    """Control plane of batch transform jobs."""

    def __init__(self, store: Store, models: Models, runner: TransformRunner) -> None:
        self._store = store
        self._models = models
        self._runner = runner

    def create(self, request: Record, _caller: Caller) -> Record:
        """CreateTransformJob; the job acts with the role of its model."""
        name = request["TransformJobName"]
        arn = emulator.arn(_KIND, name)
        _check(request)
        model = self._models.find(request["ModelName"])
        moment = now()
        job = {
            **{key: value for key, value in request.items() if key != "Tags"},
            "_Arn": arn,
            "_Model": model,
            "TransformJobArn": arn,
            "TransformJobStatus": "InProgress",
            "CreationTime": moment,
            "LastModifiedTime": moment,
        }
        job.setdefault("MaxConcurrentTransforms", 1)
        job.setdefault("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)
        job.setdefault("BatchStrategy", "MultiRecord")
        with self._store.lock:
            if name in self._store.table(_KIND):
                raise resource_in_use(
                    "Job name must be unique within an AWS account and region, and a job with "
                    f"this name already exists ({arn})"
                )
            self._store.table(_KIND)[name] = job
            self._store.set_tags(arn, request.get("Tags"))
        self._runner.start(job)
        return {"TransformJobArn": arn}

    def describe(self, request: Record, _caller: Caller) -> Record:
        """DescribeTransformJob."""
        return self._find(request["TransformJobName"])

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """ListTransformJobs."""
        records = listing.select(
            self._store.table(_KIND).values(),
            request,
            name="TransformJobName",
            status="TransformJobStatus",
        )
        found, more = listing.page(records, request, 10)
        shape = validation.service_model("sagemaker").shape_for("TransformJobSummary")
        return {"TransformJobSummaries": [validation.project(shape, job) for job in found], **more}

    def stop(self, request: Record, _caller: Caller) -> Record:
        """StopTransformJob."""
        with self._store.lock:
            job = self._find(request["TransformJobName"])
            status = job["TransformJobStatus"]
            if status not in ("InProgress", "Stopping"):
                raise validation_error(
                    f"The request was rejected because the transform job is in status {status}."
                )
            job["TransformJobStatus"] = "Stopping"
        self._runner.stop(job)
        return {}

    def end_interrupted(self) -> None:
        """Fail the jobs that an emulator did not live to finish."""
        for _account, _region, job in self._store.everything(_KIND):
            if job["TransformJobStatus"] in ("InProgress", "Stopping"):
                with self._store.lock:
                    finish(
                        job,
                        "Failed",
                        "InternalServerError: the embedded AWS stopped while this job was "
                        "running; start a new job.",
                    )

    def _find(self, name: str) -> Record:
        job = self._store.table(_KIND).get(name)
        if job is None:
            raise could_not_find("transform job", emulator.arn(_KIND, name))
        return job


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
