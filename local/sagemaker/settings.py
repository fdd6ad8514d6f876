"""What the local SageMaker needs to know about its surroundings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from local.engine import Engine
from local.settings import PROJECT_ROOT


@dataclass(frozen=True, kw_only=True)
class SageMakerSettings:
    """Surroundings of the local SageMaker.

    Parameters
    ----------
    state_folder
        State folder of the embedded AWS; its path marks every process that is started here.
        Records are saved through the emulator's own persistence, not here.
    temporary_folder
        Folder for work folders, each of which goes away with its job or model server.
    model_python
        Interpreter that plays the containers.
    notebook_python
        Interpreter that runs JupyterLab and the lessons' kernel on notebook instances; need not
        exist before one is opened.
    engine
        Engine that runs the containers; None where programs of this machine play them.
    lifecycle_timeout_seconds
        Longest time that one script of a lifecycle configuration may take; 300 s on AWS.
    stop_grace_seconds
        Time between SIGTERM and SIGKILL for a training job; 120 s on AWS.
    serving_grace_seconds
        The same for a model server; 30 s on AWS.
    invocation_timeout_seconds
        Longest time a model server may take for an answer; 60 s on AWS.
    startup_timeout_seconds
        Longest time until a model server's first healthy ``/ping``; 180 s on AWS.
    hung_after_seconds
        Time without an answer to ``/ping`` after which a model server is ended and started anew.
    """

    state_folder: Path
    temporary_folder: Path
    model_python: Path
    notebook_python: Path = PROJECT_ROOT / ".venv-notebooks" / "bin" / "python"
    engine: Engine | None = None
    lifecycle_timeout_seconds: float = 300.0
    stop_grace_seconds: float = 120.0
    serving_grace_seconds: float = 30.0
    invocation_timeout_seconds: float = 60.0
    startup_timeout_seconds: float = 180.0
    hung_after_seconds: float = 30.0

    @property
    def notebooks_folder(self) -> Path:
        """Folder of the notebook instances' volumes, which outlive this process."""
        return self.state_folder.resolve() / "notebooks"

    @property
    def work_folder(self) -> Path:
        """Folder of everything temporary of this service in this process."""
        return self.temporary_folder.resolve() / "sagemaker" / f"emulator-{os.getpid()}"
