"""A running embedded AWS, as tests see it."""

from __future__ import annotations

import io
import json
import socket
import sys
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import launcher
from local.client_environment import make_client
from local.credentials import Credentials
from local.engine import Engine
from local.settings import LocalSettings

_FINAL_TIMEOUT_SECONDS = 60.0


def free_ports() -> int:
    """Number of a free port whose successor is free as well."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def settings_for(state_folder: Path, engine: Engine | None = None) -> LocalSettings:
    """Settings of an embedded AWS for tests, on free ports."""
    defaults = LocalSettings()

    def existing(interpreter: Path) -> Path:
        return interpreter if interpreter.exists() else Path(sys.executable)

    return LocalSettings(
        port=free_ports(),
        state_folder=state_folder,
        functions_python=existing(defaults.functions_python),
        model_python=existing(defaults.model_python),
        engine=engine,
    )


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack in a final state."""

    name: str
    status: str
    outputs: dict[str, str]
    events: list[dict[str, Any]]

    def reasons(self, logical_id: str) -> list[str]:
        """Reasons of the events of one resource."""
        return [
            event["ResourceStatusReason"]
            for event in self.events
            if event["LogicalResourceId"] == logical_id and event.get("ResourceStatusReason")
        ]


@dataclass(frozen=True)
class EmbeddedAws:
    """A running embedded AWS."""

    settings: LocalSettings
    credentials: Credentials

    def client(self, service: str) -> Any:
        """Boto3 client with the administrator's keys."""
        return make_client(self.settings, self.credentials, service)

    @contextmanager
    def user(self, *statements: Mapping[str, Any]) -> Iterator[Credentials]:
        """Have a user with these rights for the duration of a block, and yield the user's keys."""
        iam, name = self.client("iam"), f"test-{uuid.uuid4().hex[:8]}"
        iam.create_user(UserName=name)
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        try:
            yield Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        finally:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
            iam.delete_user_policy(UserName=name, PolicyName="rights")
            iam.delete_user(UserName=name)

    def create_stack(self, resources: Mapping[str, Any], outputs: Mapping[str, Any]) -> Stack:
        """Create a stack and wait for its final state, whichever it is."""
        name = f"test-{uuid.uuid4().hex[:8]}"
        self.client("cloudformation").create_stack(
            StackName=name,
            TemplateBody=_template(resources, outputs),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        return self.final_state(name)

    def update_stack(
        self, name: str, resources: Mapping[str, Any], outputs: Mapping[str, Any]
    ) -> Stack:
        """Update a stack and wait for its final state."""
        self.client("cloudformation").update_stack(
            StackName=name,
            TemplateBody=_template(resources, outputs),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        return self.final_state(name)

    def delete_stack(self, stack: Stack) -> Stack:
        """Delete a stack and wait for its final state."""
        cloudformation = self.client("cloudformation")
        arn = cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=stack.name)
        return self.final_state(arn)

    def final_state(self, name: str) -> Stack:
        """Wait until an operation on a stack has ended, and describe the stack."""
        cloudformation = self.client("cloudformation")
        deadline = time.monotonic() + _FINAL_TIMEOUT_SECONDS
        while True:
            description = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            if not description["StackStatus"].endswith("_IN_PROGRESS"):
                break
            assert time.monotonic() < deadline, description["StackStatus"]
            time.sleep(0.1)
        return Stack(
            name=description["StackName"],
            status=description["StackStatus"],
            outputs={
                output["OutputKey"]: output["OutputValue"]
                for output in description.get("Outputs", [])
            },
            events=cloudformation.describe_stack_events(StackName=name)["StackEvents"],
        )

    @contextmanager
    def stack(
        self, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None
    ) -> Iterator[Stack]:
        """Create a stack for the duration of a block."""
        created = self.create_stack(resources, outputs or {})
        try:
            assert created.status == "CREATE_COMPLETE", created.events
            yield created
        finally:
            self.delete_stack(created)

    def invoke(self, function_name: str, payload: object = None) -> Any:
        """Invoke a function and return what it returned."""
        response = self.client("lambda").invoke(
            FunctionName=function_name, Payload=json.dumps(payload).encode()
        )
        answer = json.loads(response["Payload"].read())
        assert "FunctionError" not in response, answer
        return answer


@contextmanager
def running(state_folder: Path) -> Iterator[EmbeddedAws]:
    """Run an embedded AWS for the duration of a block."""
    settings = settings_for(state_folder)
    try:
        yield EmbeddedAws(settings, launcher.start_emulator(settings))
    finally:
        launcher.stop_emulator(settings)


def function_resources(
    code: str, *, runtime: str = "python3.13", **properties: Any
) -> dict[str, Any]:
    """Template resources ``Role`` and ``Function`` with inline code (``index.handler``)."""
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Handler": "index.handler",
                "Runtime": runtime,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": code},
                "Timeout": 20,
                **properties,
            },
        },
    }


def rest_api_resources(integration: Mapping[str, Any], **method: Any) -> dict[str, Any]:
    """Template resources of a REST API with the method ``GET /item`` and the stage ``vocweb``."""
    return {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "test"}},
        "Item": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "PathPart": "item",
            },
        },
        "Method": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResourceId": {"Ref": "Item"},
                "HttpMethod": "GET",
                "AuthorizationType": "NONE",
                "Integration": dict(integration),
                **method,
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": "Method",
            "Properties": {"RestApiId": {"Ref": "Api"}},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": "vocweb",
            },
        },
    }


def proxy_integration() -> dict[str, Any]:
    """Integration of a method with the resource ``Function``."""
    return {
        "Type": "AWS_PROXY",
        "IntegrationHttpMethod": "POST",
        "Uri": {
            "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
            "${Function.Arn}/invocations"
        },
    }


def permission_for_api() -> dict[str, Any]:
    """Permission of API Gateway to invoke the resource ``Function``."""
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Fn::GetAtt": ["Function", "Arn"]},
            "Principal": "apigateway.amazonaws.com",
        },
    }


def zip_of(files: Mapping[str, str]) -> bytes:
    """Zip archive with the given texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _template(resources: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    return json.dumps(
        {
            "Resources": dict(resources),
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
    )
