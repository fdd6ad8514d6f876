"""Operations on models."""

from __future__ import annotations

from local.aws_api import Record, context
from local.aws_api.callers import Caller
from local.aws_api.errors import validation_error
from local.sagemaker import artifacts, kinds, roles
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.store import Store


class Models(ControlPlane):
    """Control plane of models."""

    def __init__(self, store: Store) -> None:
        super().__init__(kinds.MODEL, store)

    def create(self, request: Record, caller: Caller) -> Record:
        """CreateModel."""
        container = _container(request)
        role_arn = request.get("ExecutionRoleArn")
        if role_arn is None:
            raise validation_error("ExecutionRoleArn is required.")
        roles.require_role(caller, role_arn)
        record = self.new_record(request)
        if request["ModelName"] in self.table:
            raise self.taken(record["_Arn"])
        _check_artifact(role_arn, container)
        record.setdefault("EnableNetworkIsolation", False)
        return self.add(record, request)


def container_of(model: Record) -> Record:
    """Return the one container of a model."""
    container: Record = (model.get("Containers") or [model["PrimaryContainer"]])[0]
    return container


def _container(request: Record) -> Record:
    if ("PrimaryContainer" in request) == ("Containers" in request):
        raise validation_error("Specify either PrimaryContainer or Containers, and not both.")
    if len(request.get("Containers", [{}])) != 1:
        raise validation_error(
            "The embedded SageMaker serves models of one container; inference pipelines are not "
            "implemented."
        )
    container = container_of(request)
    if "ModelPackageName" in container or "Image" not in container:
        raise validation_error(
            "The embedded SageMaker needs the container's Image; model packages are not "
            "implemented."
        )
    for member in ("ModelDataSource", "MultiModelConfig"):
        if member in container:
            raise validation_error(f"The embedded SageMaker does not implement {member}.")
    if container.get("Mode", "SingleModel") != "SingleModel":
        raise validation_error("The embedded SageMaker does not implement MultiModel.")
    return container


def _check_artifact(role_arn: str, container: Record) -> None:
    """Refuse a model whose artifact the role cannot read, as CreateModel does on AWS."""
    uri = container.get("ModelDataUrl")
    if not uri:
        return
    with roles.session(role_arn) as credentials:
        s3 = artifacts.client("s3", credentials, context.region())
        try:
            readable = artifacts.exists(s3, uri)
        except artifacts.ArtifactError as error:
            raise validation_error(str(error)) from error
    if not readable:
        raise validation_error(
            f"Could not access model data at {uri}. Please ensure that the role "
            f'"{role_arn}" exists and that its trust relationship policy allows the '
            'action "sts:AssumeRole" for the service principal '
            '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" '
            f"permissions and that the object is located in {context.region()}."
        )
