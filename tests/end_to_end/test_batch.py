"""A large file of names, by an operator's command and by the state machine."""

from __future__ import annotations

import csv
import itertools
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from local.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Application

ROWS = 100_000
_WAIT_SECONDS = 300


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)
    return result


def command(application: Application, *arguments: str) -> dict[str, Any]:
    """Arguments of ``subprocess`` for ``make batch``."""
    return {
        "args": [sys.executable, "-m", "operations.batch", *arguments],
        "cwd": PROJECT_ROOT,
        "env": {
            **{name: value for name, value in os.environ.items() if name != "REGION"},
            "PYTHONPATH": "lambda",
            "LOCAL_AWS_PORT": str(application.settings.port),
            "LOCAL_STATE_FOLDER": str(application.settings.state_folder),
        },
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    }


def answers(application: Application) -> dict[str, Any]:
    """When each object below the prefix of answers was written, by key."""
    found = application.aws("s3").list_objects_v2(
        Bucket=application.outputs["BucketName"], Prefix="batch/inferred/"
    )
    return {entry["Key"]: entry["LastModified"] for entry in found.get("Contents", [])}


def write_names(path: Path) -> None:
    with (PROJECT_ROOT / "build" / "train" / "us.csv").open(encoding="utf-8") as file:
        known = [row["name"] for row in itertools.islice(csv.DictReader(file), ROWS // 4)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customer", "name", "note"])
        for number, name in enumerate(itertools.islice(itertools.cycle(known), ROWS)):
            writer.writerow([number, name, 'a "note",\nin two lines' if number % 97 == 0 else ""])


def test_a_batch_that_was_killed_goes_on_where_it_was(
    application: Application, tmp_path: Path
) -> None:
    customers = tmp_path / "customers.csv"
    write_names(customers)
    with subprocess.Popen(**command(application, str(customers))) as killed:
        wait_for(lambda: len(answers(application)) >= 2 or killed.poll() is not None, "chunks")
        killed.kill()
        output = killed.communicate()[0]
    assert f"on the embedded AWS at {application.settings.endpoint_url}" in output
    assert "names in 10 chunks" in output
    # The job would go on without the command: end it as well.
    sagemaker = application.aws("sagemaker")
    (job,) = sagemaker.list_transform_jobs(StatusEquals="InProgress")["TransformJobSummaries"]
    sagemaker.stop_transform_job(TransformJobName=job["TransformJobName"])
    wait_for(
        lambda: (
            sagemaker.describe_transform_job(TransformJobName=job["TransformJobName"])[
                "TransformJobStatus"
            ]
            == "Stopped"
        ),
        "the end of the job",
    )
    done = answers(application)
    assert 2 <= len(done) < 10
    assert not customers.with_name("customers.inferred.csv").exists()

    resumed = subprocess.run(**command(application, str(customers), "--remove"), check=False)

    assert resumed.returncode == 0, resumed.stdout
    assert f": {len(done)} of 10 chunks done" in resumed.stdout
    assert "100,000 rows" in resumed.stdout
    with (
        customers.open(encoding="utf-8", newline="") as file,
        customers.with_name("customers.inferred.csv").open(encoding="utf-8", newline="") as results,
    ):
        for sent, received in zip(csv.reader(file), csv.reader(results), strict=True):
            assert received[:3] == sent
            assert received[3] in {"F", "M", "U", "gender"}
    assert answers(application) == {}


def test_the_state_machine_does_the_same_beside_the_input(
    application: Application, tmp_path: Path
) -> None:
    stage = application.settings.stage_name
    outputs = tmp_path / "outputs.json"
    deployed = application.cdk(
        "deploy",
        f"{stage}/Batch",
        "--exclusively",
        "--require-approval",
        "never",
        "--outputs-file",
        str(outputs),
        "-c",
        "batch_state_machine=true",
    )
    assert deployed.returncode == 0, deployed.stdout
    machine = json.loads(outputs.read_text())[f"{stage}-Batch"]["BatchStateMachineArn"]
    s3, bucket = application.aws("s3"), application.outputs["BucketName"]
    s3.put_object(
        Bucket=bucket,
        Key="batch/files/customers.csv",
        Body=b"id;First Name\n1;Mary\n2\n3;Tom\n4;\n",
    )
    steps = application.aws("stepfunctions")
    execution = steps.start_execution(
        stateMachineArn=machine, input=json.dumps({"key": "batch/files/customers.csv"})
    )["executionArn"]
    ended = wait_for(
        lambda: (
            described
            if (described := steps.describe_execution(executionArn=execution))["status"]
            != "RUNNING"
            else None
        ),
        "the end of the execution",
    )

    assert ended["status"] == "SUCCEEDED", ended
    results = f"s3://{bucket}/batch/files/customers.inferred.csv"
    written = json.loads(ended["output"])
    assert (written["results"], written["rows"], written["bad_line_count"]) == (results, 4, 1)
    content = s3.get_object(Bucket=bucket, Key="batch/files/customers.inferred.csv")["Body"]
    rows = list(csv.reader(content.read().decode().splitlines(), delimiter=";"))
    assert rows[0] == ["id", "First Name", "gender", "probability_female", "reason"]
    assert [row[2] for row in rows[1:]] == ["F", "U", "M", "U"]
    assert answers(application) == {}
    removed = application.cdk(
        "destroy", f"{stage}/Batch", "--exclusively", "--force", "-c", "batch_state_machine=true"
    )
    assert removed.returncode == 0, removed.stdout
