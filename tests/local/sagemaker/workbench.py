"""Roles, code and shortcuts that the tests build their jobs and endpoints from."""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import tarfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.image_client import ImageStore
from tests.local.sagemaker.emulator import Emulator

Record = dict[str, Any]

ACCOUNT = "000000000000"
REGISTRY = "dkr.ecr.us-east-1.amazonaws.com"
SCRIPT_MODE_IMAGE = f"763104351884.{REGISTRY}/tensorflow-training:2.21-cpu-py312"
HANDLER_IMAGE = f"683313688378.{REGISTRY}/sagemaker-scikit-learn:1.9-0-cpu-py3"
OWN_IMAGE = f"{ACCOUNT}.{REGISTRY}/voc-gender:latest"
BUCKET = "workbench"

HANDLERS = """
    import json, os, pathlib, signal, time
    def model_fn(folder):
        return open(os.path.join(folder, "weights.txt")).read()
    def input_fn(body, content_type):
        return json.loads(body) if content_type == "application/json" else None
    def predict_fn(data, model):
        if data is None:
            return None
        if data.get("crash"):
            os._exit(3)
        if data.get("hang"):
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(60)  # this thread may run on for a moment
        time.sleep(data.get("sleep", 0))
        if "hold" in data:
            folder = pathlib.Path(data["hold"])
            (folder / "held").touch()
            while not (folder / "go").exists():
                time.sleep(0.01)
        return {"model": model, "data": data, "threshold": os.environ.get("THRESHOLD")}
    def unsupported(environ, start_response):
        start_response("415 Unsupported Media Type", [("Content-Type", "text/plain")])
        return [b"only JSON is read here"]
    def output_fn(prediction, accept):
        if prediction is None:
            return unsupported
        return json.dumps(prediction), accept
"""

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
EXECUTION_STATEMENTS = [
    {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
    },
    {"Effect": "Allow", "Action": ["logs:*", "cloudwatch:PutMetricData"], "Resource": "*"},
    {
        "Effect": "Allow",
        "Action": [
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
        ],
        "Resource": "*",
    },
]


