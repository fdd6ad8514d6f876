"""Images of the account's own, as programs of this machine keep their contract.

An image's entry point is started with the argument ``train`` or ``serve``, on the files that were
pushed with it. What the image would have installed is the interpreter's here, so the Python that
the entry point names is ours; the working folder is on its path, as ``python -m`` has it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

from local.aws_api import Record
from local.sagemaker import artifacts, registry
from local.sagemaker.contracts import (
    Fetch,
    Layout,
    Program,
    UnsupportedImageError,
    job_environment,
)


def train(job: Record, layout: Layout, _fetch: Fetch, *, python: Path) -> Program:
    """Unpack a job's image, and describe how its entry point is started.

    Parameters
    ----------
    job, layout
        As of every contract.
    python
        Interpreter that runs it.
    """
    image = job["AlgorithmSpecification"]["TrainingImage"]
    return _program(image, "train", job_environment(job), layout, python)


def serve(container: Record, layout: Layout, _fetch: Fetch, *, python: Path) -> Program:
    """Unpack a model's image, and describe how its entry point is started; see `train`."""
    environment = container.get("Environment", {})
    return _program(container["Image"], "serve", environment, layout, python)


def _program(
    image: str,
    argument: str,
    environment: Mapping[str, str],
    layout: Layout,
    python: Path,
) -> Program:
    packed = registry.find_packed(image)
    root = layout.base.parent / "image"
    artifacts.extract(packed.layer, root)
    program, *arguments = packed.entry_point
    if not posixpath.basename(program).startswith("python"):
        raise UnsupportedImageError(
            f"{image} starts {program}; without an engine, only Python can be started"
        )
    folder = root / packed.working_folder.lstrip("/")
    return Program(
        [str(python), *arguments, argument],
        {"PYTHONPATH": str(folder), **environment},
        folder,
    )
