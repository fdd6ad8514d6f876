"""The model as arrays: what training writes into the model folder and serving reads from it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model_code.evidence import Evidence
from model_code.not_a_name import TrigramCheck
from model_code.prior import Prior

FORMAT = 1
_ARRAYS = "model.npz"
_NAMES = "names.txt"
_DESCRIPTION = "model.json"


class ArtifactError(Exception):
    """The model folder holds no model that this version can serve."""


@dataclass(frozen=True, slots=True)
class Spellings:
    """The network of spellings.

    Attributes
    ----------
    weights
        [slots, 2] in steps of ``scale``: what populations share, and what differs in the US.
    tags
        [slots] which feature owns the slot.
    scale
        [2] size of one step of each column.
    bias
        [populations].
    """

    weights: npt.NDArray[np.int8]
    tags: npt.NDArray[np.uint8]
    scale: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """All that serving needs: two networks, the known names, and what is no name."""

    spellings: Spellings
    prior: Prior
    evidence: Evidence
    check: TrigramCheck


def save(model: Model, folder: Path, description: dict[str, Any]) -> str:
    """Write a model folder and return the model's fingerprint: of all that is written."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("\n".join(model.evidence.names) + "\n").encode("ascii")
    arrays: dict[str, npt.NDArray[Any]] = {
        "weights": model.spellings.weights,
        "tags": model.spellings.tags,
        "scale": model.spellings.scale,
        "bias": model.spellings.bias,
        "prior_line": model.prior.line,
        "prior_bend": model.prior.bend,
        "prior_bend_bias": model.prior.bend_bias,
        "prior_out": model.prior.out,
        "prior_out_bias": model.prior.out_bias,
        "evidence_weight": model.evidence.weight,
        "evidence_share": model.evidence.share,
        "trigrams": model.check.log_probability,
        "trigram_threshold": np.array(model.check.threshold),
    }
    described = {"format": FORMAT, **description}
    fingerprint = _fingerprint(arrays, names, described)
    (folder / _NAMES).write_bytes(names)
    np.savez(folder / _ARRAYS, **arrays)  # type: ignore[arg-type]  # none is called allow_pickle
    (folder / _DESCRIPTION).write_text(
        json.dumps({**described, "model": fingerprint}, indent=2) + "\n", "utf-8"
    )
    return fingerprint


def _fingerprint(
    arrays: dict[str, npt.NDArray[Any]], names: bytes, description: dict[str, Any]
) -> str:
    digest = hashlib.sha256()
    forms = {name: (array.dtype.str, array.shape) for name, array in sorted(arrays.items())}
    # Forms first: from them follows where an array's bytes begin and end.
    digest.update(json.dumps([description, forms], sort_keys=True).encode())
    for name in forms:
        digest.update(arrays[name].tobytes())
    digest.update(names)
    return digest.hexdigest()[:12]


def load(folder: Path) -> tuple[Model, str]:
    """Read a model folder; returns the model and its fingerprint.

    Raises
    ------
    ArtifactError
        A file is missing, damaged or of another format.
    """
    try:
        description = json.loads((folder / _DESCRIPTION).read_text("utf-8"))
        if description["format"] != FORMAT:
            raise ArtifactError(f"The model in {folder} has format {description['format']}")
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            names = (folder / _NAMES).read_text("ascii").split("\n")[:-1]
            model = Model(
                spellings=Spellings(
                    *(arrays[part] for part in ("weights", "tags", "scale", "bias"))
                ),
                prior=Prior(
                    *(
                        arrays[f"prior_{part}"]
                        for part in ("line", "bend", "bend_bias", "out", "out_bias")
                    )
                ),
                evidence=Evidence(names, arrays["evidence_weight"], arrays["evidence_share"]),
                check=TrigramCheck(arrays["trigrams"], float(arrays["trigram_threshold"])),
            )
    except (OSError, ValueError, KeyError) as error:
        raise ArtifactError(f"No model can be read from {folder}: {error}") from error
    return model, str(description["model"])
