"""Roles may do what they are for, and nothing more: tried with IAM enforced.

Every permission of a role is taken away in turn, on the running stack, and the operation that
needs it fails. Every role is let loose on what is not its own, and refused.
"""

from __future__ import annotations

import copy
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.sagemaker.roles import RoleCredentials
from tests.end_to_end.permissions import NEEDED, label, listed, permissions, statements

if TYPE_CHECKING:
    from .conftest import Application

_PATIENCE_SECONDS = 120.0
_NO_RETRIES = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
ANOTHER_BUCKET = "another-teams-bucket"
PREFIXES = ("train", "code", "models", "private")


class Stage:
    """The deployed stage as these tests see it.

    Parameters
    ----------
    application
        The deployed application.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self.aws = application.aws
        self._done: set[str] = set()

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        """Template by stack."""
        cloudformation = self.aws("cloudformation")
        names = [f"{self.application.settings.stage_name}-{name}" for name in ("Api", "Model")]
        bodies = {
            name: cloudformation.get_template(StackName=name)["TemplateBody"] for name in names
        }
        return {
            name: json.loads(body) if isinstance(body, str) else body
            for name, body in bodies.items()
        }

    @cached_property
    def physical(self) -> dict[str, str]:
        """Physical ids by logical id without its hash."""
        cloudformation = self.aws("cloudformation")
        return {
            resource["LogicalResourceId"][:-8]: resource["PhysicalResourceId"]
            for name in self.templates
            for resource in cloudformation.describe_stack_resources(StackName=name)[
                "StackResources"
            ]
        }

    @contextmanager
    def without(self, role: str, permission: str) -> Iterator[None]:
        """Take a permission from a role for the duration of a block."""
        iam, name = self.aws("iam"), self.physical[role]
        before: dict[str, str] = {}
        for template in self.templates.values():
            for owner, logical_id, position, statement in statements(template):
                action, _, resource = permission.partition(" on ")
                if (
                    owner != role
                    or label(statement["Resource"], statement.get("Condition")) != resource
                    or action not in listed(statement["Action"])
                ):
                    continue
                policy = template["Resources"][logical_id]["Properties"]["PolicyName"]
                document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                document = json.loads(document) if isinstance(document, str) else document
                before[policy] = json.dumps(document)
                reduced = copy.deepcopy(document)
                left = [one for one in listed(statement["Action"]) if one != action]
                if left:
                    reduced["Statement"][position]["Action"] = left
                else:
                    del reduced["Statement"][position]
                iam.put_role_policy(
                    RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(reduced)
                )
        assert len(before) == 1, f"{role} has {permission} {len(before)} times"
        try:
            yield
        finally:
            for policy, text in before.items():
                iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text)

    def session(self, role: str) -> RoleCredentials:
        """Keys of a session of a role, which must let this account in for that moment."""
        iam, name = self.aws("iam"), self.physical[role]
        described = iam.get_role(RoleName=name)["Role"]
        account = described["Arn"].split(":")[4]
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        before = described["AssumeRolePolicyDocument"]
        try:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
            opened = self.aws("sts").assume_role(RoleArn=described["Arn"], RoleSessionName="test")
        finally:
            text = before if isinstance(before, str) else json.dumps(before)
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=text)
        keys = opened["Credentials"]
        return RoleCredentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Call the API, which must answer well; returns the answer."""
        status, answer = self.application.call(method, path, body, **headers)
        require(status < 400, f"{method} {path}: {status}")
        return answer

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke a function, which must not fail."""
        answer = self.aws("lambda").invoke(
            FunctionName=self.physical[function], Payload=json.dumps(event).encode()
        )
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RefusedError(f"{function}: {result}")
        return result

    def works(self, operation: str) -> None:
        """Show once that an operation works while nothing is taken away."""
        if operation not in self._done:
            OPERATIONS[operation](self)
            self._done.add(operation)


class RefusedError(Exception):
    """An operation that did not succeed."""


@pytest.fixture(scope="module")
def stage(application: Application) -> Stage:
    """Return the deployed stage."""
    return Stage(application)


def enter(stage: Stage, **headers: str) -> str:
    body = {"FirstName": "Mary", "LastName": "Permission", "Feedback": "Good."}
    identifier: str = stage.call("POST", "/feedback", body, **headers)["ID"]
    return identifier


def enter_with_key(stage: Stage) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    require(enter(stage, **key) == enter(stage, **key), "the repeated request got another ID")


def enter_again_after_a_failure(stage: Stage) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    with (
        stage.without("RestApiEnterFeedbackRole", "dynamodb:PutItem on FeedbackTable"),
        pytest.raises(RefusedError),
    ):
        enter(stage, **key)
    enter(stage, **key)


def list_fresh(stage: Stage) -> None:
    identifier = enter(stage)
    rows = stage.call("GET", f"/getallcontents?fresh={identifier}")
    require(identifier in {row["ID"] for row in rows}, "the new feedback is not listed")


def identify(stage: Stage) -> None:
    identifier = enter(stage)
    answer = stage.call("POST", "/identifygender", {"ids": [identifier]})
    require("F" in json.dumps(answer), f"not identified: {answer}")


def predict_sentiment(stage: Stage) -> None:
    answer = stage.call("POST", "/predictsentiment", {"ids": [enter(stage)]})
    require("POSITIVE" in json.dumps(answer), f"no sentiment: {answer}")


def training_properties(stage: Stage, data: str | None = None) -> dict[str, Any]:
    """Properties of the custom resource whose job made the deployed model."""
    job = deployed_job(stage)
    source = job["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    return {
        "JobNamePrefix": job["TrainingJobName"].rpartition("-")[0],
        "TrainingImage": job["AlgorithmSpecification"]["TrainingImage"],
        "HyperParameters": job["HyperParameters"],
        "TrainingData": data or source.rstrip("/"),
        "RoleArn": job["RoleArn"],
        "OutputPath": job["OutputDataConfig"]["S3OutputPath"],
        "InstanceType": job["ResourceConfig"]["InstanceType"],
        "VolumeSizeInGB": str(job["ResourceConfig"]["VolumeSizeInGB"]),
        "MaxRuntimeInSeconds": str(job["StoppingCondition"]["MaxRuntimeInSeconds"]),
        "MetricDefinitions": job["AlgorithmSpecification"]["MetricDefinitions"],
    }


def deployed_job(stage: Stage) -> dict[str, Any]:
    described: dict[str, Any] = stage.aws("sagemaker").describe_training_job(
        TrainingJobName=stage.application.outputs["TrainingJobName"]
    )
    return described


def create_event(stage: Stage, data: str | None = None) -> dict[str, Any]:
    return {"RequestType": "Create", "ResourceProperties": training_properties(stage, data)}


def start_training(stage: Stage) -> None:
    bucket = stage.application.outputs["BucketName"]
    nothing = f"s3://{bucket}/train/{uuid.uuid4().hex}"
    name = stage.invoke("TrainingJobOnEventFunction", create_event(stage, nothing))
    stage.aws("sagemaker").describe_training_job(TrainingJobName=name["PhysicalResourceId"])


def find_training(stage: Stage) -> None:
    """The job that made the deployed model is found again, and none is started."""
    found = stage.invoke("TrainingJobOnEventFunction", create_event(stage))["PhysicalResourceId"]
    if found != deployed_job(stage)["TrainingJobName"]:
        stop(stage, found)
        raise RefusedError(f"{found} was started")


def stop_training(stage: Stage) -> None:
    name = run_script(stage, "sleep 100")
    try:
        stage.invoke(
            "TrainingJobOnEventFunction",
            {"RequestType": "Delete", "PhysicalResourceId": name, "ResourceProperties": {}},
        )
        require(ended(stage, name)["TrainingJobStatus"] == "Stopped", "it was not stopped")
    finally:
        stop(stage, name)


def await_training(stage: Stage) -> None:
    answer = stage.invoke(
        "TrainingJobIsCompleteFunction",
        {"RequestType": "Create", "PhysicalResourceId": deployed_job(stage)["TrainingJobName"]},
    )
    require(answer["IsComplete"], f"not complete: {answer}")


def judge(stage: Stage) -> None:
    properties = {
        "TrainingJobName": deployed_job(stage)["TrainingJobName"],
        "Minimum": {"validation:accuracy": "0.5"},
        "Maximum": {},
    }
    stage.invoke(
        "QualityGateOnEventFunction", {"RequestType": "Create", "ResourceProperties": properties}
    )


def check_endpoint(stage: Stage) -> None:
    name = stage.application.outputs["EndpointName"]
    wanted = stage.aws("sagemaker").describe_endpoint(EndpointName=name)["EndpointConfigName"]
    stage.invoke(
        "EndpointCheckOnEventFunction",
        {
            "RequestType": "Create",
            "ResourceProperties": {"EndpointName": name, "EndpointConfigName": wanted},
        },
    )


def run_script(stage: Stage, script: str) -> str:
    """Start a job with the deployed job's role and image that runs a script on a small channel."""
    job = deployed_job(stage)
    # Only jobs of this environment's names may be touched by its functions.
    own = job["TrainingJobName"].rpartition("-")[0]
    name = f"{own}-probe-{uuid.uuid4().hex[:12]}"
    bucket = stage.application.outputs["BucketName"]
    stage.aws("s3").put_object(Bucket=bucket, Key=f"train/{name}/names.csv", Body=b"Mary,1,0\n")
    channels: list[Any] = copy.deepcopy(job["InputDataConfig"])
    channels[0]["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{bucket}/train/{name}/"
    stage.aws("sagemaker").create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={
            "TrainingImage": job["AlgorithmSpecification"]["TrainingImage"],
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/sh", "-c", script],
        },
        InputDataConfig=channels,
        OutputDataConfig=job["OutputDataConfig"],
        ResourceConfig=job["ResourceConfig"],
        StoppingCondition=job["StoppingCondition"],
        RoleArn=job["RoleArn"],
    )
    return name