def statement(actions: str | list[str], resources: str | list[str]) -> Record:
    """IAM statement that allows actions on resources."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def archive(files: dict[str, str]) -> bytes:
    """tar.gz of text files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            content = textwrap.dedent(text).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def new_repository(folder: Path, files: dict[str, str]) -> Path:
    """Make a git repository with one commit; answers its folder."""
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "First"], check=True)
    return folder


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """Poll until something is true and answer it."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.03)
    return result


class Workbench:
    """What a test needs of an account.

    Parameters
    ----------
    emulator
        A running emulator.
    """

    _numbers = itertools.count(1)

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.connect()
        self.s3.create_bucket(Bucket=BUCKET)
        self.put("train/names.csv", b"name,female,male\nTom,0,9\n")
        self.put("models/one.tar.gz", archive({"weights.txt": "one"}))
        self.put("models/two.tar.gz", archive({"weights.txt": "two"}))
        self.put("code/handlers.tar.gz", archive({"inference.py": HANDLERS}))
        self.role = self.new_role(EXECUTION_STATEMENTS)
        self.push_image(OWN_IMAGE)

    def connect(self) -> None:
        """Open clients, anew after the emulator was stopped."""
        self.sagemaker = self.emulator.client("sagemaker")
        self.runtime = self.emulator.client("sagemaker-runtime")
        self.iam = self.emulator.client("iam")
        self.s3 = self.emulator.client("s3")
        self.logs = self.emulator.client("logs")

    def name(self, prefix: str) -> str:
        """Return a name that no other test has."""
        return f"{prefix}-{next(self._numbers)}"

    def put(self, key: str, content: bytes) -> str:
        """Store an object and answer its URI."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def push_image(self, image: str) -> None:
        """Build the emulator's image of programs ``train`` and ``serve``, and push it."""
        context, images = self.emulator.image_context, ImageStore(self.emulator.folder / "images")
        name = image.partition("/")[2].partition(":")[0]
        self.emulator.client("ecr").create_repository(repositoryName=name)
        images.build(context, name=image, dockerfile=context / "Dockerfile", target="train")
        images.push(image, self.emulator.url)

    def get(self, uri: str) -> bytes:
        """Read an object."""
        key = uri.removeprefix(f"s3://{BUCKET}/")
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def new_role(self, statements: list[Record], trust: Record | None = None) -> str:
        """Create a role and answer its ARN."""
        name = self.name("role")
        arn: str = self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or TRUST)
        )["Role"]["Arn"]
        document = {"Version": "2012-10-17", "Statement": statements}
        self.iam.put_role_policy(
            RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(document)
        )
        return arn

    def client_of(self, service: str, statements: list[Record]) -> Any:
        """Client of a new user with these rights."""
        name = self.name("user")
        self.iam.create_user(UserName=name)
        document = {"Version": "2012-10-17", "Statement": statements}
        self.iam.put_user_policy(
            UserName=name, PolicyName="rights", PolicyDocument=json.dumps(document)
        )
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return self.emulator.client(service, key["AccessKeyId"], key["SecretAccessKey"])

    def job(self, script: str = "", **changes: Any) -> Record:
        """Request for a training job that runs a script in script mode."""
        name = self.name("job")
        request: Record = {
            "TrainingJobName": name,
            "RoleArn": self.role,
            "AlgorithmSpecification": {
                "TrainingImage": SCRIPT_MODE_IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [
                    {
                        "Name": "validation:accuracy",
                        "Regex": "metric validation:accuracy=([0-9.eE+-]+)",
                    }
                ],
            },
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": f"s3://{BUCKET}/train/",
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 5,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **changes,
        }
        if script:
            source = self.put(f"code/{name}.tar.gz", archive({"train.py": script}))
            request["HyperParameters"] = {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": source,
                **request.get("HyperParameters", {}),
            }
        return request

    def train(self, script: str = "", **changes: Any) -> Record:
        """Run a training job to its end and describe it."""
        request = self.job(script, **changes)
        self.sagemaker.create_training_job(**request)
        return self.wait_for_job(request["TrainingJobName"])

    def wait_for_job(self, name: str) -> Record:
        """Describe a training job once it has ended."""

        def ended() -> Record | None:
            job: Record = self.sagemaker.describe_training_job(TrainingJobName=name)
            return job if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None

        job: Record = wait_for(ended, f"the end of {name}")
        return job

    def job_log(self, name: str) -> list[str]:
        """Lines that a training job wrote."""
        group = "/aws/sagemaker/TrainingJobs"
        streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name)
        lines = []
        for stream in streams["logStreams"]:
            events = self.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"]
            )
            lines += [event["message"] for event in events["events"]]
        return lines

    def model(self, artifact: str = "models/one.tar.gz", **changes: Any) -> str:
        """Create a model with handlers and answer its name."""
        name = self.name("model")
        container = {
            "Image": HANDLER_IMAGE,
            "ModelDataUrl": f"s3://{BUCKET}/{artifact}",
            "Environment": {
                "SAGEMAKER_PROGRAM": "inference.py",
                "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/code/handlers.tar.gz",
                "THRESHOLD": "0.8",
            },
        }
        container.update(changes)
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=self.role, PrimaryContainer=container
        )
        return name

    def endpoint_config(self, model: str, **hosting: Any) -> str:
        """Create an endpoint configuration of one variant and answer its name."""
        name = self.name("config")
        hosting = hosting or {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        variant = {"VariantName": "AllTraffic", "ModelName": model, **hosting}
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name

    def endpoint(self, config: str) -> str:
        """Create an endpoint, wait, and answer its name."""
        name = self.name("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self.wait_for_endpoint(name)
        return name

    def wait_for_endpoint(self, name: str) -> Record:
        """Describe an endpoint once nothing is going on."""

        def settled() -> Record | None:
            endpoint: Record = self.sagemaker.describe_endpoint(EndpointName=name)
            return None if endpoint["EndpointStatus"] in ("Creating", "Updating") else endpoint

        endpoint: Record = wait_for(settled, f"endpoint {name}")
        return endpoint

    def invoke(self, endpoint: str, data: Record) -> Record:
        """Ask an endpoint in JSON."""
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="application/json", Body=json.dumps(data)
        )
        result: Record = json.loads(answer["Body"].read())
        return result
