"""Releases model and application under one version.

``make release VERSION=1.2.0`` runs ``check``, trains the model that the release ships with the
program as it is committed, and runs ``commit``. Nothing is pushed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

_CHANGELOG = "CHANGELOG.md"
_MODEL = Path("model_code", "pretrained", "provenance.json")
_UNRELEASED = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_VERSION = re.compile(r"^(\d+)\.(\d+)\.(\d+)$")


class ReleaseError(Exception):
    """The release cannot be made; the message says what to do first."""


def check(repository: Path, version: str) -> None:
    """Tell whether `version` may be released from the repository as it is.

    Raises
    ------
    ReleaseError
        The version is none or not above the current one, something is not committed, the
        branch is not main, or the changelog says nothing about the release.
    """
    current = _current_version(repository)
    if not _VERSION.match(version):
        raise ReleaseError(f"VERSION: {version!r} is not allowed. Three numbers, such as 1.2.0")
    if _parts(version) <= _parts(current):
        raise ReleaseError(f"VERSION: {version} is not above {current}, the current version")
    if _git(repository, "status", "--porcelain"):
        raise ReleaseError("There are changes that are not committed. Commit them first")
    branch = _git(repository, "rev-parse", "--abbrev-ref", "HEAD")
    if branch != "main":
        raise ReleaseError(f"Releases are made from main, and this is {branch}")
    entries = _UNRELEASED.search((repository / _CHANGELOG).read_text("utf-8"))
    if entries is None or not re.search(r"^- ", entries[1], re.MULTILINE):
        raise ReleaseError(
            f"{_CHANGELOG} lists nothing under 'Unreleased'. Say what the release changes"
        )


def commit(repository: Path, version: str) -> str:
    """Write the version everywhere, commit it with the model, and tag the commit.

    Returns
    -------
    str
        Name of the tag.
    """
    model = json.loads((repository / _MODEL).read_text("utf-8"))["model"]
    _run(
        repository,
        [sys.executable, "-m", "bumpversion", "bump", "--new-version", version],
        RELEASE_MODEL=model,
    )
    _run(repository, [sys.executable, "-m", "openapi.generate"], PYTHONPATH="lambda")
    tag = f"v{version}"
    _git(repository, "commit", "--quiet", "--all", "--message", f"Release {version}")
    _git(repository, "tag", "--annotate", tag, "--message", f"{version}, model {model}")
    return tag


def _current_version(repository: Path) -> str:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    version: str = project["tool"]["bumpversion"]["current_version"]
    return version


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _git(repository: Path, *arguments: str) -> str:
    return _run(repository, ["git", *arguments])


def _run(repository: Path, command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=repository,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"'{' '.join(command)}' failed:\n{done.stdout}")
    return done.stdout.strip()


def main(arguments: list[str]) -> int:
    """Run one half of a release; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m operations.release", description=__doc__)
    parser.add_argument("step", choices=["check", "commit"])
    parser.add_argument("version")
    options = parser.parse_args(arguments)
    try:
        if options.step == "check":
            check(Path.cwd(), options.version)
        else:
            tag = commit(Path.cwd(), options.version)
            sys.stdout.write(f"{tag} is committed and tagged. 'git push --follow-tags' sends it\n")
    except ReleaseError as error:
        sys.stderr.write(f"release: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
