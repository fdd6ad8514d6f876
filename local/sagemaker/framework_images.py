"""AWS's framework images, as programs of this machine keep their contracts.

- ``tensorflow-training`` and its siblings run the user's script, as the toolkit
  ``sagemaker-training`` does;
- ``sagemaker-scikit-learn`` serves the user's handlers ``model_fn``, ``input_fn``, ``predict_fn``
  and ``output_fn``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.aws_api import Record
from local.sagemaker import artifacts
from local.sagemaker.contracts import (
    BASE,
    HOST_NAME,
    Failure,
    Fetch,
    Layout,
    Program,
    UnsupportedImageError,
    input_data_configuration,
    job_environment,
    resource_configuration,
)

_EXCEPTION = re.compile(r"[\w.]*(Error|Exception|Interrupt|Exit)\b")
_HANDLER_HOST = Path(__file__).with_name("handler_host.py")


def script_mode(job: Record, layout: Layout, fetch: Fetch, *, python: Path) -> Program:
    """Unpack a job's script, and describe how the toolkit would start it.

    Parameters
    ----------
    job, layout, fetch
        As of every contract.
    python
        Interpreter that runs the script.
    """
    parameters = {name: _decoded(value) for name, value in job.get("HyperParameters", {}).items()}
    script = parameters.get("sagemaker_program")
    source = parameters.get("sagemaker_submit_directory")
    if not script or not source:
        raise UnsupportedImageError(
            "a framework image needs the hyperparameters sagemaker_program and "
            "sagemaker_submit_directory"
        )
    _unpack(str(source), layout.code, fetch)
    if not (layout.code / str(script)).is_file():
        raise UnsupportedImageError(f"{source} holds no file {script}")
    user_parameters = {
        name: value for name, value in parameters.items() if not name.startswith("sagemaker_")
    }
    arguments = _arguments(user_parameters)
    runner = "/bin/sh" if str(script).endswith(".sh") else str(python)
    environment = {
        **_toolkit_environment(job, layout, str(script), str(source), user_parameters),
        "SM_USER_ARGS": json.dumps(arguments),
        "PYTHONPATH": str(layout.code),
        **job_environment(job),
    }
    command = [runner, str(script), *arguments]
    return Program(
        command,
        environment,
        layout.code,
        _notices(layout.code, python),
        describe_failure=_as_toolkit,
    )


def _as_toolkit(program: Program, exit_code: int, last_lines: list[str]) -> Failure:
    """Describe a failure as the toolkit does, whose own exit code is always 1."""
    # Everything from the line that names the exception.
    begin = next((n for n, line in enumerate(last_lines) if _EXCEPTION.match(line)), 0)
    message = "\n".join(last_lines[begin:])
    text = (
        f"ExecuteUserScriptError:\nExitCode {exit_code}\n"
        f'ErrorMessage "{message}"\nCommand "{" ".join(program.command)}"'
    )
    return Failure(text, 1)


def handlers(container: Record, layout: Layout, fetch: Fetch, *, python: Path) -> Program:
    """Unpack a model's handlers, and describe the server that stands for the image's.

    Parameters
    ----------
    container, layout, fetch
        As of every contract.
    python
        Interpreter that runs the handlers.
    """
    environment: dict[str, str] = dict(container.get("Environment", {}))
    script = environment.get("SAGEMAKER_PROGRAM", "")
    source = environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    if not script or not source:
        raise UnsupportedImageError(
            "a framework image needs SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY in the "
            "container's environment"
        )
    if source.startswith("s3://"):
        code = layout.code
        _unpack(source, code, fetch)
    elif source.removeprefix("file://").rstrip("/") == f"{BASE}/model/code":
        code = layout.model / "code"
    else:
        raise UnsupportedImageError(
            f"SAGEMAKER_SUBMIT_DIRECTORY is {source}; the embedded SageMaker knows s3:// "
            f"addresses and {BASE}/model/code"
        )
    script = script if script.endswith(".py") else f"{script}.py"
    if not (code / script).is_file():
        raise UnsupportedImageError(f"{source} holds no file {script}")
    environment["SAGEMAKER_PROGRAM"] = script
    environment["SAGEMAKER_SUBMIT_DIRECTORY"] = str(code)
    environment["PYTHONPATH"] = str(code)
    command = [str(python), str(_HANDLER_HOST)]
    return Program(command, environment, code, _notices(code, python))


def _unpack(source: str, folder: Path, fetch: Fetch) -> None:
    try:
        artifacts.extract(fetch(source), folder)
    except artifacts.ArtifactError as error:
        raise artifacts.ArtifactError(f"{source}: {error}") from error


def _notices(code: Path, interpreter: Path) -> tuple[str, ...]:
    if not (code / "requirements.txt").is_file():
        return ()
    # The toolkits install them into the container; the interpreter here is not ours to change.
    return (f"requirements.txt is not installed; {interpreter} must have its packages already.",)


def _decoded(value: str) -> Any:
    """Read a hyperparameter as the toolkit does: JSON where it is JSON, text otherwise."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _arguments(parameters: Mapping[str, Any]) -> list[str]:
    arguments: list[str] = []
    for name in sorted(parameters):
        value = parameters[name]
        if isinstance(value, dict):
            value = ",".join(f"{key}={value[key]}" for key in sorted(value))
        arguments += [f"--{name}" if len(name) > 1 else f"-{name}", str(value)]
    return arguments


def _toolkit_environment(
    job: Record, layout: Layout, script: str, source: str, parameters: Mapping[str, Any]
) -> dict[str, str]:
    channels = {
        channel["ChannelName"]: str(layout.data / channel["ChannelName"])
        for channel in job.get("InputDataConfig", [])
    }
    resources = resource_configuration(job)
    instance_type = resources["current_instance_type"]
    values: dict[str, Any] = {
        "SM_HOSTS": [HOST_NAME],
        "SM_CURRENT_HOST": HOST_NAME,
        "SM_NETWORK_INTERFACE_NAME": resources["network_interface_name"],
        "SM_CURRENT_INSTANCE_TYPE": instance_type,
        "SM_CURRENT_INSTANCE_GROUP": "homogeneousCluster",
        "SM_NUM_CPUS": os.cpu_count() or 1,
        "SM_NUM_GPUS": 0,
        "SM_NUM_NEURONS": 0,
        "SM_LOG_LEVEL": 20,
        "SM_HPS": dict(parameters),
        "SM_USER_ENTRY_POINT": script,
        "SM_MODULE_NAME": script.removesuffix(".py"),
        "SM_MODULE_DIR": source,
        "SM_FRAMEWORK_PARAMS": {},
        "SM_RESOURCE_CONFIG": resources,
        "SM_INPUT_DATA_CONFIG": input_data_configuration(job),
        "SM_CHANNELS": sorted(channels),
        "SM_INPUT_DIR": str(layout.base / "input"),
        "SM_INPUT_CONFIG_DIR": str(layout.configuration),
        "SM_MODEL_DIR": str(layout.model),
        "SM_OUTPUT_DIR": str(layout.output),
        "SM_OUTPUT_DATA_DIR": str(layout.output_data),
        "SM_OUTPUT_INTERMEDIATE_DIR": str(layout.intermediate),
    }
    for name, folder in channels.items():
        values[f"SM_CHANNEL_{name.upper()}"] = folder
    for name, value in parameters.items():
        values[f"SM_HP_{name.upper()}"] = value
    values["SM_TRAINING_ENV"] = {
        name.removeprefix("SM_").lower(): value for name, value in values.items()
    }
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }
