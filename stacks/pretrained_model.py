"""The finished model, as the repository ships it (``method`` pre-trained)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from stacks.shipped_folder import MissingInputError, ShippedFolder

PRETRAINED_PREFIX = "pretrained"
ARTIFACT = "model.tar.gz"
EVALUATION = "evaluation.json"
_PROVENANCE = "provenance.json"


@dataclass(frozen=True)
class PretrainedModel:
    """A model that somebody trained before, whose files are what its provenance says.

    Attributes
    ----------
    folder
        Holds the artifact, its evaluation and its provenance.
    sha256
        Of artifact and evaluation, by name.
    """

    folder: ShippedFolder
    sha256: dict[str, str]


def pretrained_model(folder: Path) -> PretrainedModel:
    """Find a finished model and check it against its provenance.

    Parameters
    ----------
    folder
        What ``make pretrained`` made.

    Raises
    ------
    MissingInputError
        If a file is missing, or is not the one that the provenance names.
    """
    for name in (_PROVENANCE, ARTIFACT, EVALUATION):
        if not (folder / name).is_file():
            raise MissingInputError(
                f"pretrained_model: '{folder}' holds no {name}. 'make pretrained' makes it"
            )
    try:
        recorded = json.loads((folder / _PROVENANCE).read_text("utf-8"))["sha256"]
        sha256 = {name: str(recorded[name]) for name in (ARTIFACT, EVALUATION)}
    except (ValueError, KeyError, TypeError) as error:
        raise MissingInputError(
            f"pretrained_model: '{folder / _PROVENANCE}' names no sha256 of {ARTIFACT} and "
            f"{EVALUATION}"
        ) from error
    for name, wanted in sha256.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != wanted:
            raise MissingInputError(
                f"pretrained_model: the sha256 of '{folder / name}' is {found}, and "
                f"{_PROVENANCE} says {wanted}. Restore the file, or run 'make pretrained'"
            )
    version = hashlib.sha256("".join(sha256.values()).encode()).hexdigest()[:16]
    return PretrainedModel(ShippedFolder(folder, f"{PRETRAINED_PREFIX}/{version}"), sha256)
