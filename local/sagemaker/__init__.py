"""A SageMaker that really trains and really serves, inside the emulator's process."""

from __future__ import annotations

import ministack.app as ministack_app
from ministack.core import router

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
    name = authorization.SERVICE
    ministack_app.SERVICE_REGISTRY[name] = {"module": name}
    ministack_app.SERVICE_HANDLERS[name] = service.handle_request
    ministack_app._state_map[name] = name
    # ministack imports services by name; this one is there already.
    ministack_app._loaded_modules[name] = service
    router.SERVICE_PATTERNS[name] = {
        "target_prefixes": ["SageMaker."],
        "host_patterns": [r"(api|runtime)\.sagemaker\."],
        "credential_scope": name,
    }
    authorization.install(service.store)
    cloudformation.install(service)
    return service
