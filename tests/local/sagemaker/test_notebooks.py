"""Notebook instances and lifecycle configurations over the API."""

from __future__ import annotations

import base64

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.workbench import Workbench, statement


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
    sagemaker.get_waiter("notebook_instance_in_service").wait(NotebookInstanceName=name)
    with pytest.raises(ClientError, match="it is used by"):
        sagemaker.delete_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=f"{name}-lifecycle"
        )
    with pytest.raises(ClientError, match="Unable to transition"):
        sagemaker.delete_notebook_instance(NotebookInstanceName=name)
    with pytest.raises(ClientError, match="Unable to transition"):
        sagemaker.update_notebook_instance(NotebookInstanceName=name, VolumeSizeInGB=10)

    sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    sagemaker.update_notebook_instance(
        NotebookInstanceName=name, VolumeSizeInGB=10, DisassociateLifecycleConfig=True
    )
    sagemaker.start_notebook_instance(NotebookInstanceName=name)
    described = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    assert (described["NotebookInstanceStatus"], described["VolumeSizeInGB"]) == ("InService", 10)
    assert "NotebookInstanceLifecycleConfigName" not in described
    listed = sagemaker.list_notebook_instances(NameContains=name, StatusEquals="InService")
    assert [item["NotebookInstanceName"] for item in listed["NotebookInstances"]] == [name]
    with pytest.raises(ClientError, match="CreatePresignedNotebookInstanceUrl"):
        sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)

    sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    sagemaker.delete_notebook_instance(NotebookInstanceName=name)
    sagemaker.delete_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=f"{name}-lifecycle"
    )
    with pytest.raises(ClientError, match="Could not find notebook instance"):
        sagemaker.describe_notebook_instance(NotebookInstanceName=name)


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