def train(stage: Stage) -> None:
    """A job gets its image and its channel, and its log and its model are kept."""
    name = run_script(stage, "cat /opt/ml/input/data/train/names.csv | tee /opt/ml/model/names.csv")
    job = ended(stage, name)
    require(job["TrainingJobStatus"] == "Completed", job.get("FailureReason", ""))
    require("Mary,1,0" in log_of(stage, "/aws/sagemaker/TrainingJobs", name), "there is no log")


def ended(stage: Stage, name: str) -> dict[str, Any]:
    """Wait for the end of a job and describe it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        job: dict[str, Any] = stage.aws("sagemaker").describe_training_job(TrainingJobName=name)
        if job["TrainingJobStatus"] not in ("InProgress", "Stopping"):
            return job
        time.sleep(0.1)
    raise TimeoutError(name)


def stop(stage: Stage, name: str) -> None:
    sagemaker = stage.aws("sagemaker")
    if sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] == "InProgress":
        sagemaker.stop_training_job(TrainingJobName=name)
    ended(stage, name)


def serve(stage: Stage) -> None:
    """Another endpoint with the deployed model begins to serve."""
    sagemaker = stage.aws("sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName=stage.application.outputs["EndpointName"])
    name = f"probe-{uuid.uuid4().hex[:12]}"
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=endpoint["EndpointConfigName"])
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (state := sagemaker.describe_endpoint(EndpointName=name))[
            "EndpointStatus"
        ] == "Creating":
            require(time.monotonic() < deadline, f"{name} is still being created")
            time.sleep(0.1)
        require(state["EndpointStatus"] == "InService", state.get("FailureReason", ""))
    finally:
        sagemaker.delete_endpoint(EndpointName=name)


def log_of(stage: Stage, group: str, prefix: str) -> str:
    try:
        answer = stage.aws("logs").filter_log_events(logGroupName=group)
    except ClientError as error:
        raise RefusedError(str(error)) from error
    # The embedded CloudWatch Logs filters by no prefix.
    return "\n".join(
        event["message"] for event in answer["events"] if event["logStreamName"].startswith(prefix)
    )


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RefusedError(otherwise)


OPERATIONS: dict[str, Callable[[Stage], object]] = {
    "list": lambda stage: stage.call("GET", "/getallcontents"),
    "list_fresh": list_fresh,
    "enter": enter,
    "enter_with_key": enter_with_key,
    "enter_again_after_a_failure": enter_again_after_a_failure,
    "identify": identify,
    "predict": lambda stage: stage.call("POST", "/predict", {"names": ["Mary"]}),
    "predict_sentiment": predict_sentiment,
    "set_gender": lambda stage: stage.call(
        "PUT", f"/feedback/{enter(stage)}/gender", {"gender": "X"}
    ),
    "delete": lambda stage: stage.call("DELETE", f"/feedback/{enter(stage)}"),
    "insights": lambda stage: stage.call("GET", "/insights"),
    "start_training": start_training,
    "find_training": find_training,
    "stop_training": stop_training,
    "await_training": await_training,
    "judge": judge,
    "check_endpoint": check_endpoint,
    "train": train,
    "serve": serve,
}


@pytest.mark.parametrize(
    ("role", "permission"),
    [(role, permission) for role, entries in NEEDED.items() for permission in entries],
)
def test_permission_is_needed(stage: Stage, role: str, permission: str) -> None:
    operation = NEEDED[role][permission]
    stage.works(operation)
    with stage.without(role, permission), pytest.raises(RefusedError):
        OPERATIONS[operation](stage)


@dataclass(frozen=True)
class Probe:
    """One request for something that only some roles may have, and that changes nothing.

    Attributes
    ----------
    permission
        What allows it.
    service, operation, arguments
        The request, in boto3's words.
    """

    permission: str
    service: str
    operation: str
    arguments: dict[str, Any]


def table_probes(label_of_table: str, name: str, key: dict[str, Any]) -> Iterator[Probe]:
    """Read, and write under a condition that never holds."""
    (attribute,) = key
    never = f"attribute_exists({attribute}) AND attribute_not_exists({attribute})"
    given: dict[str, dict[str, Any]] = {
        "get_item": {"Key": key},
        "put_item": {"Item": key, "ConditionExpression": never},
        "update_item": {"Key": key, "ConditionExpression": never},
        "delete_item": {"Key": key, "ConditionExpression": never},
        "scan": {"Limit": 1},
    }
    for operation, arguments in given.items():
        action = "".join(part.title() for part in operation.split("_"))
        permission = f"dynamodb:{action} on {label_of_table}"
        yield Probe(permission, "dynamodb", operation, {"TableName": name, **arguments})


def bucket_probes(label_of_bucket: str, bucket: str) -> Iterator[Probe]:
    """List, read and write below every prefix."""
    for prefix in PREFIXES:
        key = f"{prefix}/probe"
        where = {"Bucket": bucket, "Key": key}
        yield Probe(
            f"s3:ListBucket on {label_of_bucket} if {prefix}",
            *("s3", "list_objects_v2", {"Bucket": bucket, "Prefix": f"{prefix}/"}),
        )
        yield Probe(f"s3:GetObject on {label_of_bucket}/{key}", "s3", "get_object", where)
        yield Probe(f"s3:PutObject on {label_of_bucket}/{key}", "s3", "put_object", where)
        yield Probe(f"s3:DeleteObject on {label_of_bucket}/{key}", "s3", "delete_object", where)


def probes(stage: Stage) -> Iterator[Probe]:
    """Yield every probe."""
    physical = stage.physical
    yield from table_probes("FeedbackTable", physical["FeedbackTable"], {"ID": {"S": "probe"}})
    yield from table_probes("TallyTable", physical["TallyTable"], {"Shard": {"N": "-1"}})
    idempotency = physical["IdempotencyTable"]
    yield from table_probes("IdempotencyTable", idempotency, {"id": {"S": "probe"}})
    yield from bucket_probes("StorageBucket", stage.application.outputs["BucketName"])
    yield from bucket_probes("AnotherBucket", ANOTHER_BUCKET)
    own = stage.application.outputs["EndpointName"]
    names = {"EndpointName": own, "ContentType": "text/csv", "Body": b"Mary"}
    other = {**names, "EndpointName": "another"}
    runtime, control = "sagemaker-runtime", "sagemaker"
    invoke, describe = "sagemaker:InvokeEndpoint on", "sagemaker:DescribeEndpoint on"
    yield Probe(f"{invoke} endpoint", runtime, "invoke_endpoint", names)
    yield Probe(f"{invoke} another endpoint", runtime, "invoke_endpoint", other)
    yield Probe(f"{describe} endpoint", control, "describe_endpoint", {"EndpointName": own})
    yield Probe(
        f"{describe} another endpoint", control, "describe_endpoint", {"EndpointName": "another"}
    )
    yield Probe(
        "sagemaker:DescribeTrainingJob on another training-job",
        *(control, "describe_training_job", {"TrainingJobName": "another"}),
    )
    function = physical["RestApiDeleteFeedbackFunction"]
    yield Probe(
        "lambda:InvokeFunction on RestApiDeleteFeedbackFunction",
        *("lambda", "invoke", {"FunctionName": function, "Payload": b"{}"}),
    )
    yield Probe("iam:ListRoles on *", "iam", "list_roles", {})
    yield Probe("logs:DescribeLogGroups on *", "logs", "describe_log_groups", {})
    text = {"TextList": ["Good."], "LanguageCode": "en"}
    yield Probe(
        "comprehend:BatchDetectSentiment on *", "comprehend", "batch_detect_sentiment", text
    )


@pytest.fixture(scope="module", autouse=True)
def another_bucket(stage: Stage) -> Iterator[None]:
    """Create a bucket of the same account that is nobody's business."""
    s3 = stage.aws("s3")
    s3.create_bucket(Bucket=ANOTHER_BUCKET)
    yield
    for bucket in (ANOTHER_BUCKET, stage.application.outputs["BucketName"]):
        for prefix in PREFIXES:
            s3.delete_object(Bucket=bucket, Key=f"{prefix}/probe")
    s3.delete_bucket(Bucket=ANOTHER_BUCKET)


