from __future__ import annotations

from typing import Any

import pytest

from tests.local.embedded_aws import EmbeddedAws, function_resources

_RAISES = """
def handler(event, context):
    raise ValueError("the channel holds no usable row")
"""
_CANNOT_BE_LOADED = "import package_that_is_nowhere"
# As CDK's provider framework does: the resource is answered by a later invocation, after one
# that raised an error to say "not yet".
_ANSWERED_LATER = """
import json, urllib.request
import boto3

def answer(event):
    body = json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "done", "Data": {"Answer": "42"}})
    urllib.request.urlopen(
        urllib.request.Request(event["ResponseURL"], data=body.encode(), method="PUT")
    )

def handler(event, context):
    if event.pop("Asked", False):
        raise RuntimeError("not yet")
    if event.pop("Finished", False) or event["RequestType"] == "Delete":
        return answer(event)
    client = boto3.client("lambda")
    for step in ("Asked", "Finished"):
        client.invoke(
            FunctionName=context.function_name, Payload=json.dumps({**event, step: True})
        )
"""


def _resources(code: str) -> dict[str, Any]:
    resources = function_resources(code)
    resources["Role"]["Properties"]["Policies"] = [
        {
            "PolicyName": "invoke",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
                ],
            },
        }
    ]
    resources["Custom"] = {
        "Type": "Custom::Test",
        "Properties": {
            "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
            "ServiceTimeout": 3600,
        },
    }
    return resources


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (_RAISES, "the channel holds no usable row"),
        (_CANNOT_BE_LOADED, "package_that_is_nowhere"),
    ],
)
def test_a_crashing_function_fails_the_stack_with_its_error(
    embedded_aws: EmbeddedAws, code: str, message: str
) -> None:
    stack = embedded_aws.create_stack(_resources(code), {})

    assert stack.status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
    assert any(message in reason for reason in stack.reasons("Custom"))


def test_errors_of_other_invocations_with_the_same_event_fail_nothing(
    embedded_aws: EmbeddedAws,
) -> None:
    outputs = {"Answer": {"Fn::GetAtt": ["Custom", "Answer"]}}
    with embedded_aws.stack(_resources(_ANSWERED_LATER), outputs) as stack:
        assert stack.outputs["Answer"] == "42"
