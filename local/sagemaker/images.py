"""Which contract each container image speaks.

Without an engine no image is pulled or run: an image's name stands for a contract between
SageMaker and a program, and the contract knows how to start that program on this machine. With an
engine, every image is run from itself.
"""

from __future__ import annotations

from local.aws_api import Record
from local.image_names import ImageName
from local.sagemaker import registry
from local.sagemaker.contracts import HostingContract, TrainingContract, UnsupportedImageError
from local.sagemaker.engine_images import EngineHosting, EngineTraining
from local.sagemaker.entry_points import EntryPointTraining, brings_entry_point
from local.sagemaker.framework_images import HandlerHosting, ScriptModeTraining
from local.sagemaker.own_images import OwnHosting, OwnTraining
from local.sagemaker.settings import SageMakerSettings

_SCRIPT_MODE = ("tensorflow-training", "pytorch-training", "sagemaker-scikit-learn")
_HANDLERS = ("sagemaker-scikit-learn",)


def training_contract(job: Record, settings: SageMakerSettings) -> TrainingContract:
    """Contract of a training job's image.

    Raises
    ------
    UnsupportedImageError
        If the image is neither the account's own nor a framework image that is known here.
    """
    if settings.engine is not None:
        return EngineTraining(settings.engine)
    if brings_entry_point(job):
        return EntryPointTraining(settings.model_python)
    image = job["AlgorithmSpecification"]["TrainingImage"]
    if registry.is_own(image):
        return OwnTraining(settings.model_python)
    if _repository(image) in _SCRIPT_MODE:
        return ScriptModeTraining(settings.model_python)
    raise UnsupportedImageError(
        f"the embedded SageMaker has no contract for the training image {image}; it knows images "
        f"in the account's own registry and {', '.join(_SCRIPT_MODE)}"
    )


def hosting_contract(container: Record, settings: SageMakerSettings) -> HostingContract:
    """Contract of an inference image.

    Raises
    ------
    UnsupportedImageError
        If the image is neither the account's own nor a framework image that is known here.
    """
    if settings.engine is not None:
        return EngineHosting(settings.engine)
    image = container["Image"]
    if registry.is_own(image):
        return OwnHosting(settings.model_python)
    if _repository(image) in _HANDLERS:
        return HandlerHosting(settings.model_python)
    raise UnsupportedImageError(
        f"the embedded SageMaker has no contract for the inference image {image}; it knows images "
        f"in the account's own registry and {', '.join(_HANDLERS)}"
    )


def _repository(image: str) -> str | None:
    name = ImageName.parse(image)
    return name.repository if name is not None else None
