"""What an image holds and starts, as far as its Dockerfile says so without being run."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CONTINUED = re.compile(r"\\\s*\n")
_FROM = re.compile(r"(?:--\S+\s+)*(?P<base>\S+)(?:\s+as\s+(?P<name>\S+))?$", re.IGNORECASE)


class DockerfileError(ValueError):
    """A Dockerfile from which nothing could be started here."""


@dataclass
class Stage:
    """One stage of a build.

    Attributes
    ----------
    entry_point
        Program and arguments, in exec form.
    working_folder
        Where the program starts.
    copies
        Sources below the build's context, and where in the image they go.
    """

    entry_point: list[str] = field(default_factory=list)
    working_folder: str = "/"
    copies: list[tuple[str, str]] = field(default_factory=list)


def read_stage(dockerfile: Path, target: str | None) -> Stage:
    """Read the stage that a build with this target ends in.

    ``COPY``, ``WORKDIR`` and ``ENTRYPOINT`` count, with what the stage inherits. What ``RUN``
    installs is not known: the interpreter that plays the container must have it.

    Parameters
    ----------
    dockerfile
        The file.
    target
        Name of the stage, or None for the last.

    Raises
    ------
    DockerfileError
        If there is no such stage, or its entry point is not in exec form: a shell in between
        would keep SIGTERM to itself.
    """
    stages: dict[str, Stage] = {}
    last = Stage()
    for instruction, text in _instructions(dockerfile.read_text(encoding="utf-8")):
        if instruction == "FROM":
            last = _begin(text, stages)
        elif instruction == "WORKDIR":
            last.working_folder = posixpath.join(last.working_folder, text)
        elif instruction == "ENTRYPOINT":
            last.entry_point = _exec_form(text)
        elif instruction == "COPY":
            last.copies += _copies(text, last.working_folder)
    if target is not None and target.lower() not in stages:
        raise DockerfileError(f"{dockerfile.name} has no stage {target}")
    stage = stages[target.lower()] if target is not None else last
    if not stage.entry_point:
        raise DockerfileError(f"{dockerfile.name} has no ENTRYPOINT")
    return stage


def _begin(text: str, stages: dict[str, Stage]) -> Stage:
    match = _FROM.match(text)
    if match is None:
        raise DockerfileError(f"cannot be read: FROM {text}")
    base = stages.get(match["base"].lower(), Stage())
    stage = Stage(list(base.entry_point), base.working_folder, list(base.copies))
    if match["name"]:
        stages[match["name"].lower()] = stage
    return stage


def _exec_form(text: str) -> list[str]:
    try:
        entry_point: list[str] = json.loads(text)
    except ValueError as error:
        raise DockerfileError(f"ENTRYPOINT must be in exec form, not: {text}") from error
    return entry_point


def _copies(text: str, folder: str) -> Iterator[tuple[str, str]]:
    words = text.split()
    flags = [word for word in words if word.startswith("--")]
    *sources, target = [word for word in words if not word.startswith("--")]
    if any(flag.startswith("--from=") for flag in flags):
        return
    for source in sources:
        yield source, posixpath.join(folder, target)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in _CONTINUED.sub(" ", lines).splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction:
            yield instruction.upper(), rest.strip()
