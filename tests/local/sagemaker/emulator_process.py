"""Runs ministack with nothing but our own services, for the tests of this folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import ministack.app
from ministack.core import iam_evaluator

from local import application_autoscaling, sagemaker
from local.bridges import metric_namespace


def main() -> None:
    """Register the services and serve until SIGTERM."""
    folder = Path(os.environ["TEST_FOLDER"])
    _record_decisions(folder / "iam-decisions.jsonl")
    metric_namespace.install()
    service = sagemaker.register(
        sagemaker.SageMakerSettings(
            state_folder=folder,
            temporary_folder=folder / "tmp",
            model_python=Path(os.environ["TEST_MODEL_PYTHON"]),
            stop_grace_seconds=2.0,
            serving_grace_seconds=2.0,
            hung_after_seconds=4.0,
            invocation_timeout_seconds=float(os.environ["TEST_INVOCATION_SECONDS"]),
        )
    )
    application_autoscaling.register(service)
    try:
        ministack.app.main()
    finally:
        service.close()


def _record_decisions(file: Path) -> None:
    """Write down what IAM is asked, so that a test can tell which permissions were used."""
    original = iam_evaluator.enforce

    def enforce(access_key: str, action: str, *place: Any, **request: Any) -> Any:
        refused = original(access_key, action, *place, **request)
        decision = {
            "key": access_key,
            "action": action,
            "resource": request.get("resource_arn", "*"),
            "allowed": refused is None,
        }
        with file.open("a") as log:
            log.write(json.dumps(decision) + "\n")
        return refused

    iam_evaluator.enforce = enforce


if __name__ == "__main__":
    main()
