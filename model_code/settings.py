"""Where a job or a server finds its files, and how a server is set: from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model_code.channel import POPULATIONS
from model_code.predictor import DEFAULT_THRESHOLD

_DEFAULT_PORT = 8080


class SettingsError(Exception):
    """An environment variable is not valid; the message says what is allowed."""


def base_folder(environment: Mapping[str, str]) -> Path:
    """Return SageMaker's base folder: ``SAGEMAKER_BASE_DIR``, else ``/opt/ml``."""
    return Path(environment.get("SAGEMAKER_BASE_DIR") or "/opt/ml")


def model_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the model, written by training and read by serving."""
    return Path(environment.get("SM_MODEL_DIR") or base_folder(environment) / "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFolders:
    """Folders of a training job.

    Attributes
    ----------
    train, validation
        Channels; ``validation`` is optional and may not exist.
    model, output
        Where the artifact and, on failure, the reason go.
    config
        ``hyperparameters.json`` of the job.
    """

    train: Path
    validation: Path | None
    model: Path
    output: Path
    config: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "TrainingFolders":
        """Read the folders from SageMaker's variables, with its defaults."""
        base = base_folder(environment)
        data = base / "input" / "data"
        given = environment.get("SM_CHANNEL_VALIDATION")
        validation = Path(given) if given else data / "validation"
        return cls(
            train=Path(environment.get("SM_CHANNEL_TRAIN") or data / "train"),
            validation=validation if given or validation.is_dir() else None,
            model=model_folder(environment),
            output=base / "output",
            config=base / "input" / "config" / "hyperparameters.json",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingSettings:
    """How a server answers.

    Attributes
    ----------
    model_folder
        Folder of the model.
    port
        ``SAGEMAKER_BIND_TO_PORT``.
    threshold
        ``CONFIDENCE_THRESHOLD``: below this probability the answer is ``U``; 0.5 to 1.
    population
        ``POPULATION``: whose names to assume where a request does not say.
    """

    model_folder: Path
    port: int = _DEFAULT_PORT
    threshold: float = DEFAULT_THRESHOLD
    population: str = "us"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "ServingSettings":
        """Read and check the settings.

        Raises
        ------
        SettingsError
            A variable is not valid.
        """
        port_text = environment.get("SAGEMAKER_BIND_TO_PORT") or str(_DEFAULT_PORT)
        if not port_text.isdigit() or not 0 < int(port_text) < 65536:
            raise SettingsError("SAGEMAKER_BIND_TO_PORT must be a whole number from 1 to 65535")
        try:
            threshold = float(environment.get("CONFIDENCE_THRESHOLD") or DEFAULT_THRESHOLD)
        except ValueError:
            threshold = float("nan")
        if not 0.5 <= threshold <= 1:
            raise SettingsError("CONFIDENCE_THRESHOLD must be a number from 0.5 to 1")
        population = environment.get("POPULATION") or "us"
        if population not in POPULATIONS:
            raise SettingsError(f"POPULATION must be one of {', '.join(POPULATIONS)}")
        return cls(
            model_folder=model_folder(environment),
            port=int(port_text),
            threshold=threshold,
            population=population,
        )
