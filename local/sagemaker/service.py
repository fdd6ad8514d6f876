"""The local SageMaker as one service: its parts, its operations, its state, its end."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local import processes
from local.aws_api import Record, callers, context
from local.aws_api.callers import Caller
from local.aws_api.json_service import EmulatorAnswer, JsonService, Operation
from local.sagemaker.containers import Containers, PlayedContainers
from local.sagemaker.endpoint_configs import EndpointConfigs
from local.sagemaker.endpoint_runner import EndpointRunner
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.engine_containers import EngineContainers
from local.sagemaker.invocations import Invocations
from local.sagemaker.kinds import SERVICE, named_arn
from local.sagemaker.models import Models
from local.sagemaker.notebook_runner import NotebookRunner
from local.sagemaker.notebooks import LifecycleConfigs, NotebookInstances
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Store
from local.sagemaker.subprocesses import ProcessTable
from local.sagemaker.tags import Tags
from local.sagemaker.training_jobs import TrainingJobs
from local.sagemaker.transform_jobs import TransformJobs


class SageMaker(JsonService):
    """Control plane and data plane of SageMaker.

    Parameters
    ----------
    settings
        Surroundings.
    """

    def __init__(self, settings: SageMakerSettings) -> None:
        super().__init__(SERVICE, "SageMaker")
        self._settings = settings
        self.store = Store(self.lock)
        self._processes = ProcessTable(settings.state_folder)
        atexit.register(self.close)
        _remove_leftovers(settings.work_folder.parent)
        settings.work_folder.mkdir(parents=True)
        containers: Containers = (
            PlayedContainers(self._processes)
            if settings.engine is None
            else EngineContainers(settings.engine, self._processes, settings.state_folder)
        )
        self._endpoint_runner = EndpointRunner(settings, self.store, containers)
        self._notebook_runner = NotebookRunner(settings, self.store, self._processes)
        self._training_jobs = TrainingJobs(settings, self.store, containers)
        self._models = Models(self.store)
        self._transform_jobs = TransformJobs(settings, self.store, self._models, containers)
        self._endpoint_configs = EndpointConfigs(self.store, self._models)
        self.endpoints = Endpoints(self.store, self._endpoint_configs, self._endpoint_runner)
        self._lifecycle_configs = LifecycleConfigs(self.store)
        self.notebook_instances = NotebookInstances(
            self.store, self._lifecycle_configs, self._notebook_runner
        )
        self._tags = Tags(self.store)
        self._invocations = Invocations(self.store, self._endpoint_runner)

    async def handle_request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query_params: Mapping[str, Any],
    ) -> EmulatorAnswer:
        """Answer a request of either endpoint, ``sagemaker`` or ``sagemaker-runtime``."""
        if "x-amz-target" not in headers and self._invocations.handles(path):
            answer = await context.run_in_thread(
                lambda: self._invocations.invoke(path, headers, body), "sagemaker-invocation"
            )
            return answer.status, dict(answer.headers), answer.body
        return await super().handle_request(method, path, headers, body, query_params)

    def check(self, operation: str, request: Record, caller: Caller) -> None:
        """Refuse tags at creation to whoever may not tag."""
        if request.get("Tags") and operation.startswith("Create"):
            callers.require(caller, "sagemaker:AddTags", named_arn(operation, request))

    def operations(self) -> Mapping[str, Operation]:
        """Return what is implemented, by name."""
        jobs, transforms = self._training_jobs, self._transform_jobs
        models, configs, endpoints = self._models, self._endpoint_configs, self.endpoints
        instances, lifecycles = self.notebook_instances, self._lifecycle_configs
        tags = self._tags
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

    def close(self) -> None:
        """End every process and remove what they worked on."""
        self._processes.close()
        shutil.rmtree(self._settings.work_folder, ignore_errors=True)

    def get_state(self) -> dict[str, Any]:
        """State for the emulator to save."""
        return {"records": self.store.export_state()}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Take over a saved state: interrupted jobs fail, endpoints are served again."""
        self.store.import_state(state.get("records", {}))
        self._training_jobs.end_interrupted()
        self._transform_jobs.end_interrupted()
        self.notebook_instances.end_interrupted()
        self.endpoints.restore()

    def reset(self) -> None:
        """Forget everything and end all processes."""
        self._endpoint_runner.remove_all()
        self._notebook_runner.remove_all()
        self.store.clear()
        self._processes.end_all()


def _remove_leftovers(folder: Path) -> None:
    """Remove the work folders of emulators that are gone."""
    for leftover in folder.glob("emulator-*"):
        if not processes.is_running(int(leftover.name.removeprefix("emulator-"))):
            shutil.rmtree(leftover, ignore_errors=True)
