"""Which contract each container image speaks, and how a subprocess keeps it.

Without an engine no image is pulled or run. An image URI names a contract between SageMaker and a
program, and `training_contract` and `hosting_contract` know how to start that program on this
machine:

- ``tensorflow-training`` and its siblings: script mode of the toolkit ``sagemaker-training``;
- ``sagemaker-scikit-learn``: handlers ``model_fn``, ``input_fn``, ``predict_fn``, ``output_fn``;
- an image in the account's own registry: its entry point with ``train`` or ``serve``, on the files
  that were pushed.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from local.sagemaker import artifacts, registry
from local.sagemaker.settings import SageMakerSettings

Record = dict[str, Any]

_SCRIPT_MODE = ("tensorflow-training", "pytorch-training", "sagemaker-scikit-learn")
_HANDLERS = ("sagemaker-scikit-learn",)
_IMAGE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/(?P<name>[^:@]+)")
_EXCEPTION = re.compile(r"[\w.]*(Error|Exception|Interrupt|Exit)\b")
_HANDLER_HOST = Path(__file__).with_name("handler_host.py")
HOST_NAME = "algo-1"


class UnsupportedImageError(Exception):
    """No contract is known for an image, or a request goes beyond the known one."""


@dataclass(frozen=True)
class Program:
    """What stands in for a container's entry point."""

    command: list[str]
    environment: dict[str, str]
    folder: Path
    notices: tuple[str, ...] = ()
    """What the container's log shall say first."""
    image: str | None = None
    """Image in which an engine runs the command; None for a program of this machine."""
    entry_point: str | None = None
    """What an engine runs in the place of the image's own entry point."""


@dataclass(frozen=True)
class Failure:
    """What a container that failed reports."""

    text: str
    exit_code: int


class Layout:
    """The folders that a container finds under ``/opt/ml``.

    Parameters
    ----------
    base
        What stands for ``/opt/ml``; the toolkits follow ``SAGEMAKER_BASE_DIR``.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        self.code = base / "code"
        self.model = base / "model"
        self.data = base / "input" / "data"
        self.configuration = base / "input" / "config"
        self.output = base / "output"
        self.output_data = self.output / "data"
        self.intermediate = self.output / "intermediate"
        self.failure = self.output / "failure"
        self.temporary = base.parent / "tmp"

    def create(self) -> None:
        """Create the folders."""
        for folder in (
            self.code,
            self.model,
            self.data,
            self.configuration,
            self.output_data,
            self.intermediate,
        ):
            folder.mkdir(parents=True, exist_ok=True)


class TrainingContract(Protocol):
    """How an image's training program is started."""

    def prepare(self, job: Record, layout: Layout, fetch: Callable[[str], bytes], /) -> Program:
        """Lay out what the program needs and describe how to start it."""

    def failure(self, program: Program, exit_code: int, last_lines: list[str], /) -> Failure:
        """Describe a failure, for where the program left no failure file."""


class HostingContract(Protocol):
    """How an image's model server is started."""

    def prepare(
        self, container: Record, layout: Layout, fetch: Callable[[str], bytes], /
    ) -> Program:
        """Lay out what the server needs and describe how to start it."""


def training_contract(image: str, account: str, settings: SageMakerSettings) -> TrainingContract:
    """Contract of a training image.

    Raises
    ------
    UnsupportedImageError
        If the image is neither the account's own nor a framework image that is known here.
    """
    owner, name = _split(image)
    if owner == account:
        return _OwnTraining(settings)
    if name in _SCRIPT_MODE:
        return _ScriptMode(settings)
    raise UnsupportedImageError(
        f"the embedded SageMaker has no contract for the training image {image}; it knows images "
        f"in the account's own registry and {', '.join(_SCRIPT_MODE)}"
    )


def hosting_contract(image: str, account: str, settings: SageMakerSettings) -> HostingContract:
    """Contract of an inference image.

    Raises
    ------
    UnsupportedImageError
        If the image is neither the account's own nor a framework image that is known here.
    """
    owner, name = _split(image)
    if owner == account:
        return _OwnHosting(settings)
    if name in _HANDLERS:
        return _HandlerHosting(settings)
    raise UnsupportedImageError(
        f"the embedded SageMaker has no contract for the inference image {image}; it knows images "
        f"in the account's own registry and {', '.join(_HANDLERS)}"
    )


def _split(image: str) -> tuple[str, str]:
    match = _IMAGE.match(image)
    if match is None:
        return "", image
    return match["account"], match["name"]


class _OwnTraining:
    """The account's own image, started with the argument ``train``."""

    def __init__(self, settings: SageMakerSettings) -> None:
        self._settings = settings

    def prepare(self, job: Record, layout: Layout, _fetch: Callable[[str], bytes]) -> Program:
        specification = job["AlgorithmSpecification"]
        if "ContainerEntrypoint" in specification or "ContainerArguments" in specification:
            raise UnsupportedImageError(
                "the embedded SageMaker does not run ContainerEntrypoint or ContainerArguments"
            )
        image = specification["TrainingImage"]
        return _own_program(image, "train", job_environment(job), layout, self._settings)

    def failure(self, _program: Program, exit_code: int, last_lines: list[str]) -> Failure:
        return Failure("\n".join(last_lines), exit_code)


class _OwnHosting:
    """The account's own image, started with the argument ``serve``."""

    def __init__(self, settings: SageMakerSettings) -> None:
        self._settings = settings

    def prepare(self, container: Record, layout: Layout, _fetch: Callable[[str], bytes]) -> Program:
        environment: dict[str, str] = container.get("Environment", {})
        return _own_program(container["Image"], "serve", environment, layout, self._settings)


