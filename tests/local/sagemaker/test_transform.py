"""Batch transform: records of S3 objects through a model's container, and back to S3."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.workbench import (
    BUCKET,
    EXECUTION_STATEMENTS,
    Record,
    Workbench,
    archive,
    statement,
    wait_for,
)

HANDLERS = """
    import json, os
    def model_fn(folder):
        return None
    def input_fn(body, content_type):
        return body.decode().splitlines()
    def predict_fn(lines, model):
        if os.environ["SAGEMAKER_BATCH"] != "true":
            raise RuntimeError("no batch")
        return [json.dumps({"of": len(lines), **json.loads(line)}) for line in lines]
    def output_fn(lines, accept):
        return "\\n".join(lines).encode(), accept
"""


def run(bench: Workbench, source: Record, **changes: Any) -> Record:
    """Run a transform job to its end and describe it."""
    name = bench.name("transform")
    request: Record = {
        "TransformJobName": name,
        "ModelName": model(bench),
        "MaxPayloadInMB": 1,
        "TransformInput": {
            "DataSource": {"S3DataSource": source},
            "ContentType": "application/jsonlines",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": f"s3://{BUCKET}/inferred/{name}",
            "Accept": "application/jsonlines",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **changes,
    }
    bench.sagemaker.create_transform_job(**request)
    return ended(bench, name)


def ended(bench: Workbench, name: str) -> Record:
    def job() -> Record | None:
        found: Record = bench.sagemaker.describe_transform_job(TransformJobName=name)
        return None if found["TransformJobStatus"] in ("InProgress", "Stopping") else found

    found: Record = wait_for(job, f"the end of {name}")
    return found


def asked(bench: Workbench, name: str) -> int:
    """Count the requests that a job's model server has logged."""
    group = "/aws/sagemaker/TransformJobs"
    streams = bench.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name)
    return sum(
        "POST /invocations" in event["message"]
        for stream in streams["logStreams"]
        for event in bench.logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"]
        )["events"]
    )


def model(bench: Workbench, role: str = "") -> str:
    name = bench.name("batch-model")
    handlers = bench.put("code/lines.tar.gz", archive({"inference.py": HANDLERS}))
    described = bench.sagemaker.describe_model(ModelName=bench.model())
    container = described["PrimaryContainer"]
    container["Environment"]["SAGEMAKER_SUBMIT_DIRECTORY"] = handlers
    bench.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=role or bench.role, PrimaryContainer=container
    )
    return name


def prefix(bench: Workbench, objects: dict[str, bytes]) -> tuple[str, Record]:
    """Store objects below a prefix of their own; answer its URI, and it as a source."""
    folder = bench.name("batch")
    for name, content in objects.items():
        bench.put(f"{folder}/{name}", content)
    uri = f"s3://{BUCKET}/{folder}/"
    return uri, {"S3DataType": "S3Prefix", "S3Uri": uri}


def lines(numbers: range, filling: str = "") -> bytes:
    return b"".join(json.dumps({"n": n, "filling": filling}).encode() + b"\n" for n in numbers)


def results(bench: Workbench, job: Record, name: str) -> list[Record]:
    content = bench.get(f"{job['TransformOutput']['S3OutputPath']}/{name}.out")
    assert content.endswith(b"\n")
    return [json.loads(line) for line in content.splitlines()]


def test_lines_come_back_in_order_in_payloads_below_the_limit(shared: Workbench) -> None:
    _, source = prefix(
        shared, {"a.jsonl": lines(range(3000), "x" * 500), "deep/b.jsonl": lines(range(2))}
    )
    job = run(shared, source, MaxConcurrentTransforms=2)

    assert job["TransformJobStatus"] == "Completed"
    assert job["TransformEndTime"] >= job["TransformStartTime"] >= job["CreationTime"]
    answered = results(shared, job, "a.jsonl")
    assert [line["n"] for line in answered] == list(range(3000))
    # Some 1.6 MB: two payloads, each with as many records as fit.
    sizes = {line["of"] for line in answered}
    assert sum(sizes) == 3000
    assert len(sizes) == 2
    assert [line["n"] for line in results(shared, job, "deep/b.jsonl")] == [0, 1]
    listed = shared.sagemaker.list_transform_jobs(NameContains=job["TransformJobName"])
    (summary,) = listed["TransformJobSummaries"]
    assert summary["TransformJobStatus"] == "Completed"


def test_records_one_by_one_from_a_packed_object(shared: Workbench) -> None:
    _, source = prefix(shared, {"a.gz": gzip.compress(lines(range(3)))})
    job = run(
        shared,
        source,
        BatchStrategy="SingleRecord",
        TransformInput={
            "DataSource": {"S3DataSource": source},
            "ContentType": "application/jsonlines",
            "SplitType": "Line",
            "CompressionType": "Gzip",
        },
    )
    assert [(line["n"], line["of"]) for line in results(shared, job, "a.gz")] == [
        (0, 1),
        (1, 1),
        (2, 1),
    ]


def test_a_bad_object_fails_the_job_and_the_others_are_done(shared: Workbench) -> None:
    _, source = prefix(shared, {"a.jsonl": b'{"n": 1}\nno JSON\n', "b.jsonl": lines(range(2))})
    job = run(shared, source, ModelClientConfig={"InvocationsMaxRetries": 0})

    assert job["TransformJobStatus"] == "Failed"
    assert "1 of 2 objects could not be transformed" in job["FailureReason"]
    assert len(results(shared, job, "b.jsonl")) == 2
    with pytest.raises(ClientError, match="NoSuchKey"):
        results(shared, job, "a.jsonl")
    group = "/aws/sagemaker/TransformJobs"
    streams = shared.logs.describe_log_streams(
        logGroupName=group, logStreamNamePrefix=job["TransformJobName"]
    )["logStreams"]
    (stream,) = (s["logStreamName"] for s in streams if s["logStreamName"].endswith("data-log"))
    (event,) = shared.logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
    assert "a.jsonl: Bad HTTP status received from algorithm: 500" in event["message"]


