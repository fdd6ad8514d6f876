"""InvokeEndpoint: a request passed to a model server, within AWS's limits."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from ministack.services import cloudwatch

from local.aws_api import context
from local.sagemaker.endpoint_runner import EndpointRunner
from local.sagemaker.kinds import ENDPOINT
from local.sagemaker.model_server import ModelServer
from local.sagemaker.serving_client import AnswerTimeoutError
from local.sagemaker.store import Store

_PATH = re.compile(
    r"/endpoints/(?P<name>[^/]+)/(?P<operation>invocations[a-z-]*|async-invocations)"
)
_MEGABYTE = 1024 * 1024
_INSTANCE_PAYLOAD_BYTES = 6 * _MEGABYTE
_SERVERLESS_PAYLOAD_BYTES = 4 * _MEGABYTE
_RESTART_WAIT_SECONDS = 10.0
_CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class HttpAnswer:
    """An answer as the emulator sends it.

    The names of the headers are in lower case: ministack rewrites the value of a
    ``Content-Type`` that is spelled so, but the model's own type must pass through.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class Invocations:
    """Data plane of endpoints."""

    def __init__(self, store: Store, runner: EndpointRunner) -> None:
        self._store = store
        self._runner = runner

    @staticmethod
    def handles(path: str) -> bool:
        """Whether a path belongs to the data plane."""
        return _PATH.fullmatch(path) is not None

    def invoke(self, path: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """InvokeEndpoint."""
        match = _PATH.fullmatch(path)
        if match is None or match["operation"] != "invocations":
            return _error(
                501,
                "NotImplementedException",
                "The embedded SageMaker implements InvokeEndpoint, neither asynchronous "
                "invocations nor response streams.",
            )
        name = unquote(match["name"])
        endpoint = self._store.table(ENDPOINT).get(name)
        if endpoint is None or endpoint["EndpointStatus"] in ("Creating", "Failed"):
            return _error(
                400,
                "ValidationError",
                f"Endpoint {name} of account {context.account()} not found.",
            )
        variant = headers.get("x-amzn-sagemaker-target-variant")
        with self._runner.server(endpoint, variant) as server:
            if server is not None:
                started = time.perf_counter()
                answer = self._ask(server, headers, body)
                _publish_metrics(name, server, answer, time.perf_counter() - started)
                return answer
        if variant is not None:
            return _error(400, "ValidationError", f"Variant {variant} of {name} not found.")
        return _error(503, "ServiceUnavailable", f"Endpoint {name} has no running instance.")

    def _ask(self, server: ModelServer, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        serverless = "ServerlessConfig" in server.variant
        limit = _SERVERLESS_PAYLOAD_BYTES if serverless else _INSTANCE_PAYLOAD_BYTES
        if len(body) > limit:
            message = f"HTTP content length exceeded {limit} bytes."
            return HttpAnswer(413, dict(_JSON), json.dumps({"message": message}).encode())
        if server.is_overloaded():
            return _error(
                400, "ThrottlingException", "Rate exceeded: the endpoint's MaxConcurrency."
            )
        if not server.wait_ready(_RESTART_WAIT_SECONDS):
            return _not_ready(serverless)
        try:
            status, answered, content = server.invoke(body, _forwarded(headers))
        except AnswerTimeoutError:
            message = (
                "Your invocation timed out while waiting for a response from container primary. "
                "Review the latency metrics for each container in Amazon CloudWatch, resolve the "
                "issue, and try again."
            )
            return _model_error(server, 0, message)
        except OSError:
            return _not_ready(serverless)
        if not 200 <= status < 300:
            return _model_error(server, status, content.decode("utf-8", "replace"))
        if len(content) > limit:
            return _model_error(server, 0, f"The response exceeded {limit} bytes.")
        passed = {
            "content-type": answered.get("content-type", "application/octet-stream"),
            "x-amzn-invoked-production-variant": server.variant["VariantName"],
        }
        if _CUSTOM_ATTRIBUTES in answered:
            passed[_CUSTOM_ATTRIBUTES] = answered[_CUSTOM_ATTRIBUTES]
        return HttpAnswer(200, passed, content)


def _publish_metrics(
    endpoint_name: str, server: ModelServer, answer: HttpAnswer, seconds: float
) -> None:
    """Count an invocation in the metrics that alarms on an endpoint watch.

    An AWS service needs nobody's permission for that.
    """
    original = json.loads(answer.body)["OriginalStatusCode"] if answer.status == 424 else 0
    status = original or answer.status
    dimensions = {"EndpointName": endpoint_name, "VariantName": server.variant["VariantName"]}
    for name, value, unit in (
        ("Invocations", 1.0, "None"),
        ("Invocation4XXErrors", float(400 <= status < 500), "None"),
        ("Invocation5XXErrors", float(status >= 500), "None"),
        ("InvocationModelErrors", float(answer.status == 424), "None"),
        ("ModelLatency", round(seconds * 1e6), "Microseconds"),
    ):
        cloudwatch.record_metric("AWS/SageMaker", name, value, unit, dict(dimensions))


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    forwarded = {"Content-Type": headers.get("content-type") or "application/octet-stream"}
    if headers.get("accept"):
        forwarded["Accept"] = headers["accept"]
    if _CUSTOM_ATTRIBUTES in headers:
        forwarded["X-Amzn-SageMaker-Custom-Attributes"] = headers[_CUSTOM_ATTRIBUTES]
    return forwarded


def _not_ready(serverless: bool) -> HttpAnswer:
    if serverless:
        return _error(
            429, "ModelNotReadyException", "The serverless variant is starting; try again."
        )
    return _error(503, "ServiceUnavailable", "The model server is restarting; try again.")


def _model_error(server: ModelServer, status: int, message: str) -> HttpAnswer:
    region, account = context.region(), context.account()
    kind = "client" if 400 <= status < 500 else "server"
    return _error(
        424,
        "ModelError",
        f'Received {kind} error ({status}) from primary with message "{message}". See '
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        f"#logEventViewer:group={server.log_group} in account {account} for more information.",
        OriginalStatusCode=status,
        OriginalMessage=message,
        LogStreamArn=(
            f"arn:aws:logs:{region}:{account}:log-group:{server.log_group}"
            f":log-stream:{server.log_stream}"
        ),
    )


def _error(status: int, code: str, message: str, **members: object) -> HttpAnswer:
    body = json.dumps({"Message": message, "message": message, **members}).encode()
    return HttpAnswer(status, {**_JSON, "x-amzn-errortype": code}, body)
