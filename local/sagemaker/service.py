"""The local SageMaker as one service: dispatch, state, end."""

from __future__ import annotations

import atexit
import json
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local import processes
from local.sagemaker import emulator, resources, roles, validation
from local.sagemaker.containers import Containers, PlayedContainers
from local.sagemaker.endpoint_configs import EndpointConfigs
from local.sagemaker.endpoint_runner import EndpointRunner
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.engine_containers import EngineContainers
from local.sagemaker.errors import ApiError, not_implemented
from local.sagemaker.invocations import Invocations
from local.sagemaker.models import Models
from local.sagemaker.notebook_runner import NotebookRunner
from local.sagemaker.notebooks import LifecycleConfigs, NotebookInstances
from local.sagemaker.roles import Caller, SignedCaller
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Record, Store
from local.sagemaker.subprocesses import ProcessTable
from local.sagemaker.tags import Tags
from local.sagemaker.training_jobs import TrainingJobs
from local.sagemaker.training_runner import TrainingRunner
from local.sagemaker.transform_jobs import TransformJobs
from local.sagemaker.transform_runner import TransformRunner

logger = logging.getLogger("sagemaker")

Operation = Callable[[Record, Caller], Record]
EmulatorAnswer = tuple[int, dict[str, str], bytes]

_CONTENT_TYPE = "application/x-amz-json-1.1"


