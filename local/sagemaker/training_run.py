"""One training job: data in, the program in its container, the artifact out.

A failure goes from the container to the job's record in this order: :meth:`TrainingRun._train`
sees the exit code, :meth:`TrainingRun._algorithm_error` reads what the program said about it, and
:func:`fail` writes it down.
"""

from __future__ import annotations

import collections
import contextlib
import json
import logging
import shutil
import threading
import uuid
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws_api import Record, context, now
from local.aws_api.errors import ApiError
from local.sagemaker import artifacts, contracts, images, roles
from local.sagemaker.container_logs import LogStream
from local.sagemaker.containers import Container, Containers, ContainerStartError
from local.sagemaker.contracts import Layout, Program, UnsupportedImageError
from local.sagemaker.kinds import REASON_CHARACTERS
from local.sagemaker.metrics import MetricCatcher
from local.sagemaker.roles import RoleCredentials
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Store
from local.sagemaker.subprocesses import ContainerProcess

logger = logging.getLogger("sagemaker")

_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_METRICS_NAMESPACE = "/aws/sagemaker/TrainingJobs"
_LAST_LINES = 30
_DEFAULT_MAX_RUNTIME_SECONDS = 86400


class _AlgorithmError(Exception):
    """The container's program failed."""


class _ClientError(Exception):
    """What the job was asked to do cannot be done."""