def test_a_model_that_does_not_start_fails_the_job_and_names_its_log(shared: Workbench) -> None:
    broken = shared.put("code/broken.tar.gz", archive({"inference.py": "raise ValueError('no')"}))
    environment = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": broken}
    _, source = prefix(shared, {"a.jsonl": lines(range(1))})
    job = run(shared, source, ModelName=shared.model(Environment=environment))
    assert "CloudWatch logs, /aws/sagemaker/TransformJobs." in job["FailureReason"]


def test_broken_gzip_data_fails_its_object_alone(shared: Workbench) -> None:
    _, source = prefix(shared, {"a.gz": b"no gzip data", "b.gz": gzip.compress(lines(range(2)))})
    job = run(
        shared,
        source,
        TransformInput={
            "DataSource": {"S3DataSource": source},
            "ContentType": "application/jsonlines",
            "SplitType": "Line",
            "CompressionType": "Gzip",
        },
    )
    assert "1 of 2 objects could not be transformed" in job["FailureReason"]
    assert len(results(shared, job, "b.gz")) == 2


def test_a_manifest_names_the_objects(shared: Workbench) -> None:
    uri, _ = prefix(shared, {"a.jsonl": lines(range(1)), "b.jsonl": lines(range(2))})
    manifest = shared.put("manifests/one.json", json.dumps([{"prefix": uri}, "b.jsonl"]).encode())
    job = run(shared, {"S3DataType": "ManifestFile", "S3Uri": manifest})
    assert len(results(shared, job, "b.jsonl")) == 2
    with pytest.raises(ClientError, match="NoSuchKey"):
        results(shared, job, "a.jsonl")

    broken = shared.put("manifests/two.json", b'["b.jsonl"]')
    job = run(shared, {"S3DataType": "ManifestFile", "S3Uri": broken})
    assert "is no manifest such as" in job["FailureReason"]


def test_the_models_role_must_be_allowed_to_write(shared: Workbench) -> None:
    reading = statement(["s3:GetObject", "s3:ListBucket"], [f"arn:aws:s3:::{BUCKET}*"])
    role = shared.new_role([reading, *EXECUTION_STATEMENTS[1:]])
    _, source = prefix(shared, {"a.jsonl": lines(range(1))})
    job = run(shared, source, ModelName=model(shared, role))
    assert "1 of 1 objects could not be transformed" in job["FailureReason"]


@pytest.mark.parametrize("rest", [[{"n": 3}], []], ids=["in between", "at the last record"])
def test_a_job_that_is_stopped_leaves_no_half_object(
    shared: Workbench, tmp_path: Path, rest: list[Record]
) -> None:
    records = [{"n": 1}, {"hold": str(tmp_path)}, *rest]
    _, source = prefix(shared, {"a.jsonl": "\n".join(map(json.dumps, records)).encode()})
    name = shared.name("transform")
    shared.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=shared.model(),
        BatchStrategy="SingleRecord",
        TransformInput={
            "DataSource": {"S3DataSource": source},
            "ContentType": "application/json",
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/inferred/{name}"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    # The first record is answered, and the second one is under way.
    wait_for((tmp_path / "held").exists, "the second record")
    shared.sagemaker.stop_transform_job(TransformJobName=name)
    (tmp_path / "go").touch()
    job = ended(shared, name)
    assert job["TransformJobStatus"] == "Stopped"
    assert "TransformStartTime" in job
    assert asked(shared, name) == 2
    found = shared.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"inferred/{name}/")
    assert found["KeyCount"] == 0
    with pytest.raises(ClientError, match="in status Stopped"):
        shared.sagemaker.stop_transform_job(TransformJobName=name)


def test_what_cannot_be_done_is_refused(shared: Workbench) -> None:
    _, source = prefix(shared, {"a.jsonl": lines(range(1))})
    job = run(shared, source)
    with pytest.raises(ClientError, match="must be unique within an AWS account"):
        run(shared, source, TransformJobName=job["TransformJobName"])
    with pytest.raises(ClientError, match="Could not find model"):
        run(shared, source, ModelName="none-such")
    with pytest.raises(ClientError, match="must not exceed 100 MB"):
        run(shared, source, MaxPayloadInMB=60, MaxConcurrentTransforms=2)
    with pytest.raises(ClientError, match="does not implement DataProcessing"):
        run(shared, source, DataProcessing={"JoinSource": "Input"})
    with pytest.raises(ClientError, match="Could not find transform job"):
        shared.sagemaker.describe_transform_job(TransformJobName="none-such")
    empty = run(shared, {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/nothing/"})
    assert "No S3 objects found" in empty["FailureReason"]


def test_creating_a_job_takes_the_right_to_it(shared: Workbench) -> None:
    allowed = shared.client_of(
        "sagemaker",
        [
            statement(
                "sagemaker:CreateTransformJob",
                "arn:aws:sagemaker:us-east-1:000000000000:transform-job/mine-*",
            )
        ],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        allowed.create_transform_job(
            TransformJobName="other-1",
            ModelName="none-such",
            TransformInput={
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/p"}}
            },
            TransformOutput={"S3OutputPath": "s3://b/q"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
