"""One batch in S3: names in, transform jobs, predictions out. Goes on where it was left.

The names are cut into chunks, each an object of its own. A chunk whose output is there is done:
it is not sent to the model again, whoever was killed in between.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch_inference.errors import BatchError
from batch_inference.name_table import NameTable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import TransformResourcesTypeDef

_PREFIXES = json.loads(Path(__file__).with_name("prefixes.json").read_text(encoding="utf-8"))
FILES_PREFIX: str = _PREFIXES["files"]
"""Where the inputs of the state machine lie, and its results."""
NAMES_PREFIX: str = _PREFIXES["names"]
"""Where the names lie, and nothing else of the input: all that the model's role may read."""
INFERRED_PREFIX: str = _PREFIXES["inferred"]
"""Where the model's role writes."""
LOG_GROUP = "/aws/sagemaker/TransformJobs"

NAMES_PER_CHUNK = 10_000
"""Half of what the model's container takes in one request."""
_CHUNKS_PER_JOB = 100
"""A job that somebody stops may lose all of its output, so a million names is enough."""
# The container takes six.
_PAYLOAD_MB = 5
_CONCURRENT_REQUESTS = 2
_CONTENT_TYPE = "application/jsonlines"
_UNDER_WAY = ("InProgress", "Stopping")


@dataclass(frozen=True)
class Job:
    """A transform job under way.

    Attributes
    ----------
    name
        Of the job.
    chunks_before
        How many chunks were done when it was started.
    """

    name: str
    chunks_before: int


