"""Which contract each container image speaks.

Without an engine no image is pulled or run: an image's name stands for a contract between
SageMaker and a program, and the contract knows how to start that program on this machine. With an
engine, every image is run from itself.
"""

from __future__ import annotations

from functools import partial

from local.aws_api import Record
from local.image_names import ImageName
from local.sagemaker import engine_images, framework_images, own_images, registry
from local.sagemaker.contracts import Contract, UnsupportedImageError
from local.sagemaker.entry_points import brings_entry_point, entry_point
from local.sagemaker.settings import SageMakerSettings

_SCRIPT_MODE = ("tensorflow-training", "pytorch-training", "sagemaker-scikit-learn")
_HANDLERS = ("sagemaker-scikit-learn",)


def training_contract(job: Record, settings: SageMakerSettings) -> Contract:
    """Contract of a training job's image.

    Raises
    ------
    UnsupportedImageError
        If the image is neither the account's own nor a framework image that is known here.
    """
    if settings.engine is not None:
        return partial(engine_images.train, engine=settings.engine)
    if brings_entry_point(job):
        return partial(entry_point, python=settings.model_python)
    image = job["AlgorithmSpecification"]["TrainingImage"]
    if registry.is_own(image):
        return partial(own_images.train, python=settings.model_python)
    _require_known(image, "training", _SCRIPT_MODE)
    return partial(framework_images.script_mode, python=settings.model_python)


def hosting_contract(container: Record, settings: SageMakerSettings) -> Contract:
    """Contract of an inference image.

    Raises
    ------
    UnsupportedImageError
        If the image is neither the account's own nor a framework image that is known here.
    """
    if settings.engine is not None:
        return partial(engine_images.serve, engine=settings.engine)
    image = container["Image"]
    if registry.is_own(image):
        return partial(own_images.serve, python=settings.model_python)
    _require_known(image, "inference", _HANDLERS)
    return partial(framework_images.handlers, python=settings.model_python)


def _require_known(image: str, use: str, known: tuple[str, ...]) -> None:
    name = ImageName.parse(image)
    if name is None or name.repository not in known:
        raise UnsupportedImageError(
            f"the embedded SageMaker has no contract for the {use} image {image}; it knows images "
            f"in the account's own registry and {', '.join(known)}"
        )
