"""The embedded SageMaker with ``LOCAL_CONTAINERS=docker``: real images, through its own API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from local import launcher
from local.client_environment import client_environment
from local.engine import Engine as LocalEngine
from local.image_client import PROGRAM
from tests.local.embedded_aws import EmbeddedAws, settings_for
from tests.local.sagemaker.workbench import TRUST, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Images
    from .engine import Engine

BUCKET = "real-containers"
ANOTHER = "voc-gender-test:another"
REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
# An image of somebody else's, which knows nothing but SageMaker's contract.
PROGRAM_OF_ANOTHER = """
import os, pathlib, signal, sys, time, urllib.request
if sys.argv[1:] == ["wait"]:
    signal.signal(signal.SIGTERM, lambda *_: (print("told to stop"), sys.exit(0)))
    print("waiting", flush=True)
    time.sleep(120)
assert sys.argv[1:] == ["train"], sys.argv
answer = urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_local/status")
print("AWS answers", answer.status)
pathlib.Path("/opt/ml/output/failure").write_text("too few names")
sys.exit(7)
"""


@pytest.fixture(scope="module")
def aws(
    running: tuple[Engine, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedAws]:
    """Start an embedded AWS whose containers are the engine's."""
    docker = running[0]
    engine = LocalEngine.find({**os.environ, **docker.variables()})
    settings = settings_for(tmp_path_factory.mktemp("aws"), engine)
    started = EmbeddedAws(settings, launcher.start_emulator(settings))
    yield started
    launcher.stop_emulator(settings)
    mine = f"label={engine.label(settings.state_folder)}"
    assert not engine.run("ps", "--all", "--quiet", "--filter", mine), "containers are left"
    assert not engine.run("volume", "ls", "--quiet", "--filter", mine), "volumes are left"


