from __future__ import annotations

from tests.local.embedded_aws import EmbeddedAws, function_resources
from tests.local.sagemaker.workbench import wait_for


def test_the_error_of_a_function_that_cannot_be_loaded_is_logged(
    embedded_aws: EmbeddedAws,
) -> None:
    resources = function_resources("import package_that_is_nowhere")
    with embedded_aws.stack(resources, {"Name": {"Ref": "Function"}}) as stack:
        name = stack.outputs["Name"]
        answer = embedded_aws.client("lambda").invoke(FunctionName=name)
        assert answer["FunctionError"]
        assert "package_that_is_nowhere" in _log(embedded_aws, f"/aws/lambda/{name}")


def _log(aws: EmbeddedAws, group: str) -> str:
    logs = aws.client("logs")
    events = wait_for(lambda: logs.filter_log_events(logGroupName=group)["events"], "the log")
    return "\n".join(event["message"] for event in events)
