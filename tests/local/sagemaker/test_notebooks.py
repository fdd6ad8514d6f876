"""Notebook instances and lifecycle configurations over the API."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.workbench import Workbench, new_repository, statement, wait_for


def test_an_instance_through_its_life(shared: Workbench) -> None:
    sagemaker, name = shared.sagemaker, shared.name("notebook")
    script = base64.b64encode(b"#!/bin/bash\necho hello\n").decode()
    sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=f"{name}-lifecycle", OnStart=[{"Content": script}]
    )
    sagemaker.create_notebook_instance(
        NotebookInstanceName=name,
        InstanceType="ml.m4.xlarge",
        RoleArn=shared.role,
        LifecycleConfigName=f"{name}-lifecycle",
        Tags=[{"Key": "a", "Value": "b"}],
    )
    settled(shared, name, "InService")
    with pytest.raises(ClientError, match="it is used by"):
        sagemaker.delete_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=f"{name}-lifecycle"
        )
    with pytest.raises(ClientError, match="Unable to transition"):
        sagemaker.delete_notebook_instance(NotebookInstanceName=name)
    with pytest.raises(ClientError, match="Unable to transition"):
        sagemaker.update_notebook_instance(NotebookInstanceName=name, VolumeSizeInGB=10)

    sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    settled(shared, name, "Stopped")
    sagemaker.update_notebook_instance(
        NotebookInstanceName=name, VolumeSizeInGB=10, DisassociateLifecycleConfig=True
    )
    sagemaker.start_notebook_instance(NotebookInstanceName=name)
    settled(shared, name, "InService")
    described = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    assert (described["NotebookInstanceStatus"], described["VolumeSizeInGB"]) == ("InService", 10)
    assert "NotebookInstanceLifecycleConfigName" not in described
    listed = sagemaker.list_notebook_instances(NameContains=name, StatusEquals="InService")
    assert [item["NotebookInstanceName"] for item in listed["NotebookInstances"]] == [name]

    sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    settled(shared, name, "Stopped")
    with pytest.raises(ClientError, match="Unable to transition"):
        sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)
    sagemaker.delete_notebook_instance(NotebookInstanceName=name)
    sagemaker.delete_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=f"{name}-lifecycle"
    )
    with pytest.raises(ClientError, match="Could not find notebook instance"):
        sagemaker.describe_notebook_instance(NotebookInstanceName=name)


def test_failing_script_fails_the_instance_with_the_reason_and_the_log(shared: Workbench) -> None:
    sagemaker, name = shared.sagemaker, shared.name("notebook")
    script = b"#!/bin/bash\necho whoever reads this; touch /etc/never && exit 0; exit 3\n"
    sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name,
        OnStart=[{"Content": base64.b64encode(script).decode()}],
    )
    sagemaker.create_notebook_instance(
        NotebookInstanceName=name,
        InstanceType="ml.t3.medium",
        RoleArn=shared.role,
        LifecycleConfigName=name,
    )
    failed = settled(shared, name, "Failed")
    assert "failed with exit code 3" in failed["FailureReason"]
    assert f"{name}/LifecycleConfigOnStart" in failed["FailureReason"]
    events = shared.logs.get_log_events(
        logGroupName="/aws/sagemaker/NotebookInstances",
        logStreamName=f"{name}/LifecycleConfigOnStart",
    )["events"]
    lines = [event["message"] for event in events]
    assert lines[0] == "whoever reads this"
    assert "Read-only file system" in lines[1]
    sagemaker.delete_notebook_instance(NotebookInstanceName=name)
    sagemaker.delete_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName=name)


def settled(shared: Workbench, name: str, status: str) -> dict[str, Any]:
    """Wait for a status and describe the instance."""

    def described() -> dict[str, Any] | None:
        instance: dict[str, Any] = shared.sagemaker.describe_notebook_instance(
            NotebookInstanceName=name
        )
        return instance if instance["NotebookInstanceStatus"] == status else None

    found: dict[str, Any] = wait_for(described, f"a notebook instance that is {status}")
    return found


def test_what_aws_refuses_is_refused(shared: Workbench) -> None:
    name = shared.name("notebook")
    with pytest.raises(ClientError, match="enum value set"):
        shared.sagemaker.create_notebook_instance(
            NotebookInstanceName=name, InstanceType="ml.m5.large", RoleArn=shared.role
        )
    with pytest.raises(ClientError, match="Could not find notebook instance lifecycle config"):
        shared.sagemaker.create_notebook_instance(
            NotebookInstanceName=name,
            InstanceType="ml.t3.medium",
            RoleArn=shared.role,
            LifecycleConfigName="never-was",
        )
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:notebook-instance/{name}"
    creator = shared.client_of("sagemaker", [statement("sagemaker:CreateNotebookInstance", arn)])
    with pytest.raises(ClientError, match="iam:PassRole"):
        creator.create_notebook_instance(
            NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=shared.role
        )
    with pytest.raises(ClientError, match="not base64"):
        shared.sagemaker.create_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=name, OnCreate=[{"Content": "====x"}]
        )


def test_named_repository_is_cloned_once_before_the_scripts_run(shared: Workbench) -> None:
    sagemaker, name = shared.sagemaker, shared.name("notebook")
    home = shared.emulator.folder
    origin = new_repository(home / "origin" / "lessons.git", {"1.ipynb": "a lesson"})
    # What the user's own git would do for this address, it does here.
    (home / ".gitconfig").write_text(
        f'[url "file://{origin.parent}/"]\n\tinsteadOf = https://git.example/\n'
    )
    script = b"""
set -e
cd /home/ec2-user/SageMaker/lessons
cat 1.ipynb
echo ", changed" >> 1.ipynb
"""
    sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name,
        OnStart=[{"Content": base64.b64encode(script).decode()}],
    )
    identity = {"NotebookInstanceName": name}
    common = {"InstanceType": "ml.t3.medium", "RoleArn": shared.role}
    sagemaker.create_notebook_instance(
        **identity,
        **common,
        LifecycleConfigName=name,
        DefaultCodeRepository="https://git.example/lessons.git",
    )
    settled(shared, name, "InService")
    sagemaker.stop_notebook_instance(**identity)
    settled(shared, name, "Stopped")
    sagemaker.start_notebook_instance(**identity)
    settled(shared, name, "InService")
    events = shared.logs.get_log_events(
        logGroupName="/aws/sagemaker/NotebookInstances",
        logStreamName=f"{name}/LifecycleConfigOnStart",
    )["events"]
    assert [event["message"] for event in events] == ["a lesson", "a lesson, changed"]


def test_repository_that_cannot_be_cloned_fails_the_instance_in_gits_words(
    shared: Workbench,
) -> None:
    name = shared.name("notebook")
    common = {"InstanceType": "ml.t3.medium", "RoleArn": shared.role}
    repository = "https://127.0.0.1:1/team/never-was.git"
    shared.sagemaker.create_notebook_instance(
        NotebookInstanceName=name, **common, DefaultCodeRepository=repository
    )
    reason = settled(shared, name, "Failed")["FailureReason"]
    assert reason.startswith(f"{repository} cannot be cloned: fatal: unable to access")
    shared.sagemaker.delete_notebook_instance(NotebookInstanceName=name)
    with pytest.raises(ClientError, match="by its https:// URL"):
        shared.sagemaker.create_notebook_instance(
            NotebookInstanceName=name, **common, DefaultCodeRepository="registered-repository"
        )
