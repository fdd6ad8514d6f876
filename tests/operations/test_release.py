"""A release, made in a clone of this repository."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from local.settings import PROJECT_ROOT
from operations import release

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--shared", str(PROJECT_ROOT), str(folder))
    git(folder, "checkout", "--quiet", "-B", "main")
    git(folder, "config", "user.name", "Tester")
    git(folder, "config", "user.email", "tester@example.org")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def note(clone: Path, text: str) -> None:
    """Commit a changelog that says what is unreleased."""
    (clone / "CHANGELOG.md").write_text(f"# Changelog\n\n## Unreleased\n\n{text}\n")
    git(clone, "commit", "--quiet", "--all", "--allow-empty", "--message", "Note")


def test_release_writes_one_version_everywhere_and_names_the_model(clone: Path) -> None:
    note(clone, "- Something new.")
    release.check(clone, "9.8.7")
    assert release.commit(clone, "9.8.7") == "v9.8.7"
    model = json.loads((clone / "model_code/pretrained/provenance.json").read_text())["model"]
    assert 'current_version = "9.8.7"' in (clone / "pyproject.toml").read_text()
    contract = json.loads((clone / "lambda/openapi/open.json").read_text())
    assert contract["info"]["version"] == "9.8.7"
    heading = (
        rf"^## Unreleased\n\n## 9\.8\.7, \d{{4}}-\d\d-\d\d, model {model}\n\n- Something new\."
    )
    assert re.search(heading, (clone / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert git(clone, "describe", "--tags") == "v9.8.7"
    assert git(clone, "status", "--porcelain") == ""
    with pytest.raises(release.ReleaseError, match="lists nothing under 'Unreleased'"):
        release.check(clone, "9.8.8")


def test_wrong_version_is_refused_with_what_is_allowed(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(clone)
    for version, reason in {"1.x": "Three numbers", "0.0.1": "is not above"}.items():
        assert release.main(["check", version]) == 2
        assert reason in capsys.readouterr().err


def test_uncommitted_change_or_another_branch_is_refused(clone: Path) -> None:
    note(clone, "- Something new.")
    (clone / "README.md").write_text("changed")
    with pytest.raises(release.ReleaseError, match="not committed"):
        release.check(clone, "9.8.7")
    git(clone, "checkout", "--quiet", "--", "README.md")
    git(clone, "checkout", "--quiet", "-b", "elsewhere")
    with pytest.raises(release.ReleaseError, match="this is elsewhere"):
        release.check(clone, "9.8.7")
