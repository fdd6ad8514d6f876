"""Images that a Docker engine runs (``LOCAL_CONTAINERS=docker``)."""

from __future__ import annotations

from local.aws_api import Record
from local.engine import Engine
from local.sagemaker import registry
from local.sagemaker.contracts import Fetch, Layout, Program, UnsupportedImageError, job_environment


def train(job: Record, layout: Layout, _fetch: Fetch, *, engine: Engine) -> Program:
    """Describe the container of a training job: its image's own entry point, or the job's.

    Parameters
    ----------
    job, layout
        As of every contract.
    engine
        What runs it.
    """
    specification = job["AlgorithmSpecification"]
    entry_point = specification.get("ContainerEntrypoint", [])
    arguments = [*entry_point[1:], *specification.get("ContainerArguments", [])]
    return Program(
        arguments if entry_point else (arguments or ["train"]),
        job_environment(job),
        layout.base,
        image=_find(engine, specification["TrainingImage"]),
        entry_point=entry_point[0] if entry_point else None,
    )


def serve(container: Record, layout: Layout, _fetch: Fetch, *, engine: Engine) -> Program:
    """Describe the container of a model server; see `train`."""
    return Program(
        ["serve"],
        dict(container.get("Environment", {})),
        layout.base,
        image=_find(engine, container["Image"]),
    )


def _find(engine: Engine, image: str) -> str:
    """Id of an image in the engine.

    Raises
    ------
    UnsupportedImageError
        If it is not there; the message says how it gets there.
    """
    if registry.is_own(image):
        pushed = registry.id_in_engine(image)
        if engine.image_id(pushed) is None:
            raise UnsupportedImageError(
                f"{image} was pushed, but the engine has it no longer: build and push it again"
            )
        return pushed
    known = engine.image_id(image)
    if known is None:
        host = image.partition("/")[0]
        raise UnsupportedImageError(
            f"the Docker engine has no image {image}. Whoever has an AWS account can fetch it: "
            f"`aws ecr get-login-password --region {host.split('.')[3]} | docker login --username "
            f"AWS --password-stdin {host} && docker pull {image}`. Without LOCAL_CONTAINERS=docker "
            "a program of this machine plays it"
        )
    return known
