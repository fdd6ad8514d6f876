"""Runs training jobs: data in, the program as a subprocess, the artifact out."""

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

from local.sagemaker import artifacts, container_entry_point, emulator, images, roles
from local.sagemaker.container_logs import LogStream
from local.sagemaker.containers import Containers, ContainerStartError
from local.sagemaker.emulator import Credentials
from local.sagemaker.engine_containers import EngineTraining
from local.sagemaker.errors import ApiError
from local.sagemaker.metrics import MetricCatcher
from local.sagemaker.settings import SageMakerSettings
from local.sagemaker.store import Record, Store, now
from local.sagemaker.subprocesses import ContainerProcess

logger = logging.getLogger("sagemaker")

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_METRICS_NAMESPACE = "/aws/sagemaker/TrainingJobs"
_REASON_CHARACTERS = 1024
_LAST_LINES = 30
_DEFAULT_MAX_RUNTIME_SECONDS = 86400


class _JobError(Exception):
    """Ends a job with a reason."""


class TrainingRunner:
    """All running training jobs.

    Parameters
    ----------
    settings
        Surroundings.
    store
        Where the jobs' records are.
    containers
        Where their programs run.
    """

    def __init__(self, settings: SageMakerSettings, store: Store, containers: Containers) -> None:
        self._settings = settings
        self._store = store
        self._containers = containers
        self._runs: dict[str, _TrainingRun] = {}

    def start(self, job: Record) -> None:
        """Start a job in the background."""
        run = _TrainingRun(job, self._settings, self._store, self._containers)
        with self._store.lock:
            self._runs[job["_Arn"]] = run

        def work() -> None:
            try:
                run.run()
            finally:
                with self._store.lock:
                    self._runs.pop(job["_Arn"], None)

        emulator.in_background(work, f"sagemaker-training-{job['TrainingJobName']}")

    def stop(self, job: Record) -> None:
        """Ask a job to stop; it gets SIGTERM, and SIGKILL after the grace time."""
        with self._store.lock:
            run = self._runs.get(job["_Arn"])
        if run is not None:
            run.stop()


