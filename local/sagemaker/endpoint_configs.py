"""Operations on endpoint configurations."""

from __future__ import annotations

from local.sagemaker import emulator, listing, validation
from local.sagemaker.errors import could_not_find, validation_error
from local.sagemaker.models import Models
from local.sagemaker.roles import Caller
from local.sagemaker.store import Record, Store, now

_KIND = "endpoint-config"
_UNIMPLEMENTED = ("AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants")
_SERVERLESS_MEMORY_MB = range(1024, 6145, 1024)


class EndpointConfigs:
    """Control plane of endpoint configurations."""

    def __init__(self, store: Store, models: Models) -> None:
        self._store = store
        self._models = models

    def create(self, request: Record, _caller: Caller) -> Record:
        """CreateEndpointConfig."""
        name = request["EndpointConfigName"]
        arn = emulator.arn(_KIND, name)
        for member in _UNIMPLEMENTED:
            if request.get(member):
                raise validation_error(f"The embedded SageMaker does not implement {member}.")
        variants = [self._variant(variant) for variant in request["ProductionVariants"]]
        _check_together(variants)
        record = {
            **{key: value for key, value in request.items() if key != "Tags"},
            "ProductionVariants": variants,
            "_Arn": arn,
            "EndpointConfigArn": arn,
            "CreationTime": now(),
        }
        with self._store.lock:
            if name in self._store.table(_KIND):
                raise validation_error(
                    f'Cannot create already existing endpoint configuration "{arn}".'
                )
            self._store.table(_KIND)[name] = record
            self._store.set_tags(arn, request.get("Tags"))
        return {"EndpointConfigArn": arn}

    def describe(self, request: Record, _caller: Caller) -> Record:
        """DescribeEndpointConfig."""
        return self.find(request["EndpointConfigName"])

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """ListEndpointConfigs."""
        records = listing.select(
            self._store.table(_KIND).values(), request, name="EndpointConfigName"
        )
        found, more = listing.page(records, request, 10)
        shape = validation.service_model("sagemaker").shape_for("EndpointConfigSummary")
        return {"EndpointConfigs": [validation.project(shape, item) for item in found], **more}

    def delete(self, request: Record, _caller: Caller) -> Record:
        """DeleteEndpointConfig."""
        self.find(request["EndpointConfigName"])
        self._store.remove(_KIND, request["EndpointConfigName"])
        return {}

    def find(self, name: str) -> Record:
        """Find the record of an endpoint configuration.

        Raises
        ------
        ApiError
            If there is none.
        """
        config = self._store.table(_KIND).get(name)
        if config is None:
            raise could_not_find("endpoint configuration", emulator.arn(_KIND, name))
        return config

    def deployment(self, name: str) -> Record:
        """Copy everything that an endpoint of this configuration runs.

        Models and configurations may be deleted while an endpoint that was made from them goes
        on serving.
        """
        variants = []
        for variant in self.find(name)["ProductionVariants"]:
            model = self._models.find(variant["ModelName"])
            containers = model.get("Containers") or [model["PrimaryContainer"]]
            variants.append(
                {
                    **variant,
                    "Container": containers[0],
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