class TrainingRun:
    """One training job from start to end.

    Parameters
    ----------
    job
        Its record.
    settings
        Surroundings.
    store
        Where the record is.
    containers
        Where the program runs.
    """

    def __init__(
        self, job: Record, settings: SageMakerSettings, store: Store, containers: Containers
    ) -> None:
        self._job = job
        self._settings = settings
        self._store = store
        self._containers = containers
        self._region = context.region()
        self._stopped = threading.Event()
        self._process: ContainerProcess | None = None
        self._metrics = MetricCatcher(job["AlgorithmSpecification"].get("MetricDefinitions", []))
        self._folder = settings.work_folder / f"job-{job['TrainingJobName']}-{uuid.uuid4().hex[:8]}"
        self._layout = Layout(self._folder / "ml")
        self._last_lines: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)

    def stop(self) -> None:
        """Ask the job to stop; it gets SIGTERM, and SIGKILL after the grace time."""
        self._stopped.set()

    def run(self) -> None:
        """Run the job; every outcome ends in its record."""
        try:
            with roles.session(self._job["RoleArn"]) as credentials:
                self._train(credentials)
        except _AlgorithmError as error:
            self._fail(f"AlgorithmError: {error}")
        except (_ClientError, UnsupportedImageError, ApiError, artifacts.ArtifactError) as error:
            self._fail(f"ClientError: {error}")
        except Exception as error:
            logger.exception("training job %s", self._job["TrainingJobName"])
            self._fail(f"InternalServerError: {error}")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _train(self, credentials: RoleCredentials) -> None:
        s3 = artifacts.client("s3", credentials, self._region)
        prepare = images.training_contract(self._job, self._settings)
        image = self._job["AlgorithmSpecification"]["TrainingImage"]
        roles.require_image_access(self._job["RoleArn"], credentials, image)
        self._layout.create()
        self._transition("Downloading", "Downloading input data")
        self._download(s3)
        self._write_configuration()
        program = prepare(self._job, self._layout, lambda uri: artifacts.read(s3, uri))
        if self._stopped.is_set():
            self._finish("Stopped", "Stopped", "Training job stopped")
            return
        exit_code, timed_out = self._execute(program, credentials)
        stopped = self._stopped.is_set()
        if exit_code != 0 and not stopped and not timed_out:
            self._upload_output(s3)
            raise self._algorithm_error(program, exit_code)
        if not stopped:
            self._transition("Uploading", "Uploading generated training model")
        self._upload_model(s3, optional=stopped or timed_out)
        self._upload_output(s3)
        if stopped:
            self._finish("Stopped", "Stopped", "Training job stopped")
        elif timed_out:
            self._finish("Stopped", "MaxRuntimeExceeded", "Training job runtime exceeded")
        else:
            self._finish("Completed", "Completed", "Training job completed")

    def _download(self, s3: Any) -> None:
        for channel in self._job.get("InputDataConfig", []):
            source = channel["DataSource"].get("S3DataSource")
            if source is None or source["S3DataType"] != "S3Prefix":
                raise _ClientError("the embedded SageMaker reads channels of S3 prefixes only")
            folder = self._layout.data / channel["ChannelName"]
            folder.mkdir()
            try:
                artifacts.download_prefix(
                    s3,
                    source["S3Uri"],
                    folder,
                    gzipped=channel.get("CompressionType") == "Gzip",
                )
            except artifacts.ArtifactError as error:
                raise _ClientError(
                    f"Data download failed: channel {channel['ChannelName']}, "
                    f"{source['S3Uri']}: {error}"
                ) from error
            if self._stopped.is_set():
                return

    def _write_configuration(self) -> None:
        files = {
            "hyperparameters.json": self._job.get("HyperParameters", {}),
            "inputdataconfig.json": contracts.input_data_configuration(self._job),
            "resourceconfig.json": contracts.resource_configuration(self._job),
        }
        for name, content in files.items():
            (self._layout.configuration / name).write_text(json.dumps(content), encoding="utf-8")

    def _execute(self, program: Program, credentials: RoleCredentials) -> tuple[int, bool]:
        """Run the program; answers its exit code and whether its time ran out."""
        stream = LogStream(
            artifacts.client("logs", credentials, self._region),
            _LOG_GROUP,
            f"{self._job['TrainingJobName']}/{contracts.HOST_NAME}-{int(now())}",
        )
        isolated = bool(self._job["EnableNetworkIsolation"])
        environment = {
            **program.environment,
            "TRAINING_JOB_NAME": self._job["TrainingJobName"],
            "TRAINING_JOB_ARN": self._job["_Arn"],
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            **({} if isolated else credentials.variables()),
        }
        try:
            process = self._containers.start(
                Container(
                    program=program,
                    layout=self._layout,
                    environment=environment,
                    network=not isolated,
                )
            )
        except ContainerStartError as error:
            stream.write(str(error))
            stream.close()
            raise _ClientError(str(error)) from error
        self._transition("Training", "Training image download completed. Training in progress.")
        for notice in program.notices:
            stream.write(notice)
        pump = threading.Thread(target=self._pump, args=(process, stream), daemon=True)
        pump.start()
        try:
            exit_code, timed_out = self._wait(process)
            pump.join(timeout=30)
            process.collect(self._layout)
        except ContainerStartError as error:
            raise _ClientError(str(error)) from error
        finally:
            process.remove()
            stream.close()
        self._publish_metrics(credentials)
        return exit_code, timed_out

    def _pump(self, process: ContainerProcess, stream: LogStream) -> None:
        for line in process.lines():
            stream.write(line)
            self._metrics.read(line)
            self._last_lines.append(line)
            with self._store.lock:
                self._job["FinalMetricDataList"] = self._metrics.final

    def _wait(self, process: ContainerProcess) -> tuple[int, bool]:
        limit = self._job["StoppingCondition"].get("MaxRuntimeInSeconds")
        deadline = now() + (limit or _DEFAULT_MAX_RUNTIME_SECONDS)
        while True:
            code = process.wait(0.2)
            if code is not None:
                return code, False
            if self._stopped.is_set():
                self._transition("Stopping", "Stopping the training job")
                return process.end(self._settings.stop_grace_seconds), False
            if now() > deadline:
                self._transition("Stopping", "Maximum runtime exceeded")
                return process.end(self._settings.stop_grace_seconds), True

    def _algorithm_error(self, program: Program, exit_code: int) -> _AlgorithmError:
        failure = program.describe_failure(program, exit_code, list(self._last_lines))
        text = failure.text
        # A failure file comes first, in script mode too: the toolkit writes one only where the
        # script has not.
        with contextlib.suppress(OSError):
            content = self._layout.failure.read_text(encoding="utf-8", errors="replace")
            text = content.strip() or text
        suffix = f", exit code: {failure.exit_code}"
        longest = REASON_CHARACTERS - len("AlgorithmError: ") - len(suffix)
        return _AlgorithmError(text[:longest] + suffix)

    def _upload_model(self, s3: Any, *, optional: bool) -> None:
        content = artifacts.pack(self._layout.model)
        if content is None:
            if optional:
                return
            # AWS stores an empty archive when a job leaves no model.
            content = artifacts.pack_nothing()
        uri = self._write(s3, "model.tar.gz", content)
        with self._store.lock:
            self._job["ModelArtifacts"] = {"S3ModelArtifacts": uri}

    def _upload_output(self, s3: Any) -> None:
        content = artifacts.pack(self._layout.output_data)
        if content is not None:
            self._write(s3, "output.tar.gz", content)

    def _write(self, s3: Any, name: str, content: bytes) -> str:
        output = self._job["OutputDataConfig"]
        folder = output["S3OutputPath"].rstrip("/")
        uri = f"{folder}/{self._job['TrainingJobName']}/output/{name}"
        try:
            artifacts.write(s3, uri, content, output.get("KmsKeyId"))
        except artifacts.ArtifactError as error:
            raise _ClientError(f"Artifact upload failed: {uri}: {error}") from error
        return uri

    def _publish_metrics(self, credentials: RoleCredentials) -> None:
        data = [
            {
                "MetricName": item["MetricName"],
                "Dimensions": [{"Name": "TrainingJobName", "Value": self._job["TrainingJobName"]}],
                "Timestamp": item["Timestamp"],
                "Value": item["Value"],
            }
            for item in self._metrics.series[-500:]
        ]
        if not data:
            return
        cloudwatch = artifacts.client("cloudwatch", credentials, self._region)
        # As with logs: a role without the permission costs the metrics, not the job.
        try:
            cloudwatch.put_metric_data(Namespace=_METRICS_NAMESPACE, MetricData=data)
        except (ClientError, BotoCoreError) as error:
            logger.warning("no metrics for %s: %s", self._job["TrainingJobName"], error)

    def _transition(self, status: str, message: str) -> None:
        with self._store.lock:
            transition(self._job, status, message)
            if status == "Training":
                self._job["TrainingStartTime"] = now()
            if status == "Stopping":
                self._job["TrainingJobStatus"] = "Stopping"

    def _finish(self, status: str, secondary: str, message: str) -> None:
        with self._store.lock:
            _finish(self._job, status, secondary, message)

    def _fail(self, reason: str) -> None:
        with self._store.lock:
            fail(self._job, reason)


def transition(job: Record, status: str, message: str) -> None:
    """Append to ``SecondaryStatusTransitions``; the caller holds the store's lock."""
    moment = now()
    transitions = job["SecondaryStatusTransitions"]
    if transitions and "EndTime" not in transitions[-1]:
        transitions[-1]["EndTime"] = moment
    transitions.append({"Status": status, "StartTime": moment, "StatusMessage": message})
    job["SecondaryStatus"] = status
    job["LastModifiedTime"] = moment


def fail(job: Record, reason: str) -> None:
    """End a job with a reason; the caller holds the store's lock."""
    job["FailureReason"] = reason[:REASON_CHARACTERS]
    _finish(job, "Failed", "Failed", job["FailureReason"])


def _finish(job: Record, status: str, secondary: str, message: str) -> None:
    transition(job, secondary, message)
    moment = now()
    job["SecondaryStatusTransitions"][-1]["EndTime"] = moment
    job["TrainingEndTime"] = moment
    if "TrainingStartTime" in job:
        seconds = max(1, round(moment - job["TrainingStartTime"]))
        job["TrainingTimeInSeconds"] = job["BillableTimeInSeconds"] = seconds
    # The status comes last: whoever sees it finds everything else in place.
    job["TrainingJobStatus"] = status
