"""A SageMaker that really trains and really serves, inside the emulator's process."""

from __future__ import annotations

from local.aws_api import json_service
from local.sagemaker import authorization, cloudformation
from local.sagemaker.service import SageMaker
from local.sagemaker.settings import SageMakerSettings

__all__ = ["SageMaker", "SageMakerSettings", "register"]


def register(settings: SageMakerSettings) -> SageMaker:
    """Add SageMaker to the emulator of this process, before it loads its state.

    It answers on the endpoints ``sagemaker`` and ``sagemaker-runtime``, has its state saved and
    loaded with that of the other services, is enforced by IAM, and is known to CloudFormation.

    Parameters
    ----------
    settings
        Surroundings of the service.

    Returns
    -------
    SageMaker
        The service; its ``close()`` ends everything it started, which also happens when the
        process exits.
    """
    service = SageMaker(settings)
    json_service.register(
        service, target_prefix="SageMaker.", host_pattern=r"(api|runtime)\.sagemaker\."
    )
    authorization.install(service.store)
    cloudformation.install(service)
    return service
