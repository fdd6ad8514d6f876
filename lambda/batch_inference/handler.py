"""Entry points for the state machine of batches.

The execution's input is ``{"key": "batch/files/customers.csv"}``, the place of a CSV file in the
application's bucket, with ``"column"`` and ``"population"`` where they are not the usual ones.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

import boto3

from batch_inference.batch import FILES_PREFIX, Batch, Chunks, Job, current_model
from batch_inference.errors import BatchError
from batch_inference.files import S3File
from batch_inference.steps import BAD_LINES, RESULTS, batch_key, send_names, write_beside


def send(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Send the names of the input to S3.

    Raises
    ------
    BatchError
        If the input is not where inputs belong, or cannot be read.
    """
    request = {
        "key": event.get("key", ""),
        "column": event.get("column"),
        "population": event.get("population"),
    }
    if not str(request["key"]).startswith(f"{FILES_PREFIX}/"):
        raise BatchError(f"key: {request['key']!r} is not allowed. It begins with {FILES_PREFIX}/")
    model = current_model(boto3.client("sagemaker"), os.environ["ENDPOINT_NAME"])
    file = _file(request)
    batch = batch_key(file, model, request["column"], request["population"])
    state = {**request, "model": model, "batch": batch}
    chunks = send_names(_batch(state), file, request["column"])
    return {**state, "chunks": asdict(chunks), "job": None}


def next_job(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Start the next job, or find the one that runs; ``job`` is null when all is done."""
    previous = Job(**event["job"]) if event["job"] else None
    job = _batch(event).next_job(Chunks(**event["chunks"]), previous)
    return {**event, "job": asdict(job) if job else None, "running": job is not None}


def check(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Tell whether the job still runs."""
    return {**event, "running": _batch(event).is_running(Job(**event["job"]))}


def write(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Write the results beside the input, and remove what was sent for them."""
    batch, file = _batch(event), _file(event)
    summary = write_beside(batch, file, Chunks(**event["chunks"]), event["column"])
    batch.remove()
    written = {"results": file.name_beside(RESULTS), "rows": summary.rows}
    if summary.bad_lines:
        written |= {
            "bad_lines": file.name_beside(BAD_LINES),
            "bad_line_count": len(summary.bad_lines),
        }
    return written


def _batch(state: dict[str, Any]) -> Batch:
    return Batch(
        s3=boto3.client("s3"),
        sagemaker=boto3.client("sagemaker"),
        bucket=os.environ["BUCKET_NAME"],
        key=state["batch"],
        model_name=state["model"],
        job_name_prefix=os.environ["JOB_NAME_PREFIX"],
        instance_type=os.environ["INSTANCE_TYPE"],
        population=state["population"],
        volume_key_arn=os.environ.get("VOLUME_KEY_ARN"),
    )


def _file(state: dict[str, Any]) -> S3File:
    return S3File(boto3.client("s3"), os.environ["BUCKET_NAME"], state["key"])
