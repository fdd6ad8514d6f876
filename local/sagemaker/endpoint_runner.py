"""Brings endpoints up, swaps their model servers, and takes them down."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from local.aws_api import Record, context, now
from local.sagemaker.containers import Containers
from local.sagemaker.kinds import REASON_CHARACTERS
from local.sagemaker.model_server import ModelServer, StartError
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Store

logger = logging.getLogger("sagemaker")


class EndpointRunner:
    """The model servers of all endpoints.

    Parameters
    ----------
    settings
        Surroundings.
    store
        Where the endpoints' records are.
    containers
        Where their programs run.
    """

    def __init__(self, settings: SageMakerSettings, store: Store, containers: Containers) -> None:
        self._settings = settings
        self._store = store
        self._containers = containers
        self._serving: dict[str, list[ModelServer]] = {}
        self._cancelled: dict[str, threading.Event] = {}
        self._change = threading.Condition(store.lock)

    def deploy(self, endpoint: Record, deployment: Record) -> None:
        """Start a deployment's servers in the background, then swap them in.

        Parameters
        ----------
        endpoint
            The endpoint's record; its status says what is going on.
        deployment
            ``EndpointConfigName`` and ``Variants`` with everything the servers need.
        """
        cancelled = threading.Event()
        with self._store.lock:
            self._cancelled[endpoint["_Arn"]] = cancelled
        context.in_background(
            lambda: self._bring_up(endpoint, deployment, cancelled),
            f"sagemaker-endpoint-{endpoint['EndpointName']}",
        )

    def remove(self, endpoint: Record) -> None:
        """Take an endpoint's servers down in the background."""
        with self._store.lock:
            cancelled = self._cancelled.pop(endpoint["_Arn"], None)
            servers = self._serving.pop(endpoint["_Arn"], [])
            if cancelled is not None:
                cancelled.set()
        context.in_background(lambda: _end(servers), "sagemaker-endpoint-end")

    def remove_all(self) -> None:
        """Take every endpoint's servers down."""
        with self._store.lock:
            cancelled = list(self._cancelled.values())
            servers = [server for group in self._serving.values() for server in group]
            self._cancelled.clear()
            self._serving.clear()
            for event in cancelled:
                event.set()
        _end(servers)

    def wait(self, endpoint: Record) -> None:
        """Wait until an endpoint is neither being created nor updated."""
        with self._change:
            self._change.wait_for(
                lambda: endpoint["EndpointStatus"] not in ("Creating", "Updating")
            )

    @contextlib.contextmanager
    def server(self, endpoint: Record, variant_name: str | None) -> Iterator[ModelServer | None]:
        """Hold the server for a request: that of the named variant, or one by weight.

        A server that is swapped out meanwhile goes on until it is let go. An endpoint that
        comes back after a restart of the emulator has its servers in a moment; its callers wait.
        """
        with self._change:
            self._change.wait_for(
                lambda: (
                    bool(self._serving.get(endpoint["_Arn"]))
                    or endpoint["EndpointStatus"] != "Updating"
                ),
                self._settings.invocation_timeout_seconds,
            )
            server = self._choose(endpoint, variant_name)
            if server is not None:
                server.take()
        try:
            yield server
        finally:
            if server is not None:
                server.give_back()

    def _choose(self, endpoint: Record, variant_name: str | None) -> ModelServer | None:
        servers = list(self._serving.get(endpoint["_Arn"], []))
        if variant_name is not None:
            servers = [item for item in servers if item.variant["VariantName"] == variant_name]
        weights = [item.variant["InitialVariantWeight"] for item in servers]
        if not servers:
            return None
        if sum(weights) == 0:
            return servers[0]
        return random.choices(servers, weights)[0]  # noqa: S311 - traffic, not secrets

    def _bring_up(self, endpoint: Record, deployment: Record, cancelled: threading.Event) -> None:
        name = endpoint["EndpointName"]
        servers = [
            ModelServer(
                name,
                variant,
                self._settings,
                self._containers,
                log_group=f"/aws/sagemaker/Endpoints/{name}",
            )
            for variant in deployment["Variants"]
        ]
        reason = ""
        try:
            # After a restart this begins before the emulator answers.
            context.wait_until_reachable()
            for server in servers:
                server.start(cancelled)
        except StartError as error:
            reason = str(error)
        except Exception as error:
            logger.exception("endpoint %s", name)
            reason = f"The embedded SageMaker failed: {error}"
        with self._change:
            if reason or cancelled.is_set():
                outgoing = servers
                self._record_failure(endpoint, reason)
            else:
                outgoing = self._serving.get(endpoint["_Arn"], [])
                self._serving[endpoint["_Arn"]] = servers
                self._record_success(endpoint, deployment)
            self._change.notify_all()
        _end(outgoing)

    def _record_success(self, endpoint: Record, deployment: Record) -> None:
        endpoint["EndpointConfigName"] = deployment["EndpointConfigName"]
        endpoint["ProductionVariants"] = [_summary(item) for item in deployment["Variants"]]
        endpoint["_Deployment"] = deployment
        endpoint["LastModifiedTime"] = now()
        endpoint["EndpointStatus"] = "InService"
        endpoint.pop("FailureReason", None)
        endpoint.pop("PendingDeploymentSummary", None)

    def _record_failure(self, endpoint: Record, reason: str) -> None:
        endpoint["FailureReason"] = reason[:REASON_CHARACTERS]
        endpoint["LastModifiedTime"] = now()
        endpoint.pop("PendingDeploymentSummary", None)
        # As on AWS, a failed update leaves the endpoint in service as it was.
        serves = bool(self._serving.get(endpoint["_Arn"]))
        endpoint["EndpointStatus"] = "InService" if serves else "Failed"


def _end(servers: list[ModelServer]) -> None:
    if servers:
        with ThreadPoolExecutor(max_workers=len(servers)) as pool:
            list(pool.map(ModelServer.end, servers))


def _summary(variant: Record) -> Record:
    image = variant["Container"].get("Image", "")
    summary = {
        "VariantName": variant["VariantName"],
        "DeployedImages": [
            {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": now()}
        ],
        "CurrentWeight": variant["InitialVariantWeight"],
        "DesiredWeight": variant["InitialVariantWeight"],
    }
    if "ServerlessConfig" in variant:
        summary["CurrentServerlessConfig"] = variant["ServerlessConfig"]
        summary["DesiredServerlessConfig"] = variant["ServerlessConfig"]
    else:
        summary["CurrentInstanceCount"] = variant["InitialInstanceCount"]
        summary["DesiredInstanceCount"] = variant["InitialInstanceCount"]
    return summary
