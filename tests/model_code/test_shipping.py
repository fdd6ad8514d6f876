"""The finished model of the repository, and the program that packs one."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from model_code import artifact, shipping
from model_code.predictor import Predictor

from .conftest import REPOSITORY, Job, channel_rows, write_channel

SHIPPED = REPOSITORY / "model_code" / "pretrained"


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


def test_shipped_model_is_read_by_this_program_and_is_the_evaluated_one(tmp_path: Path) -> None:
    model, fingerprint = artifact.load(unpack(SHIPPED / shipping.ARTIFACT, tmp_path))
    assert (tmp_path / shipping.EVALUATION).read_bytes() == (
        SHIPPED / shipping.EVALUATION
    ).read_bytes()
    assert json.loads((SHIPPED / shipping.EVALUATION).read_text())["model"] == fingerprint
    answers = Predictor(model).predict(["Mary", "Tom", "Siobhán", "Jean-Luc"])
    assert [answer.gender for answer in answers] == ["F", "M", "F", "M"]


def test_model_is_packed_the_same_each_time_with_its_provenance(
    trained: Job, tmp_path: Path
) -> None:
    channel = write_channel(tmp_path / "channel", channel_rows())
    first = shipping.ship(trained.model, channel, tmp_path / "first")
    assert shipping.ship(trained.model, channel, tmp_path / "second") == first
    packed = tmp_path / "first" / shipping.ARTIFACT
    assert packed.read_bytes() == (tmp_path / "second" / shipping.ARTIFACT).read_bytes()
    assert first["sha256"][shipping.ARTIFACT] == hashlib.sha256(packed.read_bytes()).hexdigest()
    assert first["model"] == trained.evaluation["model"]
    names = hashlib.sha256((channel / "names.csv").read_bytes()).hexdigest()
    assert first["data"] == {"sha256": {"names.csv": names}, "sources": []}
    _, fingerprint = artifact.load(unpack(packed, tmp_path / "unpacked"))
    assert fingerprint == first["model"]


def test_folder_without_an_evaluation_is_not_shipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shipping.main([str(tmp_path), str(tmp_path), str(tmp_path / "out")]) == 1
    assert "holds no evaluation.json" in capsys.readouterr().err


def test_model_that_is_too_large_is_not_shipped(
    trained: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "LARGEST_ARTIFACT", 1000)
    with pytest.raises(shipping.ShippingError, match="at most 1000"):
        shipping.ship(trained.model, tmp_path, tmp_path / "out")
