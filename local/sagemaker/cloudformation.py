"""CloudFormation's resource types of SageMaker.

Every handler blocks until the resource is what the template says, on a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

from local.sagemaker import validation
from local.sagemaker.errors import ApiError
from local.sagemaker.roles import CloudFormationCaller
from local.sagemaker.service import SageMaker
from local.sagemaker.store import Record

Provisioned = tuple[str, dict[str, Any]]

MODEL = "AWS::SageMaker::Model"
ENDPOINT_CONFIG = "AWS::SageMaker::EndpointConfig"
ENDPOINT = "AWS::SageMaker::Endpoint"
NOTEBOOK_INSTANCE = "AWS::SageMaker::NotebookInstance"
LIFECYCLE_CONFIG = "AWS::SageMaker::NotebookInstanceLifecycleConfig"

_NAME_PROPERTY = {
    MODEL: "ModelName",
    ENDPOINT_CONFIG: "EndpointConfigName",
    ENDPOINT: "EndpointName",
    NOTEBOOK_INSTANCE: "NotebookInstanceName",
    LIFECYCLE_CONFIG: "NotebookInstanceLifecycleConfigName",
}
_LONGEST_NAME = 63
# Properties whose change replaces the resource; Models and EndpointConfigs cannot be changed.
_REPLACING = {
    MODEL: (
        "Containers",
        "EnableNetworkIsolation",
        "ExecutionRoleArn",
        "InferenceExecutionConfig",
        "ModelName",
        "PrimaryContainer",
        "VpcConfig",
    ),
    ENDPOINT_CONFIG: (
        "AsyncInferenceConfig",
        "DataCaptureConfig",
        "EnableNetworkIsolation",
        "EndpointConfigName",
        "ExecutionRoleArn",
        "ExplainerConfig",
        "KmsKeyId",
        "ProductionVariants",
        "ShadowProductionVariants",
        "VpcConfig",
    ),
    ENDPOINT: ("EndpointName",),
    NOTEBOOK_INSTANCE: (
        "DirectInternetAccess",
        "KmsKeyId",
        "NotebookInstanceName",
        "PlatformIdentifier",
        "SecurityGroupIds",
        "SubnetId",
    ),
    LIFECYCLE_CONFIG: ("NotebookInstanceLifecycleConfigName",),
}
_CALLER = CloudFormationCaller()


def install(service: SageMaker) -> None:
    """Register the resource types with the emulator's CloudFormation."""
    types = SageMakerTypes(service)
    handlers = {
        MODEL: (types.create_model, None, types.delete_model),
        ENDPOINT_CONFIG: (types.create_endpoint_config, None, types.delete_endpoint_config),
        ENDPOINT: (types.create_endpoint, types.update_endpoint, types.delete_endpoint),
        NOTEBOOK_INSTANCE: (
            types.create_notebook_instance,
            types.update_notebook_instance,
            types.delete_notebook_instance,
        ),
        LIFECYCLE_CONFIG: (
            types.create_lifecycle_config,
            types.update_lifecycle_config,
            types.delete_lifecycle_config,
        ),
    }
    for resource_type, (create, update, delete) in handlers.items():
        register_type(
            resource_type,
            create,
            update or types.update_tags,
            delete,
            replacing=_REPLACING[resource_type],
            name_property=_NAME_PROPERTY[resource_type],
        )


def register_type(
    resource_type: str,
    create: Callable[[str, Record, str], Provisioned],
    update: Callable[[str, Record, Record, str], Provisioned],
    delete: Callable[[str, Record], None],
    *,
    replacing: tuple[str, ...],
    name_property: str | None = None,
) -> None:
    """Register one resource type whose handlers block.

    Parameters
    ----------
    resource_type
        Type as a template names it.
    create, update, delete
        ministack's handlers.
    replacing
        Properties whose change replaces the resource.
    name_property
        Property that holds a name of the user's own: such a resource cannot be replaced.
    """
    provisioners._RESOURCE_HANDLERS[resource_type] = {
        "create": create,
        "update": update,
        "delete": delete,
    }
    provisioners._REPLACING_PROPERTIES[resource_type] = replacing
    if name_property is not None:
        provisioners._CUSTOM_NAME_REPLACEMENT[resource_type] = {"name": name_property}
        provisioners._STACK_TAG_PROPERTY[resource_type] = ("Tags", "list")
    original = stacks._runs_on_worker_thread

    def runs_on_worker_thread(candidate: str) -> bool:
        return candidate == resource_type or bool(original(candidate))

    stacks._runs_on_worker_thread = runs_on_worker_thread


