"""Training jobs: what really runs, what is refused, what is left behind."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.workbench import (
    BUCKET,
    EXECUTION_STATEMENTS,
    OWN_IMAGE,
    Workbench,
    statement,
    wait_for,
)

SCRIPT = """
    import json, os, pathlib, sys
    seen = {name: value for name, value in os.environ.items()}
    seen["arguments"] = sys.argv[1:]
    seen["channel"] = os.listdir(os.environ["SM_CHANNEL_TRAIN"])
    pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "seen.json").write_text(json.dumps(seen))
    pathlib.Path(os.environ["SM_MODEL_DIR"], "weights.txt").write_text("trained")
    print("metric validation:accuracy=0.5")
    print("metric validation:accuracy=9.3e-01")
"""
SLEEPER = """
    import os, pathlib, signal, sys, time
    def leave(number, frame):
        pathlib.Path(os.environ["SM_MODEL_DIR"], "weights.txt").write_text("half trained")
        sys.exit(0)
    signal.signal(signal.SIGTERM, leave)
    print("ready", flush=True)
    time.sleep(60)
"""


def files_in(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        members = [(member.name, tar.extractfile(member)) for member in tar.getmembers()]
        return {name: file.read() for name, file in members if file is not None}


def test_script_mode_trains_and_leaves_artifact_metrics_and_logs(shared: Workbench) -> None:
    job = shared.train(
        SCRIPT,
        HyperParameters={"epochs": "4", "optimizer": '"adam"'},
        Environment={"POPULATION": "us"},
        Tags=[{"Key": "project", "Value": "voc"}],
    )

    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [item["Status"] for item in job["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    (metric,) = job["FinalMetricDataList"]
    assert (metric["MetricName"], round(metric["Value"], 4)) == ("validation:accuracy", 0.93)
    name = job["TrainingJobName"]
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifact == f"s3://{BUCKET}/output/{name}/output/model.tar.gz"
    assert files_in(shared.get(artifact)) == {"weights.txt": b"trained"}
    output = files_in(shared.get(f"s3://{BUCKET}/output/{name}/output/output.tar.gz"))
    seen = json.loads(output["seen.json"])
    assert seen["arguments"] == ["--epochs", "4", "--optimizer", "adam"]
    assert seen["channel"] == ["names.csv"]
    assert json.loads(seen["SM_HPS"]) == {"epochs": 4, "optimizer": "adam"}
    assert json.loads(seen["SM_CHANNELS"]) == ["train"]
    assert seen["TRAINING_JOB_NAME"] == name
    assert seen["POPULATION"] == "us"
    # Nothing of the emulator's own environment may reach the container, least of all its keys.
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert "GATEWAY_PORT" not in seen
    assert shared.job_log(name)[-1] == "metric validation:accuracy=9.3e-01"
    tags = shared.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "project", "Value": "voc"}]
    assert not list(shared.emulator.work_folder.glob(f"job-{name}-*"))


def test_metrics_reach_cloudwatch(shared: Workbench) -> None:
    name = shared.train(SCRIPT)["TrainingJobName"]
    found = shared.emulator.client("cloudwatch").list_metrics(
        Namespace="/aws/sagemaker/TrainingJobs",
        Dimensions=[{"Name": "TrainingJobName", "Value": name}],
    )["Metrics"]
    assert [metric["MetricName"] for metric in found] == ["validation:accuracy"]


def test_own_image_runs_the_program_that_was_pushed(shared: Workbench) -> None:
    job = shared.train(
        AlgorithmSpecification={"TrainingImage": OWN_IMAGE, "TrainingInputMode": "File"},
        HyperParameters={"weights": "from hyperparameters"},
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    files = files_in(shared.get(job["ModelArtifacts"]["S3ModelArtifacts"]))
    assert files == {"weights.txt": b"from hyperparameters"}


def test_own_image_that_was_never_pushed_fails_the_job(shared: Workbench) -> None:
    image = OWN_IMAGE.replace(":latest", ":other")
    job = shared.train(AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"})
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == f"ClientError: Cannot find requested image {image}"


def test_failure_file_becomes_the_reason(shared: Workbench) -> None:
    job = shared.train(
        """
        import os, pathlib, sys
        path = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "output/failure")
        path.write_text("no usable row in channel train" + " " * 5 + "x" * 2000)
        sys.exit(7)
        """
    )
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: no usable row in channel train")
    # The toolkit in the container ends with 1, whatever the script ended with.
    assert job["FailureReason"].endswith(", exit code: 1")
    assert len(job["FailureReason"]) == 1024
    assert "ModelArtifacts" not in job


def test_uncaught_exception_is_reported_as_the_toolkit_does(shared: Workbench) -> None:
    job = shared.train("raise ValueError('garbage in the channel')")
    assert job["FailureReason"].startswith(
        "AlgorithmError: ExecuteUserScriptError:\nExitCode 1\n"
        'ErrorMessage "ValueError: garbage in the channel"\nCommand "'
    )
    assert job["FailureReason"].endswith("exit code: 1")


def test_stop_sends_sigterm_and_keeps_what_was_trained(shared: Workbench) -> None:
    request = shared.job(SLEEPER)
    name = request["TrainingJobName"]
    shared.sagemaker.create_training_job(**request)
    wait_for(lambda: _is_training(shared, name), "the start of training")
    wait_for(lambda: "ready" in shared.job_log(name), "the script")
    shared.sagemaker.stop_training_job(TrainingJobName=name)
    job = shared.wait_for_job(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert files_in(shared.get(job["ModelArtifacts"]["S3ModelArtifacts"]))
    with pytest.raises(ClientError, match="is in status Stopped"):
        shared.sagemaker.stop_training_job(TrainingJobName=name)


def test_a_job_that_ignores_sigterm_is_killed(shared: Workbench) -> None:
    script = SLEEPER.replace("sys.exit(0)", "time.sleep(60)")
    job = shared.train(script, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_role_without_the_bucket_fails_the_job(shared: Workbench) -> None:
    role = shared.new_role(EXECUTION_STATEMENTS[1:])
    job = shared.train(SCRIPT, RoleArn=role)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")
    assert "AccessDenied" in job["FailureReason"]


def test_role_that_may_not_pull_the_image_fails_the_job(shared: Workbench) -> None:
    role = shared.new_role(EXECUTION_STATEMENTS[:2])
    job = shared.train(SCRIPT, RoleArn=role)
    assert "does not have GetAuthorizationToken permission" in job["FailureReason"]


def test_role_without_logs_trains_without_logs(shared: Workbench) -> None:
    role = shared.new_role([EXECUTION_STATEMENTS[0], EXECUTION_STATEMENTS[2]])
    job = shared.train(SCRIPT, RoleArn=role)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert shared.job_log(job["TrainingJobName"]) == []


def test_missing_data_fails_the_job(shared: Workbench) -> None:
    request = shared.job(SCRIPT)
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["S3Uri"] = f"s3://{BUCKET}/nothing/"
    shared.sagemaker.create_training_job(**request)
    job = shared.wait_for_job(request["TrainingJobName"])
    assert "No S3 objects found" in job["FailureReason"]


def test_unknown_image_is_an_honest_failure(shared: Workbench) -> None:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
    job = shared.train(AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"})
    assert "has no contract for the training image" in job["FailureReason"]


def test_only_who_may_pass_the_role_trains(shared: Workbench) -> None:
    create = statement("sagemaker:CreateTrainingJob", "arn:aws:sagemaker:*:*:training-job/job-*")
    refused = shared.client_of("sagemaker", [create])
    with pytest.raises(ClientError, match="iam:PassRole") as caught:
        refused.create_training_job(**shared.job(SCRIPT))
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    pass_role = {
        **statement("iam:PassRole", shared.role),
        "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    }
    allowed = shared.client_of("sagemaker", [create, pass_role])
    request = shared.job(SCRIPT)
    allowed.create_training_job(**request)
    assert shared.wait_for_job(request["TrainingJobName"])["TrainingJobStatus"] == "Completed"
    with pytest.raises(ClientError, match="sagemaker:DescribeTrainingJob"):
        allowed.describe_training_job(TrainingJobName=request["TrainingJobName"])


def test_tags_at_creation_need_their_own_permission(shared: Workbench) -> None:
    jobs = "arn:aws:sagemaker:*:*:training-job/job-*"
    rights = [
        statement("sagemaker:CreateTrainingJob", jobs),
        statement("iam:PassRole", shared.role),
    ]
    request = shared.job(SCRIPT, Tags=[{"Key": "project", "Value": "voc"}])
    with pytest.raises(ClientError, match="sagemaker:AddTags"):
        shared.client_of("sagemaker", rights).create_training_job(**request)
    rights.append(statement("sagemaker:AddTags", jobs))
    shared.client_of("sagemaker", rights).create_training_job(**request)
    assert shared.wait_for_job(request["TrainingJobName"])["TrainingJobStatus"] == "Completed"


def test_role_must_trust_sagemaker(shared: Workbench) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = shared.new_role(EXECUTION_STATEMENTS, trust)
    with pytest.raises(ClientError, match="Could not assume role"):
        shared.sagemaker.create_training_job(**shared.job(SCRIPT, RoleArn=role))


def test_requests_are_validated_as_on_aws(shared: Workbench) -> None:
    request = shared.job(SCRIPT, TrainingJobName="under_score")
    with pytest.raises(ClientError) as caught:
        shared.sagemaker.create_training_job(**request)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert (
        "Value 'under_score' at 'trainingJobName' failed to satisfy constraint"
        in (error["Message"])
    )
    request = shared.job(SCRIPT)
    request["ResourceConfig"]["InstanceType"] = "ml.imaginary"
    with pytest.raises(ClientError, match="enum value set"):
        shared.sagemaker.create_training_job(**request)


def test_names_are_unique_and_listed(shared: Workbench) -> None:
    first, second = (shared.train(SCRIPT)["TrainingJobName"] for _ in range(2))
    with pytest.raises(ClientError, match="must be unique"):
        shared.sagemaker.create_training_job(**shared.job(SCRIPT, TrainingJobName=first))
    page = shared.sagemaker.list_training_jobs(
        NameContains="job-", StatusEquals="Completed", MaxResults=1, SortBy="CreationTime"
    )
    names = [job["TrainingJobName"] for job in page["TrainingJobSummaries"]]
    while "NextToken" in page:
        page = shared.sagemaker.list_training_jobs(
            NameContains="job-", StatusEquals="Completed", MaxResults=1, NextToken=page["NextToken"]
        )
        names += [job["TrainingJobName"] for job in page["TrainingJobSummaries"]]
    assert names.index(first) < names.index(second)
    assert len(names) == len(set(names))
    with pytest.raises(ClientError, match="Could not find"):
        shared.sagemaker.describe_training_job(TrainingJobName="never-was")


def test_unimplemented_operations_say_so(shared: Workbench) -> None:
    with pytest.raises(ClientError, match="does not implement the operation ListApps") as caught:
        shared.sagemaker.list_apps()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def _is_training(shared: Workbench, name: str) -> bool:
    job = shared.sagemaker.describe_training_job(TrainingJobName=name)
    return bool(job["SecondaryStatus"] == "Training")
