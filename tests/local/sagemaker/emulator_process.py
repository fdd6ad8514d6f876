"""Runs ministack with nothing but our own services, for the tests of this folder."""

from __future__ import annotations

import os
from pathlib import Path

import ministack.app

from local import application_autoscaling, sagemaker


def main() -> None:
    """Register the services and serve until SIGTERM."""
    folder = Path(os.environ["TEST_FOLDER"])
    service = sagemaker.register(
        sagemaker.SageMakerSettings(
            state_folder=folder,
            temporary_folder=folder / "tmp",
            stop_grace_seconds=2.0,
            serving_grace_seconds=2.0,
            invocation_timeout_seconds=2.0,
        )
    )
    application_autoscaling.register(service)
    try:
        ministack.app.main()
    finally:
        service.close()


if __name__ == "__main__":
    main()