class _TrainingRun:
    """One training job from start to end."""

    def __init__(
        self, job: Record, settings: SageMakerSettings, store: Store, containers: Containers
    ) -> None:
        self._job = job
        self._settings = settings
        self._store = store
        self._containers = containers
        self._region = emulator.region()
        self._stopped = threading.Event()
        self._process: ContainerProcess | None = None
        self._metrics = MetricCatcher(job["AlgorithmSpecification"].get("MetricDefinitions", []))
        self._folder = settings.work_folder / f"job-{job['TrainingJobName']}-{uuid.uuid4().hex[:8]}"
        self._layout = images.Layout(self._folder / "ml")
        self._last_lines: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Run the job; every outcome ends in its record."""
        credentials: Credentials | None = None
        try:
            credentials = roles.open_session(self._job["RoleArn"])
            self._train(credentials)
        except (_JobError, images.UnsupportedImageError, ApiError) as error:
            reason = str(error)
            known = reason.startswith(("AlgorithmError", "ClientError"))
            self._fail(reason if known else f"ClientError: {reason}")
        except artifacts.ArtifactError as error:
            self._fail(f"ClientError: {error}")
        except Exception as error:
            logger.exception("training job %s", self._job["TrainingJobName"])
            self._fail(f"InternalServerError: {error}")
        finally:
            if credentials is not None:
                emulator.forget_session(credentials)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _train(self, credentials: Credentials) -> None:
        s3 = artifacts.client("s3", credentials, self._region)
        image = self._job["AlgorithmSpecification"].get("TrainingImage", "")
        contract: images.TrainingContract
        if self._settings.engine is not None:
            contract = EngineTraining(self._settings.engine)
        elif container_entry_point.brings_entry_point(self._job):
            contract = container_entry_point.EntryPoint(self._settings)
        else:
            contract = images.training_contract(image, emulator.account(), self._settings)
        roles.require_image_access(self._job["RoleArn"], credentials, image)
        self._layout.create()
        self._transition("Downloading", "Downloading input data")
        self._download(s3)
        self._write_configuration()
        program = contract.prepare(self._job, self._layout, lambda uri: artifacts.read(s3, uri))
        if self._stopped.is_set():
            self._finish("Stopped", "Stopped", "Training job stopped")
            return
        exit_code, timed_out = self._execute(program, credentials)
        stopped = self._stopped.is_set()
        if exit_code != 0 and not stopped and not timed_out:
            self._upload_output(s3)
            raise _JobError(self._algorithm_error(contract, program, exit_code))
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
                raise _JobError("the embedded SageMaker reads channels of S3 prefixes only")
            folder = self._layout.data / channel["ChannelName"]
            folder.mkdir()
            try:
                artifacts.download_prefix(
                    s3,
                    source["S3Uri"],
                    folder,
                    gunzip=channel.get("CompressionType") == "Gzip",
                )
            except artifacts.ArtifactError as error:
                raise _JobError(
                    f"ClientError: Data download failed: channel {channel['ChannelName']}, "
                    f"{source['S3Uri']}: {error}"
                ) from error
            if self._stopped.is_set():
                return

    def _write_configuration(self) -> None:
        files = {
            "hyperparameters.json": self._job.get("HyperParameters", {}),
            "inputdataconfig.json": images.input_data_configuration(self._job),
            "resourceconfig.json": images.resource_configuration(self._job),
        }
        for name, content in files.items():
            (self._layout.configuration / name).write_text(json.dumps(content), encoding="utf-8")

    def _execute(self, program: images.Program, credentials: Credentials) -> tuple[int, bool]:
        """Run the program; answers its exit code and whether its time ran out."""
        stream = LogStream(
            artifacts.client("logs", credentials, self._region),
            LOG_GROUP,
            f"{self._job['TrainingJobName']}/{images.HOST_NAME}-{int(now())}",
        )
        isolated = bool(self._job.get("EnableNetworkIsolation"))
        try:
            process = self._containers.start(
                program,
                self._layout,
                self._environment(program, None if isolated else credentials),
                network=not isolated,
            )
        except ContainerStartError as error:
            stream.write(str(error))
            stream.close()
            raise _JobError(str(error)) from error
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
            raise _JobError(str(error)) from error
        finally:
            process.remove()
            stream.close()
        self._publish_metrics(credentials)
        return exit_code, timed_out

    def _environment(
        self, program: images.Program, credentials: Credentials | None
    ) -> dict[str, str]:
        return {
            **program.environment,
            "TRAINING_JOB_NAME": self._job["TrainingJobName"],
            "TRAINING_JOB_ARN": self._job["_Arn"],
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            **(container_credentials(credentials) if credentials is not None else {}),
        }

    def _pump(self, process: ContainerProcess, stream: LogStream) -> None:
        for line in process.lines():
            stream.write(line)
            self._metrics.read(line)
            self._last_lines.append(line)
            with self._store.lock:
                self._job["FinalMetricDataList"] = self._metrics.final

    def _wait(self, process: ContainerProcess) -> tuple[int, bool]:
        limit = self._job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
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

    def _algorithm_error(
        self, contract: images.TrainingContract, program: images.Program, exit_code: int
    ) -> str:
        failure = contract.failure(program, exit_code, list(self._last_lines))
        text = failure.text
        # A failure file comes first, in script mode too: the toolkit writes one only where the
        # script has not.
        with contextlib.suppress(OSError):
            content = self._layout.failure.read_text(encoding="utf-8", errors="replace")
            text = content.strip() or text
        prefix, suffix = "AlgorithmError: ", f", exit code: {failure.exit_code}"
        return prefix + text[: _REASON_CHARACTERS - len(prefix) - len(suffix)] + suffix

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
            raise _JobError(f"ClientError: Artifact upload failed: {uri}: {error}") from error
        return uri

    def _publish_metrics(self, credentials: Credentials) -> None:
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
            finish(self._job, status, secondary, message)

    def _fail(self, reason: str) -> None:
        with self._store.lock:
            self._job["FailureReason"] = reason[:_REASON_CHARACTERS]
            finish(self._job, "Failed", "Failed", self._job["FailureReason"])


def container_credentials(credentials: Credentials) -> dict[str, str]:
    """Environment through which a container's own AWS clients act as its role."""
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_ENDPOINT_URL": emulator.endpoint_url(),
    }


def transition(job: Record, status: str, message: str) -> None:
    """Append to ``SecondaryStatusTransitions``; the caller holds the store's lock."""
    moment = now()
    transitions = job["SecondaryStatusTransitions"]
    if transitions and "EndTime" not in transitions[-1]:
        transitions[-1]["EndTime"] = moment
    transitions.append({"Status": status, "StartTime": moment, "StatusMessage": message})
    job["SecondaryStatus"] = status
    job["LastModifiedTime"] = moment


def finish(job: Record, status: str, secondary: str, message: str) -> None:
    """End a job; the caller holds the store's lock."""
    transition(job, secondary, message)
    moment = now()
    job["SecondaryStatusTransitions"][-1]["EndTime"] = moment
    job["TrainingEndTime"] = moment
    if "TrainingStartTime" in job:
        seconds = max(1, round(moment - job["TrainingStartTime"]))
        job["TrainingTimeInSeconds"] = job["BillableTimeInSeconds"] = seconds
    # The status comes last: whoever sees it finds everything else in place.
    job["TrainingJobStatus"] = status
