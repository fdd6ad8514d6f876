"""The program from git to exit code: what is broken is told apart from what differs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from operations.diff_gate.__main__ import ExitCode, main
from stacks.shipped_folder import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ONE_STAGE = ["-c", "environment=production", "-c", "region=eu-west-1"]


def git(*arguments: str, given: str = "") -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=REPOSITORY,
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_unknown_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-branch", "--output", str(tmp_path)]) == ExitCode.USAGE
    assert "no commit 'no-such-branch'" in capsys.readouterr().err


def test_base_that_cannot_be_synthesized(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A commit with the licence alone, which no branch reaches: git drops it by itself.
    tree = git("mktree", given=git("ls-tree", "HEAD", "LICENSE") + "\n")
    other = git("commit-tree", tree, "-m", "another project")
    code = main([other, *ONE_STAGE, "--allow", "broadening", "--output", str(tmp_path)])
    assert code == ExitCode.BASE_BROKEN
    said = capsys.readouterr().err
    assert "The base" in said
    assert "requirements.txt is missing" in said
    assert (tmp_path / "exit-code").read_text() == "3\n"


def test_head_that_cannot_be_synthesized(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["HEAD", "-c", "region=mars-1", "--output", str(tmp_path)])
    assert code == ExitCode.HEAD_BROKEN
    said = capsys.readouterr().err
    assert "The head" in said
    assert "'mars-1' is not allowed. Allowed: us-east-1" in said
