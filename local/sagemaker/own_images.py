"""Images of the account's own, as programs of this machine keep their contract.

An image's entry point is started with the argument ``train`` or ``serve``, on the files that were
pushed with it. What the image would have installed is the interpreter's here, so the Python that
the entry point names is ours; the working folder is on its path, as ``python -m`` has it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.aws_api import Record
from local.sagemaker import artifacts, registry
from local.sagemaker.contracts import (
    Fetch,
    HostingContract,
    Layout,
    Program,
    TrainingContract,
    UnsupportedImageError,
    job_environment,
)


@dataclass(frozen=True)
class OwnTraining(TrainingContract):
    """The account's own image, started with the argument ``train``.

    Attributes
    ----------
    python
        Interpreter that runs it.
    """

    python: Path

    def prepare(self, job: Record, layout: Layout, _fetch: Fetch) -> Program:
        """Unpack the image, and describe how its entry point is started."""
        image = job["AlgorithmSpecification"]["TrainingImage"]
        return _program(image, "train", job_environment(job), layout, self.python)


@dataclass(frozen=True)
class OwnHosting(HostingContract):
    """The account's own image, started with the argument ``serve``.

    Attributes
    ----------
    python
        Interpreter that runs it.
    """

    python: Path

    def prepare(self, container: Record, layout: Layout, _fetch: Fetch) -> Program:
        """Unpack the image, and describe how its entry point is started."""
        environment = container.get("Environment", {})
        return _program(container["Image"], "serve", environment, layout, self.python)


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
