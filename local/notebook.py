"""Opens JupyterLab on the notebook instance of the embedded AWS."""

from __future__ import annotations

import webbrowser

from local import credentials, deployment, launcher
from local.client_environment import make_client
from local.progress import Step, say
from local.settings import LocalSettings


def open_notebook(settings: LocalSettings) -> None:
    """Start and deploy what is not there yet, then show the address of JupyterLab.

    Raises
    ------
    local.launcher.LauncherError
        If nothing can be started, or the environment has no notebook instance.
    local.deployment.DeploymentError
        If ``cdk`` fails.
    """
    launcher.up(settings)
    name = _notebook_name(settings)
    keys = credentials.load_or_create(settings.state_folder)
    sagemaker = make_client(settings, keys, "sagemaker")
    described = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    if described["NotebookInstanceStatus"] == "Stopped":
        with Step(f"Starting {name}"):
            sagemaker.start_notebook_instance(NotebookInstanceName=name)
            waiter = sagemaker.get_waiter("notebook_instance_in_service")
            waiter.wait(NotebookInstanceName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    with Step("Starting JupyterLab"):
        url = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)
    say(f"  JupyterLab  {url['AuthorizedUrl']}")
    say("  The lessons are in nlp-workshop/notebooks. `make local-down` ends it.")
    webbrowser.open(url["AuthorizedUrl"])


def _notebook_name(settings: LocalSettings) -> str:
    name = deployment.read_outputs(settings).get("NotebookName")
    if name is None:
        raise launcher.LauncherError(
            f"the environment {settings.environment} has no notebook instance: its setting "
            "'notebook' in cdk.json is false"
        )
    return name
