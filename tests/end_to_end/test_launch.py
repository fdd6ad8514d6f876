"""A published template, launched through CloudFormation without the CLI and without bootstrap."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from local.client_environment import make_client
from local.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from .conftest import Application

REGION = "us-west-2"
BUCKET = f"launch-test-{REGION}"


def publish(application: Application, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``make publish`` for one region, with the model that trains nothing."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "operations.launch_links", "launch-test", "--local"),
            *("--region", REGION, "--method", "pre-trained", *arguments),
        ],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "LOCAL_AWS_PORT": str(application.settings.port),
            "LOCAL_STATE_FOLDER": str(application.settings.state_folder),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_a_link_launches_the_application(application: Application) -> None:
    there = dataclasses.replace(application.settings, region=REGION)
    published = publish(application, "--readers", "111122223333")
    assert published.returncode == 0, published.stdout
    link = published.stdout.splitlines()[-1]
    (url,) = parse_qs(urlsplit(link).fragment.partition("?")[2])["templateURL"]

    cloudformation = make_client(there, application.credentials, "cloudformation")
    cloudformation.create_stack(
        StackName="launched", TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="launched", WaiterConfig={"Delay": 1, "MaxAttempts": 300}
    )
    (stack,) = cloudformation.describe_stacks(StackName="launched")["Stacks"]
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}
    # The path through which this machine reaches an API of the embedded AWS.
    api = urlsplit(outputs["ApiUrl"])
    launched = dataclasses.replace(
        application,
        api=f"{there.endpoint_url}/_aws/execute-api/{api.netloc.partition('.')[0]}"
        f"{api.path.rstrip('/')}",
    )
    feedback = {"FirstName": "Mary", "LastName": "Test", "Feedback": "Good."}
    status, entered = launched.call("POST", "/feedback", feedback)
    assert status == 200, entered
    assert launched.call("GET", f"/identifygender?Id={entered['ID']}") == (200, ["Mary - F"])

    # Published again: nothing new, and the bucket keeps what somebody allowed.
    assert "0 new files" in publish(application).stdout
    s3 = make_client(there, application.credentials, "s3")
    assert "arn:aws:iam::111122223333:root" in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    blocked = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert all(blocked.values())

    cloudformation.delete_stack(StackName="launched")
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack["StackId"], WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    # The bucket belongs to whoever publishes, not to the stack.
    versions = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET)
    for version in versions.search("Versions[]"):
        s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)
