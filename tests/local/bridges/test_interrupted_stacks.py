from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local import launcher
from local.bridges.interrupted_stacks import REASON, settle, settled_status
from tests.local.embedded_aws import EmbeddedAws, function_resources, settings_for
from tests.local.sagemaker.workbench import wait_for

_NEVER_ANSWERS = "def handler(event, context): return None"


@pytest.mark.parametrize(
    ("stored", "settled"),
    [
        ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("DELETE_IN_PROGRESS", "DELETE_FAILED"),
        ("REVIEW_IN_PROGRESS", "REVIEW_IN_PROGRESS"),
        ("CREATE_COMPLETE", "CREATE_COMPLETE"),
        ("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED"),
    ],
)
def test_only_operations_that_were_cut_short_are_settled(stored: str, settled: str) -> None:
    assert settled_status(stored) == settled


def test_an_interrupted_update_is_compared_with_its_previous_template() -> None:
    stack: dict[str, Any] = {
        "StackName": "api",
        "StackStatus": "UPDATE_IN_PROGRESS",
        "_template": {"Resources": {"Old": {}}},
        "_template_body": '{"Resources": {"New": {}}}',
    }

    settle(stack)

    assert stack["_template_body"] == '{"Resources": {"Old": {}}}'
    assert stack["StackStatusReason"] == REASON


def test_a_stack_that_waits_when_all_is_stopped_can_be_deleted_afterwards(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    resources = function_resources(_NEVER_ANSWERS) | {
        "Custom": {
            "Type": "Custom::Test",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}},
        }
    }
    try:
        aws = EmbeddedAws(settings, launcher.start_emulator(settings))
        cloudformation = aws.client("cloudformation")
        cloudformation.create_stack(
            StackName="waits", TemplateBody=_json(resources), Capabilities=["CAPABILITY_IAM"]
        )
        _wait_for_function(aws)

        launcher.stop_emulator(settings)
        launcher.start_emulator(settings)

        stack = aws.final_state("waits")
        assert stack.status == "ROLLBACK_COMPLETE"
    finally:
        launcher.stop_emulator(settings)


def _json(resources: dict[str, Any]) -> str:
    return json.dumps({"Resources": resources})


def _wait_for_function(aws: EmbeddedAws) -> None:
    logs = aws.client("logs")
    prefix = "/aws/lambda/waits"
    wait_for(
        lambda: logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"], "the function"
    )
