"""Operations on training jobs."""

from __future__ import annotations

from local.sagemaker import emulator, listing, metrics, roles, validation
from local.sagemaker.errors import could_not_find, resource_in_use, validation_error
from local.sagemaker.roles import Caller
from local.sagemaker.store import Record, Store, now
from local.sagemaker.training_runner import TrainingRunner, finish, transition

_KIND = "training-job"


class TrainingJobs:
    """Control plane of training jobs."""

    def __init__(self, store: Store, runner: TrainingRunner) -> None:
        self._store = store
        self._runner = runner

    def create(self, request: Record, caller: Caller) -> Record:
        """CreateTrainingJob."""
        name = request["TrainingJobName"]
        arn = emulator.arn(_KIND, name)
        _check(request)
        roles.require_role(caller, request["RoleArn"])
        moment = now()
        job = {
            **{key: value for key, value in request.items() if key != "Tags"},
            "_Arn": arn,
            "TrainingJobArn": arn,
            "TrainingJobStatus": "InProgress",
            "CreationTime": moment,
            "SecondaryStatusTransitions": [],
            "FinalMetricDataList": [],
        }
        job.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": 86400})
        job.setdefault("EnableNetworkIsolation", False)
        transition(job, "Starting", "Preparing the instances for training")
        with self._store.lock:
            if name in self._store.table(_KIND):
                raise resource_in_use(
                    "Training job names must be unique within an AWS account and region, and a "
                    f"training job with this name already exists ({arn})"
                )
            self._store.table(_KIND)[name] = job
            self._store.set_tags(arn, request.get("Tags"))
        self._runner.start(job)
        return {"TrainingJobArn": arn}

    def describe(self, request: Record, _caller: Caller) -> Record:
        """DescribeTrainingJob."""
        return self._find(request["TrainingJobName"])

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """ListTrainingJobs."""
        records = listing.select(
            self._store.table(_KIND).values(),
            request,
            name="TrainingJobName",
            status="TrainingJobStatus",
            ascending=True,
        )
        found, more = listing.page(records, request, 10)
        shape = validation.service_model("sagemaker").shape_for("TrainingJobSummary")
        return {"TrainingJobSummaries": [validation.project(shape, job) for job in found], **more}

    def stop(self, request: Record, _caller: Caller) -> Record:
        """StopTrainingJob."""
        with self._store.lock:
            job = self._find(request["TrainingJobName"])
            status = job["TrainingJobStatus"]
            if status not in ("InProgress", "Stopping"):
                raise validation_error(
                    f"The request was rejected because the training job is in status {status}."
                )
            job["TrainingJobStatus"] = "Stopping"
        self._runner.stop(job)
        return {}

    def end_interrupted(self) -> None:
        """Fail the jobs that an emulator did not live to finish."""
        for _account, _region, job in self._store.everything(_KIND):
            if job["TrainingJobStatus"] in ("InProgress", "Stopping"):
                with self._store.lock:
                    job["FailureReason"] = (
                        "InternalServerError: the embedded AWS stopped while this job was "
                        "running; start a new job."
                    )
                    finish(job, "Failed", "Failed", job["FailureReason"])

    def _find(self, name: str) -> Record:
        job = self._store.table(_KIND).get(name)
        if job is None:
            raise could_not_find("training job", emulator.arn(_KIND, name))
        return job


def _check(request: Record) -> None:
    """Refuse what the service model cannot express."""
    for member in ("AlgorithmSpecification", "ResourceConfig"):
        # The model leaves these out for serverless jobs, which this service does not have.
        if member not in request:
            raise validation_error(
                f"1 validation error detected: Value null at "
                f"'{member[0].lower() + member[1:]}' failed to satisfy constraint: "
                "Member must not be null"
            )
    specification = request["AlgorithmSpecification"]
    if bool(specification.get("TrainingImage")) == bool(specification.get("AlgorithmName")):
        raise validation_error("Specify either TrainingImage or AlgorithmName, and not both.")
    if "AlgorithmName" in specification:
        raise validation_error("The embedded SageMaker has no algorithms from AWS Marketplace.")
    metrics.check_definitions(specification.get("MetricDefinitions", []))
    if request["ResourceConfig"].get("InstanceCount", 1) != 1:
        raise validation_error("The embedded SageMaker trains on one instance only.")
    names = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
    if len(names) != len(set(names)):
        raise validation_error("The channel names of InputDataConfig must be unique.")
    if len(request.get("HyperParameters", {})) > 100:
        raise validation_error("A training job has at most 100 hyperparameters.")