def allowed_of(asked: list[Probe], session: RoleCredentials, url: str) -> set[str]:
    """Send every probe with a session's keys; returns which were not refused."""

    @cache
    def client(service: str) -> Any:
        made: Any = boto3.session.Session(
            aws_access_key_id=session.access_key_id,
            aws_secret_access_key=session.secret_access_key,
            aws_session_token=session.session_token,
            region_name="us-east-1",
        )
        return made.client(service, endpoint_url=url, config=_NO_RETRIES)

    allowed = set()
    for probe in asked:
        try:
            getattr(client(probe.service), probe.operation)(**probe.arguments)
        except ClientError as error:
            if error.response["Error"]["Code"].startswith("AccessDenied"):
                continue
        allowed.add(probe.permission)
    return allowed


@pytest.mark.parametrize("role", list(NEEDED))
def test_role_is_refused_what_is_not_its_own(stage: Stage, role: str) -> None:
    granted = [
        (action, where)
        for template in stage.templates.values()
        for owner, permission in permissions(template)
        if owner == role
        for action, _, places in [permission.partition(" on ")]
        for where in places.split(", ")
    ]
    asked = list(probes(stage))
    expected = {
        probe.permission
        for probe in asked
        for action, _, place in [probe.permission.partition(" on ")]
        if any(action == one and fnmatchcase(place, where) for one, where in granted)
    }
    url = stage.application.settings.endpoint_url
    allowed = allowed_of(asked, stage.session(role), url)
    assert allowed == expected
    assert len(allowed) < len(asked) / 2
