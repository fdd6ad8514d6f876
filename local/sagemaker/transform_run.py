"""One batch transform job: the model's container is asked about every record of S3 objects.

What the contract leaves open, as it is here: the output of each object is stored when that
object is done, and stays when the job is stopped; an answer that ends in a line's end gets no
second one from ``AssembleWith: Line``.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import posixpath
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.aws_api import Record, context, now
from local.aws_api.errors import ApiError
from local.sagemaker import artifacts, roles
from local.sagemaker.container_logs import LogStream
from local.sagemaker.containers import Containers
from local.sagemaker.kinds import REASON_CHARACTERS
from local.sagemaker.model_server import ModelServer, StartError
from local.sagemaker.models import container_of
from local.sagemaker.serving_client import AnswerTimeoutError
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Store

logger = logging.getLogger("sagemaker")

_LOG_GROUP = "/aws/sagemaker/TransformJobs"
_MB = 1024 * 1024
_DEFAULT_TIMEOUT_SECONDS = 600
_DEFAULT_RETRIES = 3


class _JobError(Exception):
    """Ends a job with a reason."""


class _ObjectError(Exception):
    """One object cannot be transformed; the others go on."""


@dataclasses.dataclass(frozen=True)
class _Source:
    """An object to transform, and its place below the output path."""

    uri: str
    name: str


class TransformRun:
    """One transform job from start to end.

    Parameters
    ----------
    job
        Its record.
    settings
        Surroundings.
    store
        Where the record is.
    containers
        Where the model's program runs.
    """

    def __init__(
        self, job: Record, settings: SageMakerSettings, store: Store, containers: Containers
    ) -> None:
        self._job = job
        self._store = store
        self._region = context.region()
        self._stopped = threading.Event()
        client = job.get("ModelClientConfig", {})
        self._attempts = 1 + client.get("InvocationsMaxRetries", _DEFAULT_RETRIES)
        timeout = client.get("InvocationsTimeoutInSeconds", _DEFAULT_TIMEOUT_SECONDS)
        self._server = ModelServer(
            job["TransformJobName"],
            _variant(job),
            dataclasses.replace(settings, invocation_timeout_seconds=float(timeout)),
            containers,
            log_group=_LOG_GROUP,
        )

    def stop(self) -> None:
        """Ask the job to stop after the requests that are under way."""
        self._stopped.set()

    def run(self) -> None:
        """Run the job; every outcome ends in its record."""
        role_arn = self._job["_Model"]["ExecutionRoleArn"]
        try:
            with roles.session(role_arn) as credentials:
                self._transform(
                    artifacts.client("s3", credentials, self._region),
                    artifacts.client("logs", credentials, self._region),
                )
        except (_JobError, StartError, ApiError, artifacts.ArtifactError) as error:
            self._finish("Failed", f"ClientError: {error}")
        except Exception as error:
            logger.exception("transform job %s", self._job["TransformJobName"])
            self._finish("Failed", f"InternalServerError: {error}")

    def _transform(self, s3: Any, logs: Any) -> None:
        sources = _sources(s3, self._job["TransformInput"]["DataSource"]["S3DataSource"])
        try:
            self._server.start(self._stopped)
            with self._store.lock:
                self._job["TransformStartTime"] = now()
            data_log = LogStream(logs, _LOG_GROUP, f"{self._server.log_stream}/data-log")
            try:
                failed = self._transform_all(s3, sources, data_log)
            finally:
                data_log.close()
        except StartError:
            if not self._stopped.is_set():
                raise
            failed = 0
        finally:
            self._server.end()
        if self._stopped.is_set():
            self._finish("Stopped", None)
        elif failed:
            raise _JobError(
                f"{failed} of {len(sources)} objects could not be transformed. See the job's "
                f"data-log in {_LOG_GROUP} for more information"
            )
        else:
            self._finish("Completed", None)

    def _transform_all(self, s3: Any, sources: list[_Source], log: LogStream) -> int:
        """Transform what can be transformed; answers how many objects could not."""

        def attempt(source: _Source) -> bool:
            try:
                self._transform_one(s3, source)
            except (_ObjectError, artifacts.ArtifactError) as error:
                log.write(f"{source.uri}: {error}")
                return False
            return True

        with ThreadPoolExecutor(max(1, self._job["MaxConcurrentTransforms"])) as pool:
            return list(pool.map(attempt, sources)).count(False)

    def _transform_one(self, s3: Any, source: _Source) -> None:
        output = self._job["TransformOutput"]
        results = []
        for payload in self._payloads(artifacts.read(s3, source.uri)):
            if self._stopped.is_set():
                return
            results.append(self._ask(payload))
        if output.get("AssembleWith") == "Line":
            results = [part if part.endswith(b"\n") else part + b"\n" for part in results]
        target = f"{output['S3OutputPath'].rstrip('/')}/{source.name}.out"
        if not self._stopped.is_set():
            artifacts.write(s3, target, b"".join(results), output.get("KmsKeyId"))

    def _payloads(self, content: bytes) -> Iterator[bytes]:
        source = self._job["TransformInput"]
        if source.get("CompressionType") == "Gzip":
            content = artifacts.gunzip(content)
        limit = self._job["MaxPayloadInMB"] * _MB or len(content)
        if source.get("SplitType") != "Line":
            _require_fitting(content, limit)
            yield content
            return
        together = self._job["BatchStrategy"] == "MultiRecord"
        batch: list[bytes] = []
        size = 0
        for record in content.splitlines(keepends=True):
            _require_fitting(record, limit)
            if batch and (not together or size + len(record) > limit):
                yield b"".join(batch)
                batch, size = [], 0
            batch.append(record)
            size += len(record)
        if batch:
            yield b"".join(batch)

    def _ask(self, payload: bytes) -> bytes:
        headers = {
            "Content-Type": self._job["TransformInput"].get("ContentType", ""),
            "Accept": self._job["TransformOutput"].get("Accept", "*/*"),
        }
        problem = ""
        for _ in range(self._attempts):
            if not self._server.wait_ready(60):
                problem = "the model server does not answer"
                continue
            try:
                status, _answered, content = self._server.invoke(payload, headers)
            except AnswerTimeoutError:
                problem = "Model server did not respond to /invocations request in time"
                continue
            except OSError as error:
                problem = str(error)
                continue
            if status == 200:
                return content
            problem = f"Bad HTTP status received from algorithm: {status}"
            if status < 500:
                break
        raise _ObjectError(problem)

    def _finish(self, status: str, reason: str | None) -> None:
        with self._store.lock:
            finish(self._job, status, reason)


def finish(job: Record, status: str, reason: str | None) -> None:
    """End a job; the caller holds the store's lock."""
    if reason is not None:
        job["FailureReason"] = reason[:REASON_CHARACTERS]
    moment = now()
    job["TransformEndTime"] = job["LastModifiedTime"] = moment
    # The status comes last: whoever sees it finds everything else in place.
    job["TransformJobStatus"] = status


