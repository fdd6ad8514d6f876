"""What the gate found, as a table and, below it, stack by stack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from operations.diff_gate.contents import without_hashes
from operations.diff_gate.verdict import Kind, Verdict

_WORDS = {
    Kind.HARMLESS: "harmless",
    Kind.REPLACEMENT: "REPLACEMENT",
    Kind.DESTRUCTION: "DESTRUCTION",
    Kind.BROADENING: "IAM BROADENING",
}
_NO_STACK = ""
_LONGEST_REPORT = 60_000
"""Characters; a comment on a pull request takes 65,536."""


def table(verdicts: Sequence[Verdict]) -> str:
    """Return one row per stage, environment and region, and one column per stack."""
    stacks = list(dict.fromkeys(verdict.stack for verdict in verdicts))
    cells: dict[str, dict[str, str]] = defaultdict(dict)
    for verdict in verdicts:
        cells[verdict.stage][verdict.stack] = _cell(verdict)
    rows = [["", *stacks]]
    rows += [
        [stage, *(by_stack.get(stack, _NO_STACK) for stack in stacks)]
        for stage, by_stack in cells.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return "\n".join(
        [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]
    )


def details(verdicts: Sequence[Verdict]) -> str:
    """Return the findings of every changed stack, once where several stages have the same."""
    return "\n".join(
        "\n".join([f"\n{_heading(group)}", *(f"- {line}" for line in _lines(group[0]))])
        for group in _same(verdicts)
    ).strip()


def markdown(
    verdicts: Sequence[Verdict], *, base: str, conclusion: str, notes: Sequence[str]
) -> str:
    """Return the whole report, for a pull request."""
    parts = [f"## Difference from {base}", conclusion, table(verdicts)]
    parts += [f"> {note}" for note in notes]
    for group in _same(verdicts):
        lines = "\n".join(f"- `{line}`" for line in _lines(group[0]))
        parts.append(f"### {_heading(group)}\n\n{lines}")
    text = "\n\n".join(parts)
    for group in _same(verdicts):
        more = (
            f"\n\n<details><summary>cdk diff {group[0].stage}/{group[0].stack}</summary>\n\n"
            f"````\n{group[0].cdk_text.strip()}\n````\n\n</details>"
        )
        if len(text) + len(more) < _LONGEST_REPORT:
            text += more
    if len(text) > _LONGEST_REPORT:
        text = text[:_LONGEST_REPORT] + "\n\n… the rest is in the job's artifact."
    return text + "\n"


def _cell(verdict: Verdict) -> str:
    kinds = sorted(verdict.kinds, reverse=True)
    if not kinds:
        return "none"
    worse = [kind for kind in kinds if kind is not Kind.HARMLESS]
    words = " + ".join(_WORDS[kind] for kind in worse or kinds)
    if verdict.presence != "both":
        words = f"{verdict.presence}: {words}"
    if verdict.content_only and not worse:
        words += " (assets only)"
    return words


def _heading(group: Sequence[Verdict]) -> str:
    first = group[0]
    trains = ", trains a model" if first.trains else ""
    return f"{first.stack} in {', '.join(each.stage for each in group)}: {_cell(first)}{trains}"


def _lines(verdict: Verdict) -> list[str]:
    lines = [
        f"{_WORDS[kind]}: {line}"
        for kind in sorted(verdict.findings, reverse=True)
        for line in verdict.findings[kind]
    ]
    if verdict.content_of:
        lines.append(f"{_WORDS[Kind.HARMLESS]}: assets only: {', '.join(verdict.content_of)}")
    return lines + [f"narrowed: no longer {line}" for line in verdict.narrowed]


def _same(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """Group changed stacks that differ in nothing but the stage's name."""
    groups: dict[tuple[str, ...], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if not verdict.kinds:
            continue
        region = verdict.stage.split("-", 1)[1] if "-" in verdict.stage else verdict.stage
        lines = (
            without_hashes(line).replace(verdict.stage, "<stage>").replace(region, "<region>")
            for line in _lines(verdict)
        )
        groups[verdict.stack, _cell(verdict), *lines].append(verdict)
    return list(groups.values())
