"""CloudFormation's resource types of SageMaker.

Every handler blocks until the resource is what the template says, on a worker thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ministack.services.cloudformation import provisioners

from local import resource_types
from local.aws_api import Record, validation
from local.aws_api.callers import CloudFormationCaller
from local.aws_api.errors import ApiError
from local.sagemaker import kinds
from local.sagemaker.kinds import SERVICE, Kind

if TYPE_CHECKING:
    from local.resource_types import Provisioned
    from local.sagemaker.service import SageMaker

_LONGEST_NAME = 63
_CALLER = CloudFormationCaller()


def install(service: SageMaker) -> None:
    """Register the resource types with the emulator's CloudFormation."""
    for handlers in (
        _Handlers(
            kinds.MODEL,
            service,
            "Containers",
            "EnableNetworkIsolation",
            "ExecutionRoleArn",
            "InferenceExecutionConfig",
            "PrimaryContainer",
            "VpcConfig",
        ),
        _Handlers(
            kinds.ENDPOINT_CONFIG,
            service,
            "AsyncInferenceConfig",
            "DataCaptureConfig",
            "EnableNetworkIsolation",
            "ExecutionRoleArn",
            "ExplainerConfig",
            "KmsKeyId",
            "ProductionVariants",
            "ShadowProductionVariants",
            "VpcConfig",
        ),
        _EndpointHandlers(kinds.ENDPOINT, service),
        _NotebookHandlers(
            kinds.NOTEBOOK_INSTANCE,
            service,
            "DirectInternetAccess",
            "KmsKeyId",
            "PlatformIdentifier",
            "SecurityGroupIds",
            "SubnetId",
        ),
        _LifecycleHandlers(kinds.LIFECYCLE_CONFIG, service),
    ):
        handlers.register()


class _Handlers:
    """Handlers of one kind of resource; this class is enough for what cannot be changed.

    Parameters
    ----------
    kind
        The kind.
    service
        The local SageMaker.
    replacing
        Properties, other than the name, whose change replaces the resource.
    """

    def __init__(self, kind: Kind, service: SageMaker, *replacing: str) -> None:
        self._kind = kind
        self._service = service
        self._replacing = replacing

    def register(self) -> None:
        resource_types.register(
            f"AWS::SageMaker::{self._kind.type_name}",
            create=self.create,
            update=self.update,
            delete=self.delete,
            replacing=(self._kind.name_member, *self._replacing),
            name_property=self._kind.name_member,
            blocks=True,
        )

    def create(self, logical_id: str, properties: Record, stack: str) -> Provisioned:
        member = self._kind.name_member
        generated = provisioners._physical_name(stack, logical_id, max_len=_LONGEST_NAME)
        name = properties.get(member) or generated
        (arn,) = self._perform("Create", {**properties, member: name}).values()
        try:
            self.wait_until_usable(name)
        except RuntimeError:
            # CloudFormation deletes what it could not create; the name must be free again.
            self.delete(arn, properties)
            raise
        return arn, {member: name}

    def update(self, arn: str, old: Record, new: Record, _stack: str) -> Provisioned:
        name = self._name(arn)
        self._apply_tags(arn, old, new)
        self.change(name, _without_tags(old), _without_tags(new))
        return arn, {self._kind.name_member: name}

    def delete(self, arn: str, _properties: Record) -> None:
        try:
            self._perform("Delete", {self._kind.name_member: self._name(arn)})
        except ApiError as error:
            # Somebody deleted it by hand; for CloudFormation it is gone.
            if "Could not find" not in error.message:
                raise

    def wait_until_usable(self, _name: str) -> None:
        """Wait until a new resource can be used; raises RuntimeError if it never can."""

    def change(self, name: str, old: Record, new: Record) -> None:
        """Bring a resource from its old properties, without the tags, to the new ones."""

    def _perform(self, verb: str, properties: Record) -> Record:
        operation = f"{verb}{self._kind.type_name}"
        request = validation.coerce(SERVICE, operation, properties)
        return self._service.perform(operation, request, _CALLER)

    def _name(self, arn: str) -> str:
        """Name in its own spelling, of which the ARN has the lower case."""
        lowered = arn.rpartition("/")[2]
        member = self._kind.name_member
        names = [record[member] for record in self._service.store.records(self._kind)]
        return next((name for name in names if name.lower() == lowered.lower()), lowered)

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


class _EndpointHandlers(_Handlers):
    """Endpoints swap their servers in place; a failed swap fails the update."""

    def create(self, logical_id: str, properties: Record, stack: str) -> Provisioned:
        return super().create(logical_id, _of_api(properties), stack)

    def wait_until_usable(self, name: str) -> None:
        endpoint = self._service.endpoints.find(name)
        self._service.endpoints.wait(endpoint)
        if endpoint["EndpointStatus"] != "InService":
            raise RuntimeError(f"Endpoint {name} failed: {endpoint.get('FailureReason')}")

    def change(self, name: str, old: Record, new: Record) -> None:
        if new == {member: value for member, value in old.items() if member in new}:
            return
        endpoint = self._service.endpoints.find(name)
        # It may be coming back after a restart of the emulator.
        self._service.endpoints.wait(endpoint)
        self._perform("Update", {**new, "EndpointName": name})
        self._service.endpoints.wait(endpoint)
        if endpoint["EndpointConfigName"] != new["EndpointConfigName"]:
            raise RuntimeError(
                f"Endpoint {name} was not updated and serves on with "
                f"{endpoint['EndpointConfigName']}: {endpoint.get('FailureReason')}"
            )


class _NotebookHandlers(_Handlers):
    """Notebook instances are stopped to be changed or deleted."""

    def wait_until_usable(self, name: str) -> None:
        instance = self._service.notebook_instances.find(name)
        self._service.notebook_instances.wait(instance)
        if instance["NotebookInstanceStatus"] != "InService":
            raise RuntimeError(f"Notebook {name} failed: {instance.get('FailureReason')}")

    def change(self, name: str, old: Record, new: Record) -> None:
        changed = {member: value for member, value in new.items() if old.get(member) != value}
        for member in ("LifecycleConfigName", "DefaultCodeRepository"):
            if member in old and member not in new:
                changed[f"Disassociate{member.removesuffix('Name')}"] = True
        if not changed:
            return
        self._stop(name)
        try:
            self._perform("Update", {**changed, "NotebookInstanceName": name})
        finally:
            self._perform("Start", {"NotebookInstanceName": name})
        self.wait_until_usable(name)

    def delete(self, arn: str, properties: Record) -> None:
        name = self._name(arn)
        if name in self._service.store.table(self._kind):
            self._stop(name)
        super().delete(arn, properties)

    def _stop(self, name: str) -> None:
        instance = self._service.notebook_instances.find(name)
        self._service.notebook_instances.wait(instance)
        if instance["NotebookInstanceStatus"] == "InService":
            self._perform("Stop", {"NotebookInstanceName": name})
            self._service.notebook_instances.wait(instance)


class _LifecycleHandlers(_Handlers):
    """Lifecycle configurations are changed in place."""

    def change(self, name: str, _old: Record, new: Record) -> None:
        scripts = {key: value for key, value in new.items() if key in ("OnCreate", "OnStart")}
        self._perform("Update", {**scripts, "NotebookInstanceLifecycleConfigName": name})


def _without_tags(properties: Record) -> Record:
    return {member: value for member, value in properties.items() if member != "Tags"}


def _of_api(endpoint: Record) -> Record:
    """Leave out what only CloudFormation knows of an endpoint."""
    own = ("Retain", "ExcludeRetained")
    return {member: value for member, value in endpoint.items() if not member.startswith(own)}
