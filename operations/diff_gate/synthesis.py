"""Both sides of a comparison, synthesized without credentials.

The base is synthesized by its own code, from its own files, in a folder of its own. What the
two sides ship that is built, the training data and the functions' layer, is the head's on
both, so that a difference is a difference of the code.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.deployment import CDK_COMMAND
from stacks.shipped_folder import REPOSITORY

_BUILT = ("build/train", "build/layer")
_BUILT_FROM = {
    "the functions' layer": (
        "lambda/requirements.txt",
        "operations/layer_bytecode.mjs",
        "package.json",
    ),
    "the training data": ("model_code/data.py", "model_code/names.py"),
}
_REQUIREMENTS = "requirements.txt"
_UV = REPOSITORY / ".venv" / "bin" / "uv"


class UnknownReferenceError(ValueError):
    """The base is nothing that git knows."""


class SynthesisError(RuntimeError):
    """One side cannot be synthesized; the message is what its synthesis printed."""

    def __init__(self, side: str, output: str) -> None:
        super().__init__(output)
        self.side = side


def resolve(reference: str) -> str:
    """Return the commit that a reference names.

    Raises
    ------
    UnknownReferenceError
        With what to do about it.
    """
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if found.returncode != 0:
        raise UnknownReferenceError(
            f"git knows no commit {reference!r} here. Name a branch, a tag or a commit; "
            "a branch of the remote needs `git fetch` first, a shallow clone "
            "`git fetch --unshallow`."
        )
    return found.stdout.decode().strip()


def synthesize_head(output: Path, context: Sequence[str]) -> None:
    """Synthesize the files as they lie here, committed or not.

    Raises
    ------
    SynthesisError
        If they cannot be synthesized.
    """
    _synthesize("head", REPOSITORY, output, context)


def synthesize_base(commit: str, work: Path, output: Path, context: Sequence[str]) -> None:
    """Synthesize the files of a commit.

    Parameters
    ----------
    commit
        As :func:`resolve` returns it.
    work
        Folder for the files of the commit; it is emptied first, and removed afterwards.
    output
        Folder for the assembly.
    context
        Settings, as ``-c`` takes them, for both sides.

    Raises
    ------
    SynthesisError
        If they cannot be synthesized.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        archive = _git("archive", commit)
        if archive.returncode != 0:
            raise SynthesisError("base", archive.stderr.decode())
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(work, filter="data")
        for folder in _BUILT:
            shutil.copytree(REPOSITORY / folder, work / folder, symlinks=True, copy_function=_link)
        (work / ".venv").symlink_to(_environment(work))
        _synthesize("base", work, output, context)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def built_anew(commit: str) -> list[str]:
    """Say what a deploy will build differently although the comparison shows it as the same."""
    return [
        name
        for name, sources in _BUILT_FROM.items()
        if any(_git("diff", "--quiet", commit, "--", source).returncode != 0 for source in sources)
    ]


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _environment(work: Path) -> Path:
    """Find the packages that the base asks for: these, or others from uv's cache."""
    if not (work / _REQUIREMENTS).exists():
        raise SynthesisError("base", f"{_REQUIREMENTS} is missing: it is not this application.")
    wanted = (work / _REQUIREMENTS).read_bytes()
    if wanted == (REPOSITORY / _REQUIREMENTS).read_bytes():
        return Path(sys.prefix)
    digest = hashlib.sha256(wanted).hexdigest()[:16]
    environment = REPOSITORY / "build" / f"venv-diff-{digest}"
    stamp = environment / ".stamp"
    if stamp.exists():
        return environment
    made = _run(
        [str(_UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(environment)]
    )
    install = [str(_UV), "pip", "sync", "--quiet", "--require-hashes", "--python"]
    install += [str(environment / "bin" / "python"), str(work / _REQUIREMENTS)]
    if made.returncode == 0:
        made = _run([*install, "--offline"])
    if made.returncode != 0:
        made = _run(install)
    if made.returncode != 0:
        raise SynthesisError(
            "base",
            f"The base asks for other packages ({_REQUIREMENTS}), which could not be installed:\n"
            + made.stdout.decode(errors="replace"),
        )
    stamp.touch()
    return environment


def _synthesize(side: str, folder: Path, output: Path, context: Sequence[str]) -> None:
    shutil.rmtree(output, ignore_errors=True)
    # `--build :` leaves out cdk.json's own step: what it makes is given.
    command = [str(CDK_COMMAND), "synth", "--quiet", "--no-notices", "--no-color", "--no-lookups"]
    command += ["--build", ":", "--output", str(output)]
    command += [argument for setting in context for argument in ("-c", setting)]
    done = subprocess.run(
        command,
        cwd=folder,
        env=_without_credentials(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0 or not (output / "manifest.json").exists():
        raise SynthesisError(side, done.stdout.strip())


def _without_credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out all that belongs to an account, so that both sides depend on files only."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("AWS_", "CDK_DEFAULT_"))
    }
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, check=False)


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
