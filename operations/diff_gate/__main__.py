"""``python -m operations.diff_gate BASE``: what a change does to every stack.

Exit codes::

     0  no difference
     2  wrong usage: no such commit, no such setting of this program
     3  the base cannot be synthesized
     4  the head cannot be synthesized
    10  harmless
    20  something is replaced or destroyed, or no longer kept
    30  somebody may do more than before
    40  both of the last two
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from pathlib import Path

from operations.diff_gate.assembly import SynthesizedStack, read_assembly
from operations.diff_gate.cdk_diff import compare
from operations.diff_gate.report import details, markdown, table
from operations.diff_gate.synthesis import (
    SynthesisError,
    UnknownReferenceError,
    built_anew,
    resolve,
    synthesize_base,
    synthesize_head,
)
from operations.diff_gate.verdict import Kind, Verdict, judge
from stacks.shipped_folder import REPOSITORY


class ExitCode(IntEnum):
    """How the program ends; the module's text says what each means."""

    NONE = 0
    USAGE = 2
    BASE_BROKEN = 3
    HEAD_BROKEN = 4
    HARMLESS = 10
    REPLACEMENT_OR_DESTRUCTION = 20
    IAM_BROADENING = 30
    DESTRUCTION_AND_BROADENING = 40


_CONCLUSIONS = {
    ExitCode.NONE: "No stack changes.",
    ExitCode.HARMLESS: "All changes are harmless.",
    ExitCode.REPLACEMENT_OR_DESTRUCTION: "Something is replaced, destroyed or no longer kept.",
    ExitCode.IAM_BROADENING: "Somebody may do more than before.",
    ExitCode.DESTRUCTION_AND_BROADENING: (
        "Something is replaced, destroyed or no longer kept, and somebody may do more than before."
    ),
}
_ALLOWED = {
    "none": ExitCode.NONE,
    "harmless": ExitCode.HARMLESS,
    "replacement": ExitCode.REPLACEMENT_OR_DESTRUCTION,
    "broadening": ExitCode.DESTRUCTION_AND_BROADENING,
}


def main(arguments: Sequence[str]) -> int:
    """Compare, print, write the report; return the exit code."""
    options = _parse(arguments)
    folder: Path = options.output
    folder.mkdir(parents=True, exist_ok=True)
    code = _run(options, folder)
    (folder / "exit-code").write_text(f"{int(code)}\n")
    allowed = code <= _ALLOWED[options.allow] and code not in _BROKEN
    return ExitCode.NONE if allowed else code


_BROKEN = {ExitCode.USAGE, ExitCode.BASE_BROKEN, ExitCode.HEAD_BROKEN}


def compare_assemblies(base: Path, head: Path) -> list[Verdict]:
    """Judge every stack of two cloud assemblies.

    Parameters
    ----------
    base, head
        Folders that a synthesis wrote.
    """
    before, after = read_assembly(base), read_assembly(head)
    paths = [*after, *(path for path in before if path not in after)]
    return _judge({path: (before.get(path), after.get(path)) for path in paths})


def exit_code(verdicts: Sequence[Verdict], *, built_differently: bool = False) -> ExitCode:
    """Say how the program ends.

    Parameters
    ----------
    verdicts
        One per stack.
    built_differently
        Whether a deploy builds something else than what was compared.
    """
    kinds = {kind for verdict in verdicts for kind in verdict.kinds}
    broadened = Kind.BROADENING in kinds
    if kinds & {Kind.REPLACEMENT, Kind.DESTRUCTION}:
        return (
            ExitCode.DESTRUCTION_AND_BROADENING
            if broadened
            else ExitCode.REPLACEMENT_OR_DESTRUCTION
        )
    if broadened:
        return ExitCode.IAM_BROADENING
    return ExitCode.HARMLESS if kinds or built_differently else ExitCode.NONE


def _judge(
    stacks: dict[str, tuple[SynthesizedStack | None, SynthesizedStack | None]],
) -> list[Verdict]:
    changes = compare(
        {
            path: (base.template if base else None, head.template if head else None)
            for path, (base, head) in stacks.items()
        }
    )
    return [judge(*stacks[change.name], change) for change in changes]


def _run(options: argparse.Namespace, folder: Path) -> ExitCode:
    try:
        commit = resolve(options.base)
        print(f"Synthesizing {options.base} ({commit[:12]}) and the files here ...", flush=True)
        _synthesize_both(commit, folder, options.context)
    except UnknownReferenceError as error:
        return _fail(folder, ExitCode.USAGE, f"BASE: {error}")
    except SynthesisError as error:
        code = ExitCode.BASE_BROKEN if error.side == "base" else ExitCode.HEAD_BROKEN
        which = options.base if error.side == "base" else "the files here"
        return _fail(
            folder,
            code,
            f"The {error.side} ({which}) cannot be synthesized, so there is nothing to compare. "
            f"Its synthesis said:\n\n{error}",
        )
    verdicts = compare_assemblies(folder / "base", folder / "head")
    anew = built_anew(commit)
    notes = [
        f"{name[0].upper()}{name[1:]}: built from files that differ. Both sides were compared "
        "with what is built here; a deploy replaces it."
        for name in anew
    ]
    code = exit_code(verdicts, built_differently=bool(anew))
    conclusion = _CONCLUSIONS[code]
    _write_cdk_texts(folder / "stacks", verdicts)
    report = folder / "report.md"
    report.write_text(markdown(verdicts, base=options.base, conclusion=conclusion, notes=notes))
    parts = [table(verdicts), details(verdicts), *notes]
    parts.append(
        f"{conclusion} Exit code {int(code)}. Report: {_shown(report)}; "
        f"what `cdk diff` says of each stack: {_shown(folder / 'stacks')}/"
    )
    print("\n\n".join(part for part in parts if part))
    return code


def _synthesize_both(commit: str, folder: Path, context: Sequence[str]) -> None:
    with ThreadPoolExecutor(max_workers=2) as both:
        head = both.submit(synthesize_head, folder / "head", context)
        base = both.submit(synthesize_base, commit, folder / "files", folder / "base", context)
        # The head first: who broke it can mend it.
        head.result()
        base.result()


def _write_cdk_texts(folder: Path, verdicts: Sequence[Verdict]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for verdict in verdicts:
        if verdict.cdk_text:
            (folder / f"{verdict.stage}-{verdict.stack}.txt").write_text(verdict.cdk_text)


def _fail(folder: Path, code: ExitCode, message: str) -> ExitCode:
    (folder / "report.md").write_text(f"## No comparison\n\n````\n{message}\n````\n")
    print(f"{message}\n\nExit code {int(code)}.", file=sys.stderr)
    return code


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m operations.diff_gate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("base", help="branch, tag or commit to compare with")
    parser.add_argument(
        "--allow",
        choices=_ALLOWED,
        default="none",
        help="the worst change that still ends with 0",
    )
    parser.add_argument(
        "-c",
        dest="context",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting for both sides, as the CDK CLI takes it: -c region=eu-west-1",
    )
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "diff")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
