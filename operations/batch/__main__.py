"""``make batch INPUT=names.csv``: docs/batch.md says what it does."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from batch_inference.batch import Batch, Chunks, current_model
from batch_inference.errors import BatchError
from batch_inference.files import InputFile, LocalFile, S3File
from batch_inference.results import Summary
from batch_inference.steps import BAD_LINES, RESULTS, batch_key, send_names, write_beside
from local.progress import say
from operations.aws import AwsError
from operations.deployment_target import Target, TargetError, find_target
from stacks.settings import SettingsError

_POLL_SECONDS_LOCAL = 0.5
_POLL_SECONDS = 15.0
_BAD_LINES_SHOWN = 10


def main(arguments: list[str] | None = None) -> None:
    """Run a batch to its end."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except (BatchError, TargetError, SettingsError) as error:
        sys.exit(f"batch: {error}")
    except (*AwsError, OSError) as error:
        sys.exit(f"batch: {error}\nWhat is done stays: run the same again to go on")


def _run(options: argparse.Namespace) -> None:
    target = find_target(
        region=options.region, environment=options.environment, stack_name=options.stack
    )
    say(f"For {target}")
    foundation = ["Foundation"] if target.settings.customer_key else []
    outputs = target.outputs("Storage", "Model", *foundation)
    sagemaker = target.client("sagemaker")
    model = current_model(sagemaker, outputs["EndpointName"])
    file = _file(options.input, target)
    batch = Batch(
        s3=target.client("s3"),
        sagemaker=sagemaker,
        bucket=outputs["BucketName"],
        key=batch_key(file, model, options.column, options.population),
        model_name=model,
        job_name_prefix=target.settings.batch_job_name_prefix,
        instance_type=target.settings.batch_instance_type,
        population=options.population,
        volume_key_arn=outputs.get("KeyArn"),
    )
    say(f"Batch {batch.key} with the model {model}")
    chunks = send_names(batch, file, options.column)
    say(f"{chunks.names:,} names in {chunks.count:,} chunks in s3://{batch.bucket}")
    _transform(batch, chunks, _POLL_SECONDS_LOCAL if target.local else _POLL_SECONDS)
    summary = write_beside(batch, file, chunks, options.column, for_spreadsheet=options.spreadsheet)
    _report(summary, file)
    if options.remove:
        say(f"Removed from the bucket: {batch.remove():,} objects")
    else:
        days = target.settings.batch_keep_days
        say(f"Names and answers go from the bucket after {days} days; REMOVE=1 removes them now")


def _transform(batch: Batch, chunks: Chunks, pause_seconds: float) -> None:
    job = batch.next_job(chunks)
    if job is None and chunks.count:
        say("All of them were done before")
    while job is not None:
        say(f"Transform job {job.name}: {job.chunks_before:,} of {chunks.count:,} chunks done")
        done = job.chunks_before
        while batch.is_running(job):
            time.sleep(pause_seconds)
            now = len(batch.finished())
            if now != done:
                done = now
                say(f"  {done:,} of {chunks.count:,} chunks ({done / chunks.count:.0%})")
        job = batch.next_job(chunks, job)


def _report(summary: Summary, file: InputFile) -> None:
    counts = ", ".join(f"{gender} {count:,}" for gender, count in sorted(summary.genders.items()))
    say(f"{file.name_beside(RESULTS)}: {summary.rows:,} rows ({counts})")
    if summary.bad_lines:
        say(f"{file.name_beside(BAD_LINES)}: {len(summary.bad_lines):,} bad lines, inferred as U")
        for line, problem in summary.bad_lines[:_BAD_LINES_SHOWN]:
            say(f"  line {line:,}: {problem}")


def _file(address: str, target: Target) -> InputFile:
    parts = urlsplit(address)
    if parts.scheme == "s3":
        return S3File(target.client("s3"), parts.netloc, parts.path.lstrip("/"))
    return LocalFile(Path(address))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="batch", description=__doc__)
    parser.add_argument("input", help="path of a CSV file, or s3://bucket/key")
    parser.add_argument("--region", default=os.environ.get("REGION") or None)
    parser.add_argument("--environment", default=os.environ.get("ENVIRONMENT") or None)
    parser.add_argument("--stack", help="the stack that a launch link created")
    parser.add_argument("--column", help="header of the column of first names")
    parser.add_argument("--population", choices=("us", "world"))
    parser.add_argument(
        "--spreadsheet", action="store_true", help="make the results safe for a spreadsheet"
    )
    parser.add_argument(
        "--remove", action="store_true", help="remove names and answers from the bucket"
    )
    return parser


if __name__ == "__main__":
    main()
