"""What is delivered to the notebook instance, and what SageMaker would refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stacks import lessons as module
from stacks.lessons import LifecycleScriptError, lessons, lifecycle_script
from stacks.settings import load_settings, read_presets

if TYPE_CHECKING:
    from pathlib import Path

    from stacks.settings import Method, Settings


def of(**settings: str) -> Settings:
    chosen = {"environment": "workshop", "region": "us-east-1", **settings}
    return load_settings(read_presets(), chosen)[0]


@pytest.mark.parametrize(
    ("method", "has_container"),
    [("high-level", False), ("low-level", True), ("pre-trained", False)],
)
def test_container_comes_with_the_method_that_builds_one(
    method: Method, has_container: bool, tmp_path: Path
) -> None:
    delivered = lessons(tmp_path, of(method=method)).path
    assert (delivered / "workshop" / "container" / "Dockerfile").is_file() is has_container
    assert len(list((delivered / "workshop" / "notebooks").glob("*.ipynb"))) == 4
    assert (delivered / "instance" / "kernel.sh").is_file()
    names = [path.name for path in delivered.rglob("*")]
    assert "__pycache__" not in names
    assert "work" not in names


def test_the_same_files_have_the_same_fingerprint(tmp_path: Path) -> None:
    first, second = (lessons(tmp_path / name, of(method="low-level")) for name in ("a", "b"))
    assert first.prefix == second.prefix
    assert first.prefix != lessons(tmp_path, of(method="high-level")).prefix


def test_git_repository_takes_the_place_of_the_lessons(tmp_path: Path) -> None:
    named = of(method="low-level", notebook_repository="https://git.example/team/lessons.git")
    delivered = lessons(tmp_path, named).path
    assert {path.name for path in delivered.iterdir()} == {"instance"}
    assert (delivered / "instance" / "requirements.txt").is_file()


def test_script_that_sagemaker_would_refuse_stops_the_synthesis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lifecycle"
    folder.mkdir()
    # 16,384 characters of base64 hold 12,288 bytes; the bucket's name may take 63 of them.
    (folder / "on-start.sh").write_text("@BUCKET@" + "#" * 12_226)
    monkeypatch.setattr(module, "_LESSONS", tmp_path)
    with pytest.raises(LifecycleScriptError, match=r"has 16,388 characters in base64.*16,384"):
        lifecycle_script("on-start.sh", {"BUCKET": "short"}, "short")
    (folder / "on-start.sh").write_text("@BUCKET@" + "#" * 12_225)
    assert lifecycle_script("on-start.sh", {"BUCKET": "short"}, "short").startswith("short#")