@pytest.fixture(scope="module")
def role(aws: EmbeddedAws) -> str:
    """Create bucket and role of the jobs."""
    aws.client("s3").create_bucket(Bucket=BUCKET)
    iam = aws.client("iam")
    arn: str = iam.create_role(RoleName="job", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"][
        "Arn"
    ]
    allowed = {"Effect": "Allow", "Action": ["s3:*", "logs:*", "ecr:*"], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.put_role_policy(RoleName="job", PolicyName="job", PolicyDocument=json.dumps(document))
    return arn


@pytest.fixture(scope="module")
def pushed(
    aws: EmbeddedAws, images: Images, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Push images as the CDK CLI does, one of them built by the same client."""
    names = {}
    context = tmp_path_factory.mktemp("another")
    (context / "program.py").write_text(PROGRAM_OF_ANOTHER)
    (context / "Dockerfile").write_text(
        f"FROM {images.serve}\nCOPY program.py /opt/\n"
        'ENTRYPOINT ["/opt/venv/bin/python", "-u", "/opt/program.py"]\n'
    )
    docker(aws, "build", "--tag", ANOTHER, "--platform", "linux/amd64", str(context))
    for target, image in (("serve", images.serve), ("train", images.train), ("another", ANOTHER)):
        aws.client("ecr").create_repository(repositoryName=target)
        names[target] = f"{REGISTRY}/{target}:1"
        docker(aws, "tag", image, names[target])
        docker(aws, "login", "--username", "AWS", "--password-stdin", REGISTRY)
        docker(aws, "push", names[target])
    yield names
    docker(aws, "image", "rm", "--force", *names.values(), ANOTHER)


def docker(aws: EmbeddedAws, *arguments: str) -> None:
    """Run what the CDK CLI runs in Docker's place."""
    environment = client_environment(aws.settings, aws.credentials)
    done = subprocess.run(
        [str(PROGRAM), *arguments], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def create_job(aws: EmbeddedAws, role: str, image: str, name: str, **changes: Any) -> None:
    """Create a training job."""
    specification = {
        "TrainingImage": image,
        "TrainingInputMode": "File",
        "MetricDefinitions": [
            {"Name": "validation:accuracy", "Regex": "metric validation:accuracy=([0-9.]+)"}
        ],
        **changes.pop("specification", {}),
    }
    aws.client("sagemaker").create_training_job(
        TrainingJobName=name,
        RoleArn=role,
        AlgorithmSpecification=specification,
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models"},
        ResourceConfig={
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 5,
        },
        StoppingCondition={"MaxRuntimeInSeconds": 300},
        **changes,
    )


def ended(aws: EmbeddedAws, name: str, seconds: float = 200) -> dict[str, Any]:
    def job() -> dict[str, Any] | None:
        found: dict[str, Any] = aws.client("sagemaker").describe_training_job(TrainingJobName=name)
        return found if found["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None

    found: dict[str, Any] = wait_for(job, f"the end of {name}", seconds)
    return found


def log(aws: EmbeddedAws, group: str, prefix: str) -> str:
    logs = aws.client("logs")
    group = f"/aws/sagemaker/{group}"
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)
    return "\n".join(
        event["message"]
        for stream in streams["logStreams"]
        for event in logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
    )


def test_a_job_trains_and_an_endpoint_serves_in_real_containers(
    aws: EmbeddedAws, role: str, pushed: dict[str, str], names: Path
) -> None:
    s3, sagemaker = aws.client("s3"), aws.client("sagemaker")
    for file in names.iterdir():
        s3.upload_file(str(file), BUCKET, f"names/{file.name}")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/names/"}
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
    create_job(
        aws,
        role,
        pushed["train"],
        "real",
        InputDataConfig=[channel],
        HyperParameters={"sample": "0.02", "epochs": "1"},
    )
    job = ended(aws, "real")
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert job["FinalMetricDataList"][0]["Value"] > 0.5
    assert "names to learn from" in log(aws, "TrainingJobs", "real/algo-1")

    container = {
        "Image": pushed["serve"],
        "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
    }
    sagemaker.create_model(ModelName="real", ExecutionRoleArn=role, PrimaryContainer=container)
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 2}
    variant = {"VariantName": "AllTraffic", "ModelName": "real", "ServerlessConfig": serverless}
    sagemaker.create_endpoint_config(EndpointConfigName="real", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="real", EndpointConfigName="real")
    endpoint = wait_for(
        lambda: (
            found
            if (found := sagemaker.describe_endpoint(EndpointName="real"))["EndpointStatus"]
            != "Creating"
            else None
        ),
        "the endpoint",
        60,
    )
    assert endpoint["EndpointStatus"] == "InService", endpoint["FailureReason"]
    answer = aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="real", ContentType="text/csv", Body=b"Mary,Tom"
    )
    assert set(json.loads(answer["Body"].read())) == {"Mary", "Tom"}
    (server,) = containers(aws)
    assert server["HostConfig"]["Memory"] == 1024 * 1024 * 1024
    (mount,) = server["Mounts"]
    assert (mount["Destination"], mount["RW"]) == ("/opt/ml/model", False)
    assert "serving model" in log(aws, "Endpoints/real", "AllTraffic")
    sagemaker.delete_endpoint(EndpointName="real")
    wait_for(lambda: not containers(aws), "the end of the server's container")


def test_failure_is_told_in_the_containers_own_words(
    aws: EmbeddedAws, role: str, pushed: dict[str, str]
) -> None:
    create_job(aws, role, pushed["another"], "failing")
    job = ended(aws, "failing")
    assert job["FailureReason"] == "AlgorithmError: too few names, exit code: 7"
    assert "AWS answers 200" in log(aws, "TrainingJobs", "failing/")


def test_isolated_job_reaches_nothing(aws: EmbeddedAws, role: str, pushed: dict[str, str]) -> None:
    create_job(aws, role, pushed["another"], "isolated", EnableNetworkIsolation=True)
    assert "KeyError: 'AWS_ENDPOINT_URL'" in ended(aws, "isolated")["FailureReason"]


def test_stopped_job_is_told_by_sigterm(
    aws: EmbeddedAws, role: str, pushed: dict[str, str]
) -> None:
    create_waiting_job(aws, role, pushed["another"], "stopped")
    aws.client("sagemaker").stop_training_job(TrainingJobName="stopped")
    assert ended(aws, "stopped")["TrainingJobStatus"] == "Stopped"
    assert "told to stop" in log(aws, "TrainingJobs", "stopped/")


def test_image_that_the_engine_lacks_is_named_with_the_way_to_it(
    aws: EmbeddedAws, role: str
) -> None:
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.21-cpu-py312"
    create_job(aws, role, image, "framework")
    reason = ended(aws, "framework")["FailureReason"]
    assert f"docker pull {image}" in reason
    assert "Without LOCAL_CONTAINERS=docker" in reason


def test_no_container_outlives_an_emulator_that_is_killed(
    aws: EmbeddedAws, role: str, pushed: dict[str, str]
) -> None:
    """The last test: the others need the emulator."""
    create_waiting_job(aws, role, pushed["another"], "orphan")
    assert len(containers(aws)) == 1
    emulator = int((aws.settings.state_folder / "emulator.pid").read_text())
    os.kill(emulator, signal.SIGKILL)
    wait_for(lambda: not containers(aws), "the end of the killed emulator's container")


def create_waiting_job(aws: EmbeddedAws, role: str, image: str, name: str) -> None:
    """Create a job that brings its own entry point, and wait until it runs."""
    program = {
        "ContainerEntrypoint": ["/opt/venv/bin/python", "/opt/program.py"],
        "ContainerArguments": ["wait"],
    }
    create_job(aws, role, image, name, specification=program)
    not_yet = aws.client("logs").exceptions.ResourceNotFoundException

    def waits() -> bool:
        try:
            return "waiting" in log(aws, "TrainingJobs", f"{name}/")
        except not_yet:
            return False

    wait_for(waits, "a container that waits", 60)


def containers(aws: EmbeddedAws) -> list[dict[str, Any]]:
    """Describe the containers that run for this embedded AWS."""
    engine = aws.settings.engine
    assert engine is not None
    mine = f"label={engine.label(aws.settings.state_folder)}"
    found = engine.run("ps", "--quiet", "--filter", mine).split()
    described: list[dict[str, Any]] = json.loads(engine.run("inspect", *found)) if found else []
    return described
