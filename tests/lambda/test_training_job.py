"""The custom resources of the model's stack, against a SageMaker that really trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from endpoint_check import handler as endpoint_check
from quality_gate import handler as quality_gate
from tests.local.sagemaker.workbench import BUCKET, SCRIPT_MODE_IMAGE, Workbench, archive, wait_for
from training_job import handler as training_job
from training_job.inputs import TrainingInputs
from training_job.jobs import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("sagemaker_environment")

TRAINS = """
    import os, pathlib
    pathlib.Path(os.environ["SM_MODEL_DIR"], "weights.txt").write_text("trained")
    print("metric validation:accuracy=0.93")
"""
FAILS = """
    raise SystemExit("the channel is empty")
"""
SLEEPS = """
    import time
    time.sleep(60)
"""
Properties = dict[str, Any]


@pytest.fixture
def properties(shared: Workbench) -> Callable[[str], Properties]:
    """Return the resource's properties for a script, as CloudFormation hands them over."""
    prefix = shared.name("voc-gender")

    def make(script: str, **hyperparameters: str) -> Properties:
        source = shared.put(f"code/{len(script)}.tar.gz", archive({"train.py": script}))
        return {
            "JobNamePrefix": prefix,
            "TrainingImage": SCRIPT_MODE_IMAGE,
            "HyperParameters": {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": source,
                **hyperparameters,
            },
            "RoleArn": shared.role,
            "TrainingData": f"s3://{BUCKET}/train",
            "OutputPath": f"s3://{BUCKET}/models",
            "InstanceType": "ml.m5.xlarge",
            "VolumeSizeInGB": "10",
            "MaxRuntimeInSeconds": "60",
            "MetricDefinitions": [
                {
                    "Name": "validation:accuracy",
                    "Regex": "metric validation:accuracy=([0-9.eE+-]+)",
                }
            ],
        }

    return make


def send(request_type: str, properties: Properties, job: str = "") -> str:
    event = {
        "RequestType": request_type,
        "ResourceProperties": properties,
        "PhysicalResourceId": job,
    }
    name: str = training_job.on_event(event, None)["PhysicalResourceId"]
    return name


def wait(properties: Properties, job: str) -> dict[str, Any]:
    event = {
        "RequestType": "Create",
        "ResourceProperties": properties,
        "PhysicalResourceId": job,
    }

    def completed() -> dict[str, Any] | None:
        answer = training_job.is_complete(event, None)
        return answer if answer["IsComplete"] else None

    answer: dict[str, Any] = wait_for(completed, f"the end of {job}")
    return answer


def test_same_inputs_train_once(shared: Workbench, properties: Callable[[str], Properties]) -> None:
    wanted = properties(TRAINS)
    job = send("Create", wanted)
    assert send("Update", wanted) == job, "a job that runs is waited for"
    answer = wait(wanted, job)
    assert answer["Data"]["ModelDataUrl"] == f"s3://{BUCKET}/models/{job}/output/model.tar.gz"
    assert send("Update", wanted) == job, "a job that completed is used again"
    send("Delete", wanted, job)
    described = shared.sagemaker.describe_training_job(TrainingJobName=job)
    assert described["TrainingJobStatus"] == "Completed"


def test_lost_artifact_is_trained_again(
    shared: Workbench, properties: Callable[[str], Properties]
) -> None:
    wanted = properties(TRAINS)
    job = send("Create", wanted)
    wait(wanted, job)
    shared.s3.delete_object(Bucket=BUCKET, Key=f"models/{job}/output/model.tar.gz")
    again = send("Update", wanted)
    assert again == f"{job}-2"
    wait(wanted, again)


def test_failure_says_why_and_where_the_log_is_and_the_next_attempt_is_a_new_job(
    properties: Callable[[str], Properties],
) -> None:
    wanted = properties(FAILS)
    job = send("Create", wanted)
    with pytest.raises(TrainingError) as caught:
        wait(wanted, job)
    assert f"Training job {job} failed: AlgorithmError" in str(caught.value)
    assert f"Log: /aws/sagemaker/TrainingJobs/{job} https://us-east-1." in str(caught.value)
    assert send("Create", wanted) == f"{job}-2"


def test_deletion_stops_a_job_that_runs_and_forgives_one_that_never_was(
    shared: Workbench, properties: Callable[[str], Properties]
) -> None:
    wanted = properties(SLEEPS)
    job = send("Create", wanted)
    send("Delete", wanted, job)
    with pytest.raises(TrainingError, match="stopped"):
        wait(wanted, job)
    assert shared.wait_for_job(job)["TrainingJobStatus"] == "Stopped"
    assert send("Delete", wanted, "never-was") == "never-was"


@pytest.mark.parametrize(
    ("changed", "another"),
    [
        ({"TrainingImage": "other"}, True),
        ({"TrainingData": "s3://bucket/train/other"}, True),
        ({"HyperParameters": {"epochs": "2"}}, True),
        ({"InstanceType": "ml.m5.4xlarge"}, False),
        ({"MaxRuntimeInSeconds": "120"}, False),
        ({"RoleArn": "arn:aws:iam::000000000000:role/other"}, False),
    ],
)
def test_name_changes_exactly_with_what_the_model_is_made_of(
    changed: Properties, another: bool, properties: Callable[[str], Properties]
) -> None:
    wanted = properties(TRAINS)
    before = TrainingInputs.from_properties(wanted).job_name_base
    after = TrainingInputs.from_properties({**wanted, **changed}).job_name_base
    assert (before != after) is another


def test_gate_lets_a_good_model_through_and_names_what_a_bad_one_misses(
    properties: Callable[[str], Properties],
) -> None:
    wanted = properties(TRAINS)
    job = send("Create", wanted)
    wait(wanted, job)

    def judge(minimum: dict[str, str], maximum: dict[str, str]) -> Any:
        return quality_gate.on_event(
            {
                "RequestType": "Create",
                "ResourceProperties": {
                    "TrainingJobName": job,
                    "Minimum": minimum,
                    "Maximum": maximum,
                },
            },
            None,
        )

    assert judge({"validation:accuracy": "0.9"}, {})["PhysicalResourceId"].endswith(job)
    with pytest.raises(quality_gate.QualityGateError) as caught:
        judge({"validation:accuracy": "0.95"}, {"validation:ece": "0.02"})
    assert "validation:ece was not reported" in str(caught.value)
    assert "validation:accuracy is 0.9300, at least 0.95 is required" in str(caught.value)


def test_endpoint_on_another_configuration_fails_the_check(shared: Workbench) -> None:
    config = shared.endpoint_config(shared.model())
    endpoint = shared.endpoint(config)

    def check(wanted: str) -> Any:
        properties = {"EndpointName": endpoint, "EndpointConfigName": wanted}
        return endpoint_check.on_event(
            {"RequestType": "Update", "ResourceProperties": properties}, None
        )

    assert check(config)["PhysicalResourceId"].endswith(endpoint)
    with pytest.raises(endpoint_check.EndpointCheckError, match=f"not InService on {config}-new"):
        check(f"{config}-new")
