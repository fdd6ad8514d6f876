"""Archives in and out."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from local.sagemaker import artifacts
from tests.local.sagemaker.workbench import archive


def test_packing_is_reproducible_and_extracting_restores(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "folder").mkdir(parents=True)
    (source / "folder" / "weights.txt").write_text("one")
    first = artifacts.pack(source)
    assert first is not None
    (source / "folder" / "weights.txt").touch()
    assert artifacts.pack(source) == first
    artifacts.extract(first, tmp_path / "target")
    assert (tmp_path / "target" / "folder" / "weights.txt").read_text() == "one"


def test_an_empty_folder_is_no_artifact(tmp_path: Path) -> None:
    assert artifacts.pack(tmp_path) is None
    artifacts.extract(artifacts.pack_nothing(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_cannot_leave_its_folder(tmp_path: Path) -> None:
    with pytest.raises(artifacts.ArtifactError, match="cannot be unpacked"):
        artifacts.extract(archive({"../outside.txt": "x"}), tmp_path / "inside")
    assert not (tmp_path / "outside.txt").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(artifacts.ArtifactError, match="cannot be unpacked"):
        artifacts.extract(b"no archive", tmp_path)


_GZIP = gzip.compress(b"text" * 100)


@pytest.mark.parametrize(
    "content",
    [b"no gzip data", _GZIP[:-9], _GZIP[:12] + b"\xff" * 8 + _GZIP[20:]],
    ids=["other data", "cut short", "damaged"],
)
def test_what_is_no_gzip_data_is_refused(content: bytes) -> None:
    assert artifacts.gunzip(_GZIP) == b"text" * 100
    with pytest.raises(artifacts.ArtifactError, match="cannot be unpacked"):
        artifacts.gunzip(content)


def test_links_are_packed_as_links(tmp_path: Path) -> None:
    (tmp_path / "weights.txt").write_text("one")
    (tmp_path / "latest.txt").symlink_to("weights.txt")
    packed = artifacts.pack(tmp_path)
    assert packed is not None
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert tar.getmember("latest.txt").issym()


@pytest.mark.parametrize("uri", ["https://bucket/key", "s3:///key", "bucket/key"])
def test_only_s3_addresses_are_read(uri: str) -> None:
    with pytest.raises(artifacts.ArtifactError, match="is no s3:// address"):
        artifacts.split_uri(uri)
