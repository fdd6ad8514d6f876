"""Operations on endpoint configurations."""

from __future__ import annotations

from local.aws_api import Record
from local.aws_api.callers import Caller
from local.aws_api.errors import validation_error
from local.sagemaker import kinds
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.models import Models, container_of
from local.sagemaker.store import Store

_UNIMPLEMENTED = ("AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants")
_SERVERLESS_MEMORY_MB = range(1024, 6145, 1024)


class EndpointConfigs(ControlPlane):
    """Control plane of endpoint configurations."""

    def __init__(self, store: Store, models: Models) -> None:
        super().__init__(kinds.ENDPOINT_CONFIG, store)
        self._models = models

    def create(self, request: Record, _caller: Caller) -> Record:
        """CreateEndpointConfig."""
        for member in _UNIMPLEMENTED:
            if request.get(member):
                raise validation_error(f"The embedded SageMaker does not implement {member}.")
        variants = [self._variant(variant) for variant in request["ProductionVariants"]]
        _check_together(variants)
        return self.add({**self.new_record(request), "ProductionVariants": variants}, request)

    def deployment(self, name: str) -> Record:
        """Copy everything that an endpoint of this configuration runs.

        Models and configurations may be deleted while an endpoint that was made from them goes
        on serving.
        """
        variants = []
        for variant in self.find(name)["ProductionVariants"]:
            model = self._models.find(variant["ModelName"])
            variants.append(
                {
                    **variant,
                    "Container": container_of(model),
                    "RoleArn": model["ExecutionRoleArn"],
                    "EnableNetworkIsolation": model["EnableNetworkIsolation"],
                }
            )
        return {"EndpointConfigName": name, "Variants": variants}

    def _variant(self, variant: Record) -> Record:
        if "ModelName" not in variant:
            raise validation_error(
                "The embedded SageMaker needs ModelName; inference components are not implemented."
            )
        self._models.find(variant["ModelName"])
        completed = {"InitialVariantWeight": 1.0, **variant}
        serverless = variant.get("ServerlessConfig")
        if serverless is None:
            if "InstanceType" not in variant:
                raise validation_error(
                    "A production variant needs either InstanceType or ServerlessConfig."
                )
            completed.setdefault("InitialInstanceCount", 1)
            return completed
        for member in ("InstanceType", "InitialInstanceCount"):
            if member in variant:
                raise validation_error(f"{member} cannot be set together with ServerlessConfig.")
        if serverless["MemorySizeInMB"] not in _SERVERLESS_MEMORY_MB:
            raise validation_error(
                "MemorySizeInMB of a serverless variant must be 1024, 2048, 3072, 4096, 5120 or "
                f"6144, not {serverless['MemorySizeInMB']}."
            )
        return completed


def _check_together(variants: list[Record]) -> None:
    names = [variant["VariantName"] for variant in variants]
    if len(names) != len(set(names)):
        raise validation_error("The names of production variants must be unique.")
    if len(variants) > 1 and any("ServerlessConfig" in variant for variant in variants):
        raise validation_error("A serverless endpoint has exactly one production variant.")