class SageMakerTypes:
    """Handlers of the resource types.

    Parameters
    ----------
    service
        The local SageMaker.
    """

    def __init__(self, service: SageMaker) -> None:
        self._service = service

    def create_model(self, logical_id: str, properties: Record, stack: str) -> Provisioned:
        """Create a model."""
        return self._create(MODEL, "CreateModel", logical_id, properties, stack)

    def delete_model(self, physical_id: str, _properties: Record) -> None:
        """Delete a model."""
        self._delete("DeleteModel", {"ModelName": _name(physical_id)})

    def create_endpoint_config(
        self, logical_id: str, properties: Record, stack: str
    ) -> Provisioned:
        """Create an endpoint configuration."""
        return self._create(ENDPOINT_CONFIG, "CreateEndpointConfig", logical_id, properties, stack)

    def delete_endpoint_config(self, physical_id: str, _properties: Record) -> None:
        """Delete an endpoint configuration."""
        self._delete("DeleteEndpointConfig", {"EndpointConfigName": _name(physical_id)})

    def create_endpoint(self, logical_id: str, properties: Record, stack: str) -> Provisioned:
        """Create an endpoint and wait until it is in service."""
        wanted = {
            key: value
            for key, value in properties.items()
            if not key.startswith(("Retain", "ExcludeRetained"))
        }
        created = self._create(ENDPOINT, "CreateEndpoint", logical_id, wanted, stack)
        name = created[1]["EndpointName"]
        endpoint = self._service.endpoints.find(name)
        self._service.endpoints.wait(endpoint)
        if endpoint["EndpointStatus"] != "InService":
            # CloudFormation deletes what it could not create; the name must be free again.
            self._delete("DeleteEndpoint", {"EndpointName": name})
            raise RuntimeError(f"Endpoint {name} failed: {endpoint.get('FailureReason')}")
        return created

    def update_endpoint(
        self, physical_id: str, old: Record, new: Record, _stack: str
    ) -> Provisioned:
        """Change an endpoint in place and wait; a failed swap fails the update."""
        name = self._real_name("endpoint", physical_id)
        endpoint = self._service.endpoints.find(name)
        self._apply_tags(physical_id, old, new)
        wanted = {key: value for key, value in new.items() if key not in ("EndpointName", "Tags")}
        previous = {key: value for key, value in old.items() if key in wanted}
        if wanted != previous:
            # It may be coming back after a restart of the emulator.
            self._service.endpoints.wait(endpoint)
            request = self._request("UpdateEndpoint", {**wanted, "EndpointName": name})
            self._service.perform("UpdateEndpoint", request, _CALLER)
            self._service.endpoints.wait(endpoint)
            if endpoint["EndpointConfigName"] != request["EndpointConfigName"]:
                raise RuntimeError(
                    f"Endpoint {name} was not updated and serves on with "
                    f"{endpoint['EndpointConfigName']}: {endpoint.get('FailureReason')}"
                )
        return physical_id, {"EndpointName": name}

    def delete_endpoint(self, physical_id: str, _properties: Record) -> None:
        """Delete an endpoint."""
        self._delete("DeleteEndpoint", {"EndpointName": _name(physical_id)})

    def create_notebook_instance(
        self, logical_id: str, properties: Record, stack: str
    ) -> Provisioned:
        """Create a notebook instance and wait until it is in service."""
        created = self._create(
            NOTEBOOK_INSTANCE, "CreateNotebookInstance", logical_id, properties, stack
        )
        name = created[1]["NotebookInstanceName"]
        try:
            self._wait_for_notebook(name)
        except RuntimeError:
            # CloudFormation deletes what it could not create; the name must be free again.
            self._delete("DeleteNotebookInstance", {"NotebookInstanceName": name})
            raise
        return created

    def update_notebook_instance(
        self, physical_id: str, old: Record, new: Record, _stack: str
    ) -> Provisioned:
        """Stop, change and start a notebook instance."""
        name = self._real_name("notebook-instance", physical_id)
        self._apply_tags(physical_id, old, new)
        changed = {
            key: value
            for key, value in new.items()
            if key not in ("Tags", "NotebookInstanceName") and old.get(key) != value
        }
        for member in ("LifecycleConfigName", "DefaultCodeRepository"):
            if member in old and member not in new:
                changed[f"Disassociate{member.removesuffix('Name')}"] = True
        if changed:
            identity = {"NotebookInstanceName": name}
            request = self._request("UpdateNotebookInstance", {**identity, **changed})
            self._stop_notebook(name)
            try:
                self._service.perform("UpdateNotebookInstance", request, _CALLER)
            finally:
                self._service.perform("StartNotebookInstance", identity, _CALLER)
            self._wait_for_notebook(name)
        return physical_id, {"NotebookInstanceName": name}

    def delete_notebook_instance(self, physical_id: str, _properties: Record) -> None:
        """Stop and delete a notebook instance."""
        name = self._real_name("notebook-instance", physical_id)
        if name in self._service.store.table("notebook-instance"):
            self._stop_notebook(name)
        self._delete("DeleteNotebookInstance", {"NotebookInstanceName": name})

    def _wait_for_notebook(self, name: str) -> None:
        instance = self._service.notebook_instances.find(name)
        self._service.notebook_instances.wait(instance)
        if instance["NotebookInstanceStatus"] != "InService":
            raise RuntimeError(f"Notebook {name} failed: {instance.get('FailureReason')}")

    def _stop_notebook(self, name: str) -> None:
        instance = self._service.notebook_instances.find(name)
        self._service.notebook_instances.wait(instance)
        if instance["NotebookInstanceStatus"] == "InService":
            identity = {"NotebookInstanceName": name}
            self._service.perform("StopNotebookInstance", identity, _CALLER)
            self._service.notebook_instances.wait(instance)

    def create_lifecycle_config(
        self, logical_id: str, properties: Record, stack: str
    ) -> Provisioned:
        """Create a lifecycle configuration."""
        return self._create(
            LIFECYCLE_CONFIG,
            "CreateNotebookInstanceLifecycleConfig",
            logical_id,
            properties,
            stack,
        )

    def update_lifecycle_config(
        self, physical_id: str, old: Record, new: Record, _stack: str
    ) -> Provisioned:
        """Change a lifecycle configuration."""
        name = self._real_name("notebook-instance-lifecycle-config", physical_id)
        self._apply_tags(physical_id, old, new)
        scripts = {key: value for key, value in new.items() if key in ("OnCreate", "OnStart")}
        request = {**scripts, "NotebookInstanceLifecycleConfigName": name}
        self._service.perform("UpdateNotebookInstanceLifecycleConfig", request, _CALLER)
        return physical_id, {"NotebookInstanceLifecycleConfigName": name}

    def delete_lifecycle_config(self, physical_id: str, _properties: Record) -> None:
        """Delete a lifecycle configuration."""
        self._delete(
            "DeleteNotebookInstanceLifecycleConfig",
            {"NotebookInstanceLifecycleConfigName": _name(physical_id)},
        )

    def update_tags(self, physical_id: str, old: Record, new: Record, _stack: str) -> Provisioned:
        """Change the tags of a resource that has nothing else to change."""
        self._apply_tags(physical_id, old, new)
        kind = physical_id.split(":", 5)[-1].partition("/")[0]
        member = {"model": "ModelName", "endpoint-config": "EndpointConfigName"}[kind]
        return physical_id, {member: self._real_name(kind, physical_id)}

    def _create(
        self,
        resource_type: str,
        operation: str,
        logical_id: str,
        properties: Record,
        stack: str,
    ) -> Provisioned:
        member = _NAME_PROPERTY[resource_type]
        generated = provisioners._physical_name(stack, logical_id, max_len=_LONGEST_NAME)
        name = properties.get(member) or generated
        request = self._request(operation, {**properties, member: name})
        answer = self._service.perform(operation, request, _CALLER)
        (arn,) = answer.values()
        return arn, {member: name}

    def _request(self, operation: str, properties: Mapping[str, Any]) -> Record:
        shape = validation.service_model("sagemaker").operation_model(operation).input_shape
        request: Record = validation.coerce(shape, dict(properties))
        return request

    def _delete(self, operation: str, identity: dict[str, str]) -> None:
        try:
            self._service.perform(operation, self._exact(identity), _CALLER)
        except ApiError as error:
            # Somebody deleted it by hand; for CloudFormation it is gone.
            if "Could not find" not in error.message:
                raise

    def _exact(self, identity: dict[str, str]) -> dict[str, str]:
        """Put the real spelling of a name in the place of the ARN's lower case."""
        kinds = {
            "ModelName": "model",
            "EndpointConfigName": "endpoint-config",
            "EndpointName": "endpoint",
            "NotebookInstanceName": "notebook-instance",
            "NotebookInstanceLifecycleConfigName": "notebook-instance-lifecycle-config",
        }
        return {member: self._spelled(kinds[member], name) for member, name in identity.items()}

    def _real_name(self, kind: str, physical_id: str) -> str:
        return self._spelled(kind, _name(physical_id))

    def _spelled(self, kind: str, name: str) -> str:
        return next(
            (known for known in self._service.store.table(kind) if known.lower() == name.lower()),
            name,
        )

    def _apply_tags(self, arn: str, old: Record, new: Record) -> None:
        before = {tag["Key"]: tag["Value"] for tag in old.get("Tags", [])}
        after = {tag["Key"]: tag["Value"] for tag in new.get("Tags", [])}
        gone = sorted(set(before) - set(after))
        if gone:
            request: Record = {"ResourceArn": arn, "TagKeys": gone}
            self._service.perform("DeleteTags", request, _CALLER)
        if after and after != before:
            tags = [{"Key": key, "Value": value} for key, value in after.items()]
            self._service.perform("AddTags", {"ResourceArn": arn, "Tags": tags}, _CALLER)


def _name(physical_id: str) -> str:
    return physical_id.rpartition("/")[2]
