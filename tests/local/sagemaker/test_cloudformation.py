"""SageMaker in CloudFormation: creation, replacement, swap, rollback, deletion."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.workbench import (
    BUCKET,
    HANDLER_IMAGE,
    Record,
    Workbench,
    archive,
    wait_for,
)


def model_stack(bench: Workbench, artifact: str, code: str = "code/handlers.tar.gz") -> Record:
    """Template of a model, its configuration, an endpoint, and its scaling."""
    variant = "AllTraffic"
    return {
        "Resources": {
            "Model": {
                "Type": "AWS::SageMaker::Model",
                "Properties": {
                    "ExecutionRoleArn": bench.role,
                    "PrimaryContainer": {
                        "Image": HANDLER_IMAGE,
                        "ModelDataUrl": f"s3://{BUCKET}/{artifact}",
                        "Environment": {
                            "SAGEMAKER_PROGRAM": "inference.py",
                            "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/{code}",
                        },
                    },
                },
            },
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {
                    "ProductionVariants": [
                        {
                            "VariantName": variant,
                            "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                            "InstanceType": "ml.m5.large",
                            # A template may carry numbers as strings.
                            "InitialInstanceCount": "1",
                            "InitialVariantWeight": 1,
                        }
                    ]
                },
            },
            "Endpoint": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {
                    "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                    "Tags": [{"Key": "project", "Value": "voc"}],
                },
            },
            "Target": {
                "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                "Properties": {
                    "ServiceNamespace": "sagemaker",
                    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                    "ResourceId": {
                        "Fn::Sub": f"endpoint/${{Endpoint.EndpointName}}/variant/{variant}"
                    },
                    "MinCapacity": 1,
                    "MaxCapacity": 3,
                },
            },
            "Policy": {
                "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
                "Properties": {
                    "PolicyName": "invocations",
                    "PolicyType": "TargetTrackingScaling",
                    "ScalingTargetId": {"Ref": "Target"},
                    "TargetTrackingScalingPolicyConfiguration": {
                        "TargetValue": 100,
                        "PredefinedMetricSpecification": {
                            "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                        },
                    },
                },
            },
        },
        "Outputs": {
            "EndpointName": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}},
            "EndpointArn": {"Value": {"Ref": "Endpoint"}},
            "ModelName": {"Value": {"Fn::GetAtt": ["Model", "ModelName"]}},
        },
    }


class Stack:
    """One stack of a test."""

    def __init__(self, bench: Workbench) -> None:
        self.name = bench.name("Stack")
        self._client = bench.emulator.client("cloudformation")

    def create(self, template: Record) -> str:
        self._client.create_stack(StackName=self.name, TemplateBody=json.dumps(template))
        return self._settled()

    def update(self, template: Record) -> str:
        self._client.update_stack(StackName=self.name, TemplateBody=json.dumps(template))
        return self._settled()

    def delete(self) -> None:
        self._client.delete_stack(StackName=self.name)
        wait_for(self._is_gone, "the end of the stack")

    def outputs(self) -> dict[str, str]:
        outputs = self._describe().get("Outputs", [])
        return {item["OutputKey"]: item["OutputValue"] for item in outputs}

    def reasons(self) -> str:
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason", "") for event in events)

    def _settled(self) -> str:
        status: str = wait_for(
            lambda: (
                (found := self._describe()["StackStatus"]).endswith(("COMPLETE", "FAILED"))
                and "CLEANUP" not in found
                and found
            ),
            "the stack",
        )
        return status

    def _describe(self) -> Record:
        stack: Record = self._client.describe_stacks(StackName=self.name)["Stacks"][0]
        return stack

    def _is_gone(self) -> bool:
        try:
            return bool(self._describe()["StackStatus"] == "DELETE_COMPLETE")
        except ClientError:
            return True


def test_a_stack_trains_traffic_over_and_rolls_back(shared: Workbench) -> None:
    stack = Stack(shared)
    assert stack.create(model_stack(shared, "models/one.tar.gz")) == "CREATE_COMPLETE", (
        stack.reasons()
    )
    outputs = stack.outputs()
    endpoint = outputs["EndpointName"]
    assert outputs["EndpointArn"].endswith(f":endpoint/{endpoint.lower()}")
    assert shared.invoke(endpoint, {})["model"] == "one"
    tags = shared.sagemaker.list_tags(ResourceArn=outputs["EndpointArn"])["Tags"]
    assert {"Key": "project", "Value": "voc"} in tags

    assert stack.update(model_stack(shared, "models/two.tar.gz")) == "UPDATE_COMPLETE", (
        stack.reasons()
    )
    assert stack.outputs()["EndpointName"] == endpoint
    new_model = stack.outputs()["ModelName"]
    assert new_model != outputs["ModelName"]
    assert shared.invoke(endpoint, {})["model"] == "two"
    with pytest.raises(ClientError, match="Could not find model"):
        shared.sagemaker.describe_model(ModelName=outputs["ModelName"])

    shared.put("code/broken.tar.gz", archive({"inference.py": "raise ValueError('no')"}))
    broken = model_stack(shared, "models/two.tar.gz", "code/broken.tar.gz")
    assert stack.update(broken) == "UPDATE_ROLLBACK_COMPLETE"
    assert "ValueError: no" in stack.reasons()
    assert shared.invoke(endpoint, {})["model"] == "two"
    assert stack.outputs()["ModelName"] == new_model
    names = [item["ModelName"] for item in shared.sagemaker.list_models(MaxResults=100)["Models"]]
    assert [name for name in names if name.startswith(stack.name)] == [new_model]

    stack.delete()
    with pytest.raises(ClientError, match="Could not find endpoint"):
        shared.sagemaker.describe_endpoint(EndpointName=endpoint)
    scaling = shared.emulator.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert not [target for target in targets if endpoint in target["ResourceId"]]


def test_a_failing_endpoint_rolls_the_creation_back(shared: Workbench) -> None:
    shared.put("code/broken.tar.gz", archive({"inference.py": "raise ValueError('no')"}))
    stack = Stack(shared)
    template = model_stack(shared, "models/one.tar.gz", "code/broken.tar.gz")
    assert stack.create(template) == "ROLLBACK_COMPLETE"
    assert "did not pass the ping health check" in stack.reasons()
    listed = shared.sagemaker.list_endpoints(NameContains=stack.name)["Endpoints"]
    assert listed == []


def test_an_unknown_property_is_refused(shared: Workbench) -> None:
    template = model_stack(shared, "models/one.tar.gz")
    template["Resources"]["Model"]["Properties"]["ModelDataUri"] = "s3://typo"
    stack = Stack(shared)
    assert stack.create(template) == "ROLLBACK_COMPLETE"
    assert "extraneous key [ModelDataUri] is not permitted" in stack.reasons()


def notebook_stack(bench: Workbench, name: str, script: str, instance_type: str) -> Record:
    """Template of a notebook instance with its lifecycle configuration."""
    content = base64.b64encode(script.encode()).decode()
    lifecycle: Any = {"Fn::GetAtt": ["Lifecycle", "NotebookInstanceLifecycleConfigName"]}
    return {
        "Resources": {
            "Lifecycle": {
                "Type": "AWS::SageMaker::NotebookInstanceLifecycleConfig",
                "Properties": {
                    "NotebookInstanceLifecycleConfigName": f"{name}-lifecycle",
                    "OnCreate": [{"Content": content}],
                },
            },
            "Notebook": {
                "Type": "AWS::SageMaker::NotebookInstance",
                "Properties": {
                    "NotebookInstanceName": name,
                    "InstanceType": instance_type,
                    "RoleArn": bench.role,
                    "LifecycleConfigName": lifecycle,
                    "PlatformIdentifier": "notebook-al2023-v1",
                    "VolumeSizeInGB": 5,
                },
            },
        },
        "Outputs": {
            "NotebookName": {"Value": {"Fn::GetAtt": ["Notebook", "NotebookInstanceName"]}}
        },
    }


def test_notebook_instance_with_its_lifecycle(shared: Workbench) -> None:
    stack, name = Stack(shared), shared.name("Notebook")
    template = notebook_stack(shared, name, "echo one", "ml.m4.xlarge")
    assert stack.create(template) == "CREATE_COMPLETE", stack.reasons()
    assert stack.outputs() == {"NotebookName": name}
    described = shared.sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    assert described["NotebookInstanceStatus"] == "InService"
    assert described["NotebookInstanceLifecycleConfigName"] == f"{name}-lifecycle"

    template = notebook_stack(shared, name, "echo two", "ml.t3.medium")
    assert stack.update(template) == "UPDATE_COMPLETE", stack.reasons()
    described = shared.sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    assert (described["InstanceType"], described["NotebookInstanceStatus"]) == (
        "ml.t3.medium",
        "InService",
    )
    lifecycle = shared.sagemaker.describe_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=f"{name}-lifecycle"
    )
    assert base64.b64decode(lifecycle["OnCreate"][0]["Content"]) == b"echo two"

    template = notebook_stack(shared, name, "x" * 20_000, "ml.t3.medium")
    assert stack.update(template) == "UPDATE_ROLLBACK_COMPLETE"
    assert "length less than or equal to 16384" in stack.reasons()

    stack.delete()
    with pytest.raises(ClientError, match="Could not find notebook instance"):
        shared.sagemaker.describe_notebook_instance(NotebookInstanceName=name)
