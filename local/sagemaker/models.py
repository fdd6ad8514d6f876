"""Operations on models."""

from __future__ import annotations

from local.sagemaker import artifacts, emulator, listing, roles, validation
from local.sagemaker.errors import could_not_find, validation_error
from local.sagemaker.roles import Caller
from local.sagemaker.store import Record, Store, now

_KIND = "model"


class Models:
    """Control plane of models."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: Record, caller: Caller) -> Record:
        """CreateModel."""
        name, arn = request["ModelName"], emulator.arn(_KIND, request["ModelName"])
        containers = _containers(request)
        role_arn = request.get("ExecutionRoleArn")
        if role_arn is None:
            raise validation_error("ExecutionRoleArn is required.")
        roles.require_role(caller, role_arn)
        if name in self._store.table(_KIND):
            raise validation_error(f'Cannot create already existing model "{arn}".')
        self._check_artifacts(role_arn, containers)
        record = {
            **{key: value for key, value in request.items() if key != "Tags"},
            "_Arn": arn,
            "ModelArn": arn,
            "CreationTime": now(),
        }
        record.setdefault("EnableNetworkIsolation", False)
        with self._store.lock:
            self._store.table(_KIND)[name] = record
            self._store.set_tags(arn, request.get("Tags"))
        return {"ModelArn": arn}

    def describe(self, request: Record, _caller: Caller) -> Record:
        """DescribeModel."""
        return self.find(request["ModelName"])

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """ListModels."""
        records = listing.select(self._store.table(_KIND).values(), request, name="ModelName")
        found, more = listing.page(records, request, 10)
        shape = validation.service_model("sagemaker").shape_for("ModelSummary")
        return {"Models": [validation.project(shape, model) for model in found], **more}

    def delete(self, request: Record, _caller: Caller) -> Record:
        """DeleteModel."""
        self.find(request["ModelName"])
        self._store.remove(_KIND, request["ModelName"])
        return {}

    def find(self, name: str) -> Record:
        """Find the record of a model.

        Raises
        ------
        ApiError
            If there is none.
        """
        model = self._store.table(_KIND).get(name)
        if model is None:
            raise could_not_find("model", emulator.arn(_KIND, name))
        return model

    def _check_artifacts(self, role_arn: str, containers: list[Record]) -> None:
        """Refuse a model whose artifact the role cannot read, as CreateModel does on AWS."""
        credentials = roles.open_session(role_arn)
        try:
            s3 = artifacts.client("s3", credentials, emulator.region())
            for container in containers:
                uri = container.get("ModelDataUrl")
                if uri and not artifacts.exists(s3, uri):
                    raise validation_error(
                        f"Could not access model data at {uri}. Please ensure that the role "
                        f'"{role_arn}" exists and that its trust relationship policy allows the '
                        'action "sts:AssumeRole" for the service principal '
                        '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" '
                        f"permissions and that the object is located in {emulator.region()}."
                    )
        except artifacts.ArtifactError as error:
            raise validation_error(str(error)) from error
        finally:
            emulator.forget_session(credentials)


def _containers(request: Record) -> list[Record]:
    primary, several = request.get("PrimaryContainer"), request.get("Containers")
    if (primary is None) == (several is None):
        raise validation_error("Specify either PrimaryContainer or Containers, and not both.")
    containers: list[Record] = [primary] if primary is not None else several or []
    if len(containers) != 1:
        raise validation_error(
            "The embedded SageMaker serves models of one container; inference pipelines are not "
            "implemented."
        )
    for container in containers:
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
    return containers
