from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from stacks.shipped_folder import REPOSITORY, MissingInputError
from stacks.training_source import SOURCE_ARCHIVE_NAME, training_data, training_source

if TYPE_CHECKING:
    from pathlib import Path


def test_same_files_make_the_same_archive(tmp_path: Path) -> None:
    first = training_source(tmp_path / "first")
    second = training_source(tmp_path / "second")
    assert first.prefix == second.prefix
    archives = [folder.path / SOURCE_ARCHIVE_NAME for folder in (first, second)]
    assert archives[0].read_bytes() == archives[1].read_bytes()


def test_archive_runs_without_anything_else_of_this_repository(tmp_path: Path) -> None:
    archive = training_source(tmp_path).path / SOURCE_ARCHIVE_NAME
    unpacked = tmp_path / "code"
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    assert {path.name for path in unpacked.iterdir()} == {
        "anyascii",
        "inference.py",
        "model_code",
        "train.py",
    }
    answer = subprocess.run(
        [sys.executable, "-c", "import anyascii; print(anyascii.__file__, anyascii.anyascii('é'))"],
        cwd=unpacked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(unpacked) in answer.stdout
    assert answer.stdout.split()[1] == "e"


def test_vendored_version_is_the_one_that_the_model_is_tested_with() -> None:
    pins = [
        re.findall(r"^anyascii==\S+", path.read_text(), re.MULTILINE)
        for path in (
            REPOSITORY / "requirements.in",
            REPOSITORY / "model_code" / "requirements.in",
        )
    ]
    assert pins[0] == pins[1] != []


def test_changed_data_have_another_fingerprint(tmp_path: Path) -> None:
    channel = tmp_path / "names.csv"
    channel.write_text("name,female,male\nmary,10,1\n")
    before = training_data(tmp_path).prefix
    (tmp_path / "provenance.json").write_text("{}")
    assert training_data(tmp_path).prefix == before
    channel.write_text("name,female,male\nmary,10,2\n")
    changed = training_data(tmp_path).prefix
    assert changed != before
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "names.csv").write_text("name,female,male\ntom,1,10\n")
    assert training_data(tmp_path).prefix not in {before, changed}


def test_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="make data"):
        training_data(tmp_path / "nowhere")