class SageMaker:
    """The service, with the interface that ministack expects of a service module.

    Parameters
    ----------
    settings
        Surroundings.
    """

    def __init__(self, settings: SageMakerSettings) -> None:
        self.settings = settings
        self.store = Store()
        self.processes = ProcessTable(settings.state_folder)
        atexit.register(self.close)
        _remove_leftovers(settings.work_folder.parent)
        settings.work_folder.mkdir(parents=True)
        containers: Containers = (
            PlayedContainers(self.processes)
            if settings.engine is None
            else EngineContainers(settings.engine, self.processes, settings.state_folder)
        )
        self.training_jobs = TrainingJobs(
            self.store, TrainingRunner(settings, self.store, containers)
        )
        self._endpoint_runner = EndpointRunner(settings, self.store, containers)
        self.models = Models(self.store)
        self.transform_jobs = TransformJobs(
            self.store, self.models, TransformRunner(settings, self.store, containers)
        )
        self.endpoint_configs = EndpointConfigs(self.store, self.models)
        self.endpoints = Endpoints(self.store, self.endpoint_configs, self._endpoint_runner)
        self._notebook_runner = NotebookRunner(settings, self.store, self.processes)
        self.notebook_instances = NotebookInstances(self.store, self._notebook_runner)
        self.lifecycle_configs = LifecycleConfigs(self.store)
        self.tags = Tags(self.store)
        self.invocations = Invocations(settings, self.store, self._endpoint_runner)
        self.operations = self._operations()

    async def handle_request(
        self,
        _method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        _query_params: Mapping[str, Any],
    ) -> EmulatorAnswer:
        """Answer a request of either endpoint, ``sagemaker`` or ``sagemaker-runtime``."""
        if "x-amz-target" not in headers and self.invocations.handles(path):
            answer = await emulator.run_in_thread(
                lambda: self.invocations.invoke(path, headers, body), "sagemaker-invocation"
            )
            return answer.status, dict(answer.headers), answer.body
        return await emulator.run_in_thread(
            lambda: self._control(headers, body), "sagemaker-request"
        )

    def perform(self, operation: str, request: object, caller: Caller) -> Record:
        """Check and perform one operation of the control plane.

        Raises
        ------
        ApiError
            Whatever AWS would refuse, and what is not implemented.
        """
        perform = self.operations.get(operation)
        if perform is None:
            raise not_implemented(operation or "(none named)")
        checked = validation.parse("sagemaker", operation, request)
        if checked.get("Tags") and operation.startswith("Create"):
            roles.require(caller, "sagemaker:AddTags", resources.named_arn(operation, checked))
        result = perform(checked, caller)
        with self.store.lock:
            # A copy: the record goes on changing while the answer is written out.
            return validation.answer("sagemaker", operation, json.loads(json.dumps(result)))

    def close(self) -> None:
        """End every process and remove what they worked on."""
        self.processes.close()
        shutil.rmtree(self.settings.work_folder, ignore_errors=True)

    def get_state(self) -> dict[str, Any]:
        """State for the emulator to save."""
        return {"records": self.store.export_state()}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Take over a saved state: interrupted jobs fail, endpoints are served again."""
        self.store.import_state(state.get("records", {}))
        self.training_jobs.end_interrupted()
        self.transform_jobs.end_interrupted()
        self.notebook_instances.end_interrupted()
        self.endpoints.restore()

    def reset(self) -> None:
        """Forget everything and end all processes."""
        self._endpoint_runner.remove_all()
        self._notebook_runner.remove_all()
        self.store.clear()
        self.processes.end_all()

    def _control(self, headers: Mapping[str, str], body: bytes) -> EmulatorAnswer:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            answer = self.perform(operation, _decoded(body), SignedCaller(headers))
        except ApiError as error:
            return _error_answer(error)
        except Exception as error:
            logger.exception("%s", operation)
            return _error_answer(ApiError("InternalFailure", str(error), 500))
        return 200, {"Content-Type": _CONTENT_TYPE}, json.dumps(answer).encode()

    def _operations(self) -> dict[str, Operation]:
        jobs, models, configs = self.training_jobs, self.models, self.endpoint_configs
        transforms = self.transform_jobs
        endpoints, tags = self.endpoints, self.tags
        instances, lifecycles = self.notebook_instances, self.lifecycle_configs
        return {
            "CreateTrainingJob": jobs.create,
            "DescribeTrainingJob": jobs.describe,
            "ListTrainingJobs": jobs.list_page,
            "StopTrainingJob": jobs.stop,
            "CreateTransformJob": transforms.create,
            "DescribeTransformJob": transforms.describe,
            "ListTransformJobs": transforms.list_page,
            "StopTransformJob": transforms.stop,
            "CreateModel": models.create,
            "DescribeModel": models.describe,
            "ListModels": models.list_page,
            "DeleteModel": models.delete,
            "CreateEndpointConfig": configs.create,
            "DescribeEndpointConfig": configs.describe,
            "ListEndpointConfigs": configs.list_page,
            "DeleteEndpointConfig": configs.delete,
            "CreateEndpoint": endpoints.create,
            "DescribeEndpoint": endpoints.describe,
            "UpdateEndpoint": endpoints.update,
            "ListEndpoints": endpoints.list_page,
            "DeleteEndpoint": endpoints.delete,
            "AddTags": tags.add,
            "ListTags": tags.list_page,
            "DeleteTags": tags.delete,
            "CreateNotebookInstance": instances.create,
            "DescribeNotebookInstance": instances.describe,
            "ListNotebookInstances": instances.list_page,
            "UpdateNotebookInstance": instances.update,
            "StartNotebookInstance": instances.start,
            "StopNotebookInstance": instances.stop,
            "CreatePresignedNotebookInstanceUrl": instances.open,
            "DeleteNotebookInstance": instances.delete,
            "CreateNotebookInstanceLifecycleConfig": lifecycles.create,
            "DescribeNotebookInstanceLifecycleConfig": lifecycles.describe,
            "ListNotebookInstanceLifecycleConfigs": lifecycles.list_page,
            "UpdateNotebookInstanceLifecycleConfig": lifecycles.update,
            "DeleteNotebookInstanceLifecycleConfig": lifecycles.delete,
        }


def _remove_leftovers(folder: Path) -> None:
    """Remove the work folders of emulators that are gone."""
    for leftover in folder.glob("emulator-*"):
        if not processes.is_running(int(leftover.name.removeprefix("emulator-"))):
            shutil.rmtree(leftover, ignore_errors=True)


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError("SerializationException", f"The body is no JSON: {error}") from error


def _error_answer(error: ApiError) -> EmulatorAnswer:
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return error.status, {"Content-Type": _CONTENT_TYPE, "x-amzn-errortype": error.code}, body
