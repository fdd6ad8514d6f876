"""Interpreters of ours under the names that programs written for other machines use."""

from __future__ import annotations

import shlex
from pathlib import Path


def write_interpreter(folder: Path, interpreter: Path) -> None:
    """Make ``python3`` and ``pip3`` in a folder mean an interpreter of ours.

    Not by symbolic links: a virtual environment's interpreter finds its packages by the path
    under which it is started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    quoted = shlex.quote(str(interpreter))
    for names, command in (
        (("python3", "python"), quoted),
        (("pip3", "pip"), f"{quoted} -m pip"),
    ):
        for name in names:
            program = folder / name
            program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
            program.chmod(0o755)
