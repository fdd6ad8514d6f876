"""Operations on endpoints."""

from __future__ import annotations

from local.aws_api import Record, callers, context, now
from local.aws_api.callers import Caller
from local.aws_api.errors import validation_error
from local.sagemaker import kinds
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.endpoint_configs import EndpointConfigs
from local.sagemaker.endpoint_runner import EndpointRunner
from local.sagemaker.store import Store

_IN_PROGRESS = ("Creating", "Updating")


class Endpoints(ControlPlane):
    """Control plane of endpoints."""

    def __init__(self, store: Store, configs: EndpointConfigs, runner: EndpointRunner) -> None:
        super().__init__(kinds.ENDPOINT, store)
        self._configs = configs
        self._runner = runner

    def create(self, request: Record, caller: Caller) -> Record:
        """CreateEndpoint."""
        self._require_right("sagemaker:CreateEndpoint", request, caller)
        deployment = self._configs.deployment(request["EndpointConfigName"])
        endpoint = self.new_record(request)
        endpoint["EndpointStatus"] = "Creating"
        endpoint["LastModifiedTime"] = endpoint["CreationTime"]
        endpoint["_Deployment"] = deployment
        if "DeploymentConfig" in endpoint:
            endpoint["LastDeploymentConfig"] = endpoint.pop("DeploymentConfig")
        answer = self.add(endpoint, request)
        self._runner.deploy(endpoint, deployment)
        return answer

    def update(self, request: Record, caller: Caller) -> Record:
        """UpdateEndpoint."""
        self._require_right("sagemaker:UpdateEndpoint", request, caller)
        endpoint = self.named(request)
        config_name = request["EndpointConfigName"]
        deployment = self._configs.deployment(config_name)
        if _is_serverless(deployment) != _is_serverless(endpoint["_Deployment"]):
            raise validation_error(
                "An endpoint cannot be changed from instances to serverless hosting or back; "
                "create another one."
            )
        with self.store.lock:
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

    def delete(self, request: Record, caller: Caller) -> Record:
        """DeleteEndpoint; the servers end in the background, the name is free at once."""
        endpoint = self.named(request)
        answer = super().delete(request, caller)
        self._runner.remove(endpoint)
        return answer

    def has_instances(self, name: str, variant_name: str) -> bool:
        """Whether an endpoint hosts a variant on instances, whose number can be scaled."""
        endpoint = self.table.get(name)
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
        for account, region, endpoint in self.store.everything(self.kind):
            was_created = "ProductionVariants" in endpoint
            if endpoint["EndpointStatus"] == "Failed" and not was_created:
                continue
            with self.store.lock:
                endpoint.pop("PendingDeploymentSummary", None)
                endpoint["EndpointStatus"] = "Updating" if was_created else "Creating"
            with context.scope(account, region):
                self._runner.deploy(endpoint, endpoint["_Deployment"])

    def _require_right(self, action: str, request: Record, caller: Caller) -> None:
        """Ask for the action on the configuration too, as AWS does; the endpoint is checked."""
        callers.require(caller, action, kinds.ENDPOINT_CONFIG.arn(request["EndpointConfigName"]))


def _is_serverless(deployment: Record) -> bool:
    return any("ServerlessConfig" in variant for variant in deployment["Variants"])
