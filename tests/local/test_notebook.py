from __future__ import annotations

import base64
import json

import pytest

from local import launcher, notebook
from tests.local.embedded_aws import EmbeddedAws
from tests.local.sagemaker.workbench import TRUST

_NAME = "lessons"


def _scripts(text: str) -> list[dict[str, str]]:
    return [{"Content": base64.b64encode(text.encode()).decode()}]


def test_an_instance_that_fails_is_told_of_in_a_sentence(
    embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = embedded_aws.settings
    monkeypatch.setattr(launcher, "up", lambda _settings: None)
    outputs = {f"{settings.stage_name}-Notebook": {"NotebookName": _NAME}}
    settings.outputs_file.write_text(json.dumps(outputs))
    role = embedded_aws.client("iam").create_role(
        RoleName=_NAME, AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    sagemaker = embedded_aws.client("sagemaker")
    lifecycle = {"NotebookInstanceLifecycleConfigName": _NAME}
    sagemaker.create_notebook_instance_lifecycle_config(**lifecycle, OnStart=_scripts("true"))
    instance = {"NotebookInstanceName": _NAME}
    sagemaker.create_notebook_instance(
        **instance, InstanceType="ml.t3.medium", RoleArn=role, LifecycleConfigName=_NAME
    )
    every_moment = {"Delay": 1, "MaxAttempts": 60}
    sagemaker.get_waiter("notebook_instance_in_service").wait(**instance, WaiterConfig=every_moment)
    sagemaker.stop_notebook_instance(**instance)
    sagemaker.get_waiter("notebook_instance_stopped").wait(**instance, WaiterConfig=every_moment)
    sagemaker.update_notebook_instance_lifecycle_config(**lifecycle, OnStart=_scripts("exit 3"))

    with pytest.raises(launcher.LauncherError, match=r"does not start.*failed with exit code 3"):
        notebook.open_notebook(settings)
    # Not stopped any more, but failed: it cannot be opened.
    with pytest.raises(launcher.LauncherError, match=r"^Status \(Failed\) not in"):
        notebook.open_notebook(settings)

    sagemaker.delete_notebook_instance(**instance)
    sagemaker.delete_notebook_instance_lifecycle_config(**lifecycle)
