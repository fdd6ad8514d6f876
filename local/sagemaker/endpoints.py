"""Operations on endpoints."""

from __future__ import annotations

from local.sagemaker import emulator, listing, roles, validation
from local.sagemaker.endpoint_configs import EndpointConfigs
from local.sagemaker.endpoint_runner import EndpointRunner
from local.sagemaker.errors import could_not_find, validation_error
from local.sagemaker.roles import Caller
from local.sagemaker.store import Record, Store, now

_KIND = "endpoint"
_IN_PROGRESS = ("Creating", "Updating")


class Endpoints:
    """Control plane of endpoints."""

    def __init__(self, store: Store, configs: EndpointConfigs, runner: EndpointRunner) -> None:
        self._store = store
        self._configs = configs
        self._runner = runner

    def create(self, request: Record, caller: Caller) -> Record:
        """CreateEndpoint."""
        name, config_name = request["EndpointName"], request["EndpointConfigName"]
        arn = emulator.arn(_KIND, name)
        # AWS asks for the action on both resources; the request's own check was on the endpoint.
        roles.require(
            caller, "sagemaker:CreateEndpoint", emulator.arn("endpoint-config", config_name)
        )
        deployment = self._configs.deployment(config_name)
        moment = now()
        endpoint = {
            "_Arn": arn,
            "EndpointArn": arn,
            "EndpointName": name,
            "EndpointConfigName": config_name,
            "EndpointStatus": "Creating",
            "CreationTime": moment,
            "LastModifiedTime": moment,
            "_Deployment": deployment,
        }
        if "DeploymentConfig" in request:
            endpoint["LastDeploymentConfig"] = request["DeploymentConfig"]
        with self._store.lock:
            if name in self._store.table(_KIND):
                raise validation_error(f'Cannot create already existing endpoint "{arn}".')
            self._store.table(_KIND)[name] = endpoint
            self._store.set_tags(arn, request.get("Tags"))
        self._runner.deploy(endpoint, deployment)
        return {"EndpointArn": arn}

    def describe(self, request: Record, _caller: Caller) -> Record:
        """DescribeEndpoint."""
        return self.find(request["EndpointName"])

    def update(self, request: Record, caller: Caller) -> Record:
        """UpdateEndpoint."""
        config_name = request["EndpointConfigName"]
        roles.require(
            caller, "sagemaker:UpdateEndpoint", emulator.arn("endpoint-config", config_name)
        )
        endpoint = self.find(request["EndpointName"])
        deployment = self._configs.deployment(config_name)
        if _is_serverless(deployment) != _is_serverless(endpoint["_Deployment"]):
            raise validation_error(
                "An endpoint cannot be changed from instances to serverless hosting or back; "
                "create another one."
            )
        with self._store.lock:
            if endpoint["EndpointStatus"] in _IN_PROGRESS:
                raise validation_error(f'Cannot update in-progress endpoint "{endpoint["_Arn"]}".')
            if endpoint["EndpointStatus"] != "InService":
                raise validation_error(
                    f'Cannot update endpoint "{endpoint["_Arn"]}" in status '
                    f"{endpoint['EndpointStatus']}."
                )
            endpoint["EndpointStatus"] = "Updating"
            endpoint["LastModifiedTime"] = now()
            endpoint["PendingDeploymentSummary"] = {
                "EndpointConfigName": config_name,
                "StartTime": now(),
            }
            if "DeploymentConfig" in request:
                endpoint["LastDeploymentConfig"] = request["DeploymentConfig"]
        self._runner.deploy(endpoint, deployment)
        return {"EndpointArn": endpoint["_Arn"]}

    def list_page(self, request: Record, _caller: Caller) -> Record:
        """ListEndpoints."""
        records = listing.select(
            self._store.table(_KIND).values(),
            request,
            name="EndpointName",
            status="EndpointStatus",
        )
        found, more = listing.page(records, request, 10)
        shape = validation.service_model("sagemaker").shape_for("EndpointSummary")
        return {"Endpoints": [validation.project(shape, item) for item in found], **more}

    def delete(self, request: Record, _caller: Caller) -> Record:
        """DeleteEndpoint; the servers end in the background, the name is free at once."""
        endpoint = self.find(request["EndpointName"])
        self._store.remove(_KIND, endpoint["EndpointName"])
        self._runner.remove(endpoint)
        return {}

    def find(self, name: str) -> Record:
        """Find the record of an endpoint.

        Raises
        ------
        ApiError
            If there is none.
        """
        endpoint = self._store.table(_KIND).get(name)
        if endpoint is None:
            raise could_not_find("endpoint", emulator.arn(_KIND, name))
        return endpoint

    def has_instances(self, name: str, variant_name: str) -> bool:
        """Whether an endpoint hosts a variant on instances, whose number can be scaled."""
        endpoint = self._store.table(_KIND).get(name)
        return endpoint is not None and any(
            variant["VariantName"] == variant_name and "ServerlessConfig" not in variant
            for variant in endpoint["_Deployment"]["Variants"]
        )

    def wait(self, endpoint: Record) -> None:
        """Wait until an endpoint is neither being created nor updated."""
        self._runner.wait(endpoint)

    def restore(self) -> None:
        """Serve again what was once in service, and go on with what was being created.

        An endpoint whose update was interrupted comes back on its old configuration. One that
        could not be brought back the last time gets another chance: its interpreter may be back.
        """
        for account, region, endpoint in self._store.everything(_KIND):
            was_created = "ProductionVariants" in endpoint
            if endpoint["EndpointStatus"] == "Failed" and not was_created:
                continue
            with self._store.lock:
                endpoint.pop("PendingDeploymentSummary", None)
                endpoint["EndpointStatus"] = "Updating" if was_created else "Creating"
            with emulator.scope(account, region):
                self._runner.deploy(endpoint, endpoint["_Deployment"])


def _is_serverless(deployment: Record) -> bool:
    return any("ServerlessConfig" in variant for variant in deployment["Variants"])
