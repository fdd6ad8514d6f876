"""The fingerprint of a model: another answer, another fingerprint."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from model_code import artifact
from tests.model_code.conftest import Job

DESCRIPTION = {"populations": ["world", "us"]}


def changed(value: Any) -> Any:
    if isinstance(value, float):
        return value + 1e-6
    if isinstance(value, list):
        return [*value[:-1], value[-1] + "x"]
    other = value.copy()
    other.flat[-1] += 1
    return other


def variants(model: artifact.Model) -> Iterator[artifact.Model]:
    """Yield models that differ from one in a single value."""
    for part in fields(artifact.Model):
        value = getattr(model, part.name)
        for field in fields(value):
            other = replace(value, **{field.name: changed(getattr(value, field.name))})
            yield replace(model, **{part.name: other})


def test_whatever_decides_answers_decides_the_fingerprint(trained: Job, tmp_path: Path) -> None:
    model, _ = artifact.load(trained.model)
    fingerprints = [artifact.save(other, tmp_path, DESCRIPTION) for other in variants(model)]
    with np.load(tmp_path / "model.npz") as arrays:
        assert len(fingerprints) == len(arrays.files) + len(["names.txt"])
    bias = model.spellings.bias
    for same_bytes in (bias.view(np.int32), bias[None]):
        spellings = replace(model.spellings, bias=same_bytes)
        fingerprints.append(
            artifact.save(replace(model, spellings=spellings), tmp_path, DESCRIPTION)
        )
    fingerprints.append(artifact.save(model, tmp_path, {"populations": ["us", "world"]}))
    fingerprints.append(artifact.save(model, tmp_path, DESCRIPTION))
    assert len(set(fingerprints)) == len(fingerprints)


def test_the_same_model_has_the_same_fingerprint(trained: Job, tmp_path: Path) -> None:
    model, fingerprint = artifact.load(trained.model)
    assert artifact.save(model, tmp_path, DESCRIPTION) == fingerprint
    assert json.loads((tmp_path / "model.json").read_text())["model"] == fingerprint
    assert artifact.load(tmp_path)[1] == fingerprint
