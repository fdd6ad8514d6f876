"""Opens JupyterLab on the notebook instance of the embedded AWS."""

from __future__ import annotations

import webbrowser
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from local import credentials, deployment, launcher
from local.client_environment import make_client
from local.progress import Step, say
from local.settings import LocalSettings


def open_notebook(settings: LocalSettings) -> None:
    """Start and deploy what is not there yet, then show the address of JupyterLab.

    Raises
    ------
    local.launcher.LauncherError
        If nothing can be started, the environment has no notebook instance, or the instance does
        not start or open.
    local.deployment.DeploymentError
        If ``cdk`` fails.
    """
    launcher.up(settings)
    name = _notebook_name(settings)
    keys = credentials.load_or_create(settings.state_folder)
    try:
        url = _start(make_client(settings, keys, "sagemaker"), name)
    except ClientError as error:
        raise launcher.LauncherError(error.response["Error"]["Message"]) from error
    except WaiterError as error:
        reason = error.last_response.get("FailureReason", str(error))
        raise launcher.LauncherError(f"{name} does not start: {reason}") from error
    say(f"  JupyterLab  {url}")
    say("  The lessons are in nlp-workshop/notebooks. `make local-down` ends it.")
    webbrowser.open(url)


def _start(sagemaker: Any, name: str) -> str:
    """Start the instance, unless it runs, and its JupyterLab; answers JupyterLab's address."""
    described = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    if described["NotebookInstanceStatus"] == "Stopped":
        with Step(f"Starting {name}"):
            sagemaker.start_notebook_instance(NotebookInstanceName=name)
            waiter = sagemaker.get_waiter("notebook_instance_in_service")
            waiter.wait(NotebookInstanceName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    with Step("Starting JupyterLab"):
        answer = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)
    url: str = answer["AuthorizedUrl"]
    return url


def _notebook_name(settings: LocalSettings) -> str:
    name = deployment.read_outputs(settings).get("NotebookName")
    if name is None:
        raise launcher.LauncherError(
            f"the environment {settings.environment} has no notebook instance: its setting "
            "'notebook' in cdk.json is false"
        )
    return name
