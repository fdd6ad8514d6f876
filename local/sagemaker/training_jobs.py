"""Operations on training jobs."""

from __future__ import annotations

from local.aws_api import Record
from local.aws_api.callers import Caller
from local.aws_api.errors import ApiError, validation_error
from local.sagemaker import kinds, metrics, roles
from local.sagemaker.containers import Containers
from local.sagemaker.jobs import Jobs, Run
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Store
from local.sagemaker.training_run import TrainingRun, fail, transition


class TrainingJobs(Jobs):
    """Control plane of training jobs.

    Parameters
    ----------
    settings
        Surroundings.
    store
        Where the jobs' records are.
    containers
        Where their programs run.
    """

    def __init__(self, settings: SageMakerSettings, store: Store, containers: Containers) -> None:
        super().__init__(kinds.TRAINING_JOB, store)
        self._settings = settings
        self._containers = containers

    def create(self, request: Record, caller: Caller) -> Record:
        """CreateTrainingJob."""
        _check(request)
        roles.require_role(caller, request["RoleArn"])
        job = self.new_record(request)
        job["TrainingJobStatus"] = "InProgress"
        job["SecondaryStatusTransitions"] = []
        job["FinalMetricDataList"] = []
        job.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": 86400})
        job.setdefault("EnableNetworkIsolation", False)
        transition(job, "Starting", "Preparing the instances for training")
        return self.start(job, request)

    def taken(self, arn: str) -> ApiError:
        """Build the error for a name that is taken."""
        return ApiError(
            "ResourceInUse",
            "Training job names must be unique within an AWS account and region, and a training "
            f"job with this name already exists ({arn})",
        )

    def fail(self, job: Record, reason: str) -> None:
        """End a job's record with a reason; the caller holds the store's lock."""
        fail(job, reason)

    def new_run(self, job: Record) -> Run:
        """Make what runs a job."""
        return TrainingRun(job, self._settings, self.store, self._containers)


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
