"""Entry points for CDK's custom-resource framework.

A job is found again by its name, which is the fingerprint of what it was trained from.
The same inputs have the same job, so a repeated, rolled back or retried deploy trains
nothing twice.
"""

from __future__ import annotations

from typing import Any

from training_job.inputs import TrainingInputs
from training_job.jobs import Jobs


def on_event(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Start the job that the properties ask for, or stop one that is no longer wanted.

    Returns
    -------
    dict
        ``PhysicalResourceId`` is the name of the job.
    """
    jobs = Jobs()
    if event["RequestType"] == "Delete":
        jobs.stop(event["PhysicalResourceId"])
        return {"PhysicalResourceId": event["PhysicalResourceId"]}
    inputs = TrainingInputs.from_properties(event["ResourceProperties"])
    return {"PhysicalResourceId": jobs.find_or_start(inputs)}


def is_complete(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Tell whether the job has ended.

    Returns
    -------
    dict
        ``IsComplete``, and once it is, ``ModelDataUrl`` among the ``Data``.

    Raises
    ------
    TrainingError
        If the job failed or was stopped: the message holds the reason and where the log is.
    """
    if event["RequestType"] == "Delete":
        return {"IsComplete": True}
    model_data_url = Jobs().completed_artifact(event["PhysicalResourceId"])
    if model_data_url is None:
        return {"IsComplete": False}
    return {"IsComplete": True, "Data": {"ModelDataUrl": model_data_url}}