def _variant(job: Record) -> Record:
    """Describe the job's model as a production variant, which a model server serves."""
    model = job["_Model"]
    container = container_of(model)
    environment = {
        **container.get("Environment", {}),
        **job.get("Environment", {}),
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(job["MaxPayloadInMB"]),
        "SAGEMAKER_BATCH_STRATEGY": (
            "MULTI_RECORD" if job["BatchStrategy"] == "MultiRecord" else "SINGLE_RECORD"
        ),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(job["MaxConcurrentTransforms"]),
    }
    return {
        "VariantName": job["TransformJobName"],
        "Container": {**container, "Environment": environment},
        "RoleArn": model["ExecutionRoleArn"],
        "EnableNetworkIsolation": model["EnableNetworkIsolation"],
    }


def _require_fitting(record: bytes, limit: int) -> None:
    if len(record) > limit:
        raise _ObjectError(f"a record of {len(record)} bytes is more than MaxPayloadInMB allows")


def _sources(s3: Any, source: Record) -> list[_Source]:
    """Find the objects of a prefix or a manifest.

    Raises
    ------
    _JobError
        If there are none, or the manifest is not one.
    """
    if source["S3DataType"] == "ManifestFile":
        return _listed(artifacts.read(s3, source["S3Uri"]), source["S3Uri"])
    bucket, prefix = artifacts.split_uri(source["S3Uri"])
    folder = prefix if prefix.endswith("/") else posixpath.dirname(prefix)
    found = [
        _Source(f"s3://{bucket}/{key}", key.removeprefix(folder).lstrip("/"))
        for key in artifacts.keys(s3, bucket, prefix)
    ]
    if not found:
        raise _JobError(f'No S3 objects found under S3 URL "{source["S3Uri"]}"')
    return found


def _listed(content: bytes, uri: str) -> list[_Source]:
    try:
        head, *names = json.loads(content)
        prefix = head["prefix"]
        found = [_Source(prefix + name, name) for name in names]
    except (ValueError, KeyError, TypeError) as error:
        raise _JobError(
            f'{uri} is no manifest such as [{{"prefix": "s3://bucket/folder/"}}, "name"]'
        ) from error
    if not found:
        raise _JobError(f"{uri} lists no objects")
    return found