@dataclass(frozen=True)
class Chunks:
    """What was sent to S3.

    Attributes
    ----------
    count
        Number of chunks.
    names
        Number of names in all of them.
    """

    count: int
    names: int


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch of names for one model.

    Attributes
    ----------
    s3, sagemaker
        Clients.
    bucket
        The application's private bucket.
    key
        Fingerprint of everything that the result depends on: who starts a batch of the same
        key goes on with it.
    model_name
        The SageMaker model.
    job_name_prefix
        What the names of the jobs begin with.
    instance_type
        Machine of the jobs.
    population
        Whose names to assume; None for what the model was deployed with.
    volume_key_arn
        The key that encrypts the volumes of the jobs; None for SageMaker's own.
    names_per_chunk
        How many names an object holds.
    """

    s3: S3Client
    sagemaker: SageMakerClient
    bucket: str
    key: str
    model_name: str
    job_name_prefix: str
    instance_type: str
    population: str | None = None
    volume_key_arn: str | None = None
    names_per_chunk: int = NAMES_PER_CHUNK

    def upload(self, table: NameTable) -> Chunks:
        """Send the names to S3, without the chunks that are there already."""
        there = set(self._objects(NAMES_PREFIX))
        names = (table.name(row) for row in table.rows() if row.problem is None)
        count = total = 0
        while chunk := list(islice(names, self.names_per_chunk)):
            name = _chunk(count)
            if name not in there:
                self.s3.put_object(
                    Bucket=self.bucket,
                    Key=f"{NAMES_PREFIX}/{self.key}/{name}",
                    Body="".join(f"{json.dumps({'name': entry})}\n" for entry in chunk).encode(),
                    ContentType=_CONTENT_TYPE,
                )
            count += 1
            total += len(chunk)
        return Chunks(count, total)

    def finished(self) -> set[str]:
        """Return the names of the chunks that are done."""
        return {name.removesuffix(".out") for name in self._objects(INFERRED_PREFIX)}

    def next_job(self, chunks: Chunks, previous: Job | None = None) -> Job | None:
        """Start a job for what is left, or find the one that is under way.

        Parameters
        ----------
        chunks
            What `upload` has sent.
        previous
            The job that has just ended.

        Returns
        -------
        Job or None
            None when every chunk is done.

        Raises
        ------
        BatchError
            If the previous job ended and did nothing: another one would do no more.
        """
        finished = self.finished()
        left = [name for name in map(_chunk, range(chunks.count)) if name not in finished]
        if not left:
            return None
        jobs = self._jobs()
        if jobs and jobs[0]["TransformJobStatus"] in _UNDER_WAY:
            return Job(jobs[0]["TransformJobName"], len(finished))
        if previous is not None and len(finished) <= previous.chunks_before:
            raise BatchError(self._failure(previous))
        return self._start(left[:_CHUNKS_PER_JOB], len(jobs) + 1, len(finished))

    def is_running(self, job: Job) -> bool:
        """Tell whether a job is under way."""
        described = self.sagemaker.describe_transform_job(TransformJobName=job.name)
        return described["TransformJobStatus"] in _UNDER_WAY

    def predictions(self, chunks: Chunks) -> Iterator[dict[str, Any]]:
        """Yield the model's answers in the order of the names."""
        keys = {posixpath.basename(key): key for key in self._keys(INFERRED_PREFIX)}
        for number in range(chunks.count):
            key = keys[f"{_chunk(number)}.out"]
            content = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for line in content.splitlines():
                if line:
                    yield json.loads(line)

    def remove(self) -> int:
        """Remove every version of names and answers from the bucket; answers how many."""
        removed = 0
        for prefix in (NAMES_PREFIX, INFERRED_PREFIX):
            pages = self.s3.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=f"{prefix}/{self.key}/"
            )
            for page in pages:
                versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                for version in versions:
                    self.s3.delete_object(
                        Bucket=self.bucket,
                        Key=version["Key"],
                        VersionId=version["VersionId"],
                    )
                removed += len(versions)
        return removed

    def _start(self, chunks: list[str], number: int, finished: int) -> Job:
        name = f"{self.job_name_prefix}{self.key}-{number}"
        folder = f"{NAMES_PREFIX}/{self.key}"
        manifest = f"{folder}/manifest-{number}.json"
        self.s3.put_object(
            Bucket=self.bucket,
            Key=manifest,
            Body=json.dumps([{"prefix": f"s3://{self.bucket}/{folder}/"}, *chunks]).encode(),
            ContentType="application/json",
        )
        self.sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=self.model_name,
            BatchStrategy="MultiRecord",
            MaxPayloadInMB=_PAYLOAD_MB,
            MaxConcurrentTransforms=_CONCURRENT_REQUESTS,
            Environment={"POPULATION": self.population} if self.population else {},
            TransformInput={
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "ManifestFile",
                        "S3Uri": f"s3://{self.bucket}/{manifest}",
                    }
                },
                "ContentType": _CONTENT_TYPE,
                "SplitType": "Line",
            },
            TransformOutput={
                "S3OutputPath": f"s3://{self.bucket}/{INFERRED_PREFIX}/{self.key}",
                "Accept": _CONTENT_TYPE,
                "AssembleWith": "Line",
            },
            TransformResources=self._machine(),
        )
        return Job(name, finished)

    def _machine(self) -> TransformResourcesTypeDef:
        machine: TransformResourcesTypeDef = {
            "InstanceType": self.instance_type,  # type: ignore[typeddict-item]
            "InstanceCount": 1,
        }
        if self.volume_key_arn:
            machine["VolumeKmsKeyId"] = self.volume_key_arn
        return machine

    def _failure(self, job: Job) -> str:
        described = self.sagemaker.describe_transform_job(TransformJobName=job.name)
        reason = described.get("FailureReason", "no reason was given")
        return (
            f"the transform job {job.name} is {described['TransformJobStatus']}: {reason}. Its "
            f"log is in the group {LOG_GROUP}. What is done stays: run the same again to go on"
        )

    def _jobs(self) -> list[Any]:
        """List the jobs of this batch, the newest first."""
        pages = self.sagemaker.get_paginator("list_transform_jobs").paginate(
            NameContains=f"{self.job_name_prefix}{self.key}",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        return [job for page in pages for job in page["TransformJobSummaries"]]

    def _objects(self, prefix: str) -> Iterator[str]:
        return (posixpath.basename(key) for key in self._keys(prefix))

    def _keys(self, prefix: str) -> Iterable[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{prefix}/{self.key}/"
        )
        return (entry["Key"] for page in pages for entry in page.get("Contents", []))


def _chunk(number: int) -> str:
    return f"{number:06}.jsonl"


def current_model(sagemaker: SageMakerClient, endpoint_name: str) -> str:
    """Return the name of the model that an endpoint serves.

    Raises
    ------
    BatchError
        If the endpoint is not there.
    """
    try:
        endpoint = sagemaker.describe_endpoint(EndpointName=endpoint_name)
    except sagemaker.exceptions.ClientError as error:
        raise BatchError(
            f"the endpoint {endpoint_name} cannot be found: deploy the application first ({error})"
        ) from error
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    return config["ProductionVariants"][0]["ModelName"]