class _ScriptMode:
    """A framework image that runs the user's script, as ``sagemaker-training`` does."""

    def __init__(self, settings: SageMakerSettings) -> None:
        self._settings = settings

    def prepare(self, job: Record, layout: Layout, fetch: Callable[[str], bytes]) -> Program:
        parameters = {
            name: _decoded(value) for name, value in job.get("HyperParameters", {}).items()
        }
        script = parameters.get("sagemaker_program")
        source = parameters.get("sagemaker_submit_directory")
        if not script or not source:
            raise UnsupportedImageError(
                "a framework image needs the hyperparameters sagemaker_program and "
                "sagemaker_submit_directory"
            )
        try:
            artifacts.extract(fetch(str(source)), layout.code)
        except artifacts.ArtifactError as error:
            raise artifacts.ArtifactError(f"{source}: {error}") from error
        if not (layout.code / str(script)).is_file():
            raise UnsupportedImageError(f"{source} holds no file {script}")
        user_parameters = {
            name: value for name, value in parameters.items() if not name.startswith("sagemaker_")
        }
        arguments = _arguments(user_parameters)
        interpreter = str(self._settings.model_python)
        runner = ["/bin/sh"] if str(script).endswith(".sh") else [interpreter]
        environment = {
            **_toolkit_environment(job, layout, str(script), str(source), user_parameters),
            "SM_USER_ARGS": json.dumps(arguments),
            "PYTHONPATH": str(layout.code),
            **job_environment(job),
        }
        command = [*runner, str(script), *arguments]
        return Program(command, environment, layout.code, _notices(layout.code, interpreter))

    def failure(self, program: Program, exit_code: int, last_lines: list[str]) -> Failure:
        # As the toolkit: everything from the line that names the exception; its own exit code is
        # always 1.
        begin = next((n for n, line in enumerate(last_lines) if _EXCEPTION.match(line)), 0)
        message = "\n".join(last_lines[begin:])
        text = (
            f"ExecuteUserScriptError:\nExitCode {exit_code}\n"
            f'ErrorMessage "{message}"\nCommand "{" ".join(program.command)}"'
        )
        return Failure(text, 1)


class _HandlerHosting:
    """A framework image that serves the user's handler functions."""

    def __init__(self, settings: SageMakerSettings) -> None:
        self._settings = settings

    def prepare(self, container: Record, layout: Layout, fetch: Callable[[str], bytes]) -> Program:
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
            try:
                artifacts.extract(fetch(source), code)
            except artifacts.ArtifactError as error:
                raise artifacts.ArtifactError(f"{source}: {error}") from error
        elif source.removeprefix("file://").rstrip("/") == "/opt/ml/model/code":
            code = layout.model / "code"
        else:
            raise UnsupportedImageError(
                f"SAGEMAKER_SUBMIT_DIRECTORY is {source}; the embedded SageMaker knows s3:// "
                "addresses and /opt/ml/model/code"
            )
        script = script if script.endswith(".py") else f"{script}.py"
        if not (code / script).is_file():
            raise UnsupportedImageError(f"{source} holds no file {script}")
        environment["SAGEMAKER_PROGRAM"] = script
        environment["SAGEMAKER_SUBMIT_DIRECTORY"] = str(code)
        environment["PYTHONPATH"] = str(code)
        interpreter = str(self._settings.model_python)
        command = [interpreter, str(_HANDLER_HOST)]
        return Program(command, environment, code, _notices(code, interpreter))


def _notices(code: Path, interpreter: str) -> tuple[str, ...]:
    if not (code / "requirements.txt").is_file():
        return ()
    # The toolkits install them into the container; the interpreter here is not ours to change.
    return (f"requirements.txt is not installed; {interpreter} must have its packages already.",)


def _own_program(
    image: str,
    argument: str,
    environment: Mapping[str, str],
    layout: Layout,
    settings: SageMakerSettings,
) -> Program:
    """Run an image's entry point on the files that were pushed with it.

    What the image would have installed is the interpreter's here, so the Python that the
    entry point names is ours; the working folder is on its path, as ``python -m`` has it.
    """
    try:
        packed = registry.find(image)
    except registry.RegistryError as error:
        raise UnsupportedImageError(str(error)) from error
    root = layout.base.parent / "image"
    artifacts.extract(packed.layer, root)
    program, *arguments = packed.entry_point
    if not posixpath.basename(program).startswith("python"):
        raise UnsupportedImageError(
            f"{image} starts {program}; without an engine, only Python can be started"
        )
    folder = root / packed.working_folder.lstrip("/")
    return Program(
        [str(settings.model_python), *arguments, argument],
        {"PYTHONPATH": str(folder), **environment},
        folder,
    )


def job_environment(job: Record) -> dict[str, str]:
    """Return the variables that a training job asks for."""
    environment: dict[str, str] = job.get("Environment", {})
    return environment


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


def resource_configuration(job: Record) -> Record:
    """Content of ``input/config/resourceconfig.json``."""
    instance_type = job.get("ResourceConfig", {}).get("InstanceType", "ml.m5.large")
    return {
        "current_host": HOST_NAME,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": [HOST_NAME],
        "instance_groups": [
            {
                "instance_group_name": "homogeneousCluster",
                "instance_type": instance_type,
                "hosts": [HOST_NAME],
            }
        ],
        "network_interface_name": "lo",
    }


def input_data_configuration(job: Record) -> Record:
    """Content of ``input/config/inputdataconfig.json``."""
    configuration = {}
    for channel in job.get("InputDataConfig", []):
        source = channel["DataSource"].get("S3DataSource", {})
        entry = {
            "TrainingInputMode": channel.get("InputMode", "File"),
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        }
        if "ContentType" in channel:
            entry["ContentType"] = channel["ContentType"]
        configuration[channel["ChannelName"]] = entry
    return configuration
