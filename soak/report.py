"""Writes what a soak found: figures as JSON, and the pages that people read."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from local.settings import PROJECT_ROOT
from soak import deployments, faults
from soak.rehearsing import RECOVERY_SECONDS, Outcome
from soak.surroundings import CLIENTS_PYTHON

BENCHMARKS = PROJECT_ROOT / "docs" / "benchmarks"
LOAD_RESULTS = BENCHMARKS / "soak.json"
LOAD_PAGE = BENCHMARKS / "soak.md"
FAULT_RESULTS = BENCHMARKS / "soak-faults.json"
RELIABILITY_PAGE = PROJECT_ROOT / "docs" / "reliability.md"
_BUSY_LOAD = 1.5
"""Load average per processor, before the clients came, above which figures are marked."""

_ABOUT_THE_LOAD = """
Written by `{command}`: {clients} clients for {seconds} s over all routes, on the embedded AWS with
IAM enforced, which runs everything, the clients too, on this one machine. The figures are in
[soak.json](soak.json).
"""
_HOW_IT_IS_COMPARED = """
Every client writes down what it asks for and what was acknowledged. When all have stopped, that is
compared with the table row by row, and the sums behind the insights with those of the rows.
"""
_ABOUT_THE_FAULTS = """
Written by `make soak`; do not edit it. Every fault was injected while up to {clients} clients used
all routes of the application, on the embedded AWS with IAM enforced. The clients repeat a request
when they are told to, or when nobody answers. The figures are in
[benchmarks/soak-faults.json](benchmarks/soak-faults.json); the load without faults is in
[benchmarks/soak.md](benchmarks/soak.md).
"""
_SUM_OF_THE_FAULTS = """
{faults} faults; acknowledged changes that were lost: **{lost}**; not well again {seconds:.0f} s
after the cause was gone: **{late}**.
"""
_WHAT_THE_COLUMNS_COUNT = """
*Lost* counts acknowledged changes that the tables do not show, rows that nobody asked for, and sums
that are not those of the rows, over everything until then. *Well again* is the time from the end of
the cause until every part that it concerned answers with success.
"""
_WHAT_STANDS_BEHIND_IT = """
What stands behind it: every write is one transaction with the sums that it moves and may be
repeated ([decision 7](decisions/0007-requests-that-may-be-repeated.md)); what cannot be answered
now is answered with 429, 502 or 503 and `Retry-After`; what the local AWS acknowledges it has
written down before
([decision 12](decisions/0012-the-local-aws-acknowledges-what-it-has-stored.md)).
"""


def write_load(result: Mapping[str, Any]) -> None:
    """Write the report of the load, with its plots."""
    BENCHMARKS.mkdir(parents=True, exist_ok=True)
    LOAD_RESULTS.write_text(json.dumps(_compact(result), indent=1) + "\n")
    LOAD_PAGE.write_text(load_page(result))
    subprocess.run(
        [str(CLIENTS_PYTHON), "-m", "soak.plots", str(LOAD_RESULTS), str(BENCHMARKS)],
        cwd=PROJECT_ROOT,
        check=True,
    )


def write_outcome(outcome: Outcome, *, clients: int, taken_on: Mapping[str, Any]) -> None:
    """Put the outcome of a fault into the table, in place of that of an earlier run.

    Parameters
    ----------
    outcome
        What became of it.
    clients
        Number of clients that were at work.
    taken_on
        The machine, as `soak.machine` described it before the fault.
    """
    BENCHMARKS.mkdir(parents=True, exist_ok=True)
    known: dict[str, Any] = {}
    if FAULT_RESULTS.exists():
        known = {row["name"]: row for row in json.loads(FAULT_RESULTS.read_text())["faults"]}
    known[outcome.name] = {
        **asdict(outcome),
        "finding": {**asdict(outcome.finding), "is_clean": outcome.finding.is_clean},
        "recovered_in_time": outcome.recovered_in_time,
        "clients": clients,
        "load_average": taken_on["load_average"],
    }
    rows = [known[fault.name] for fault in (*faults.ALL, *deployments.ALL) if fault.name in known]
    # Every fault had a load of its own.
    machine = {name: value for name, value in taken_on.items() if name != "load_average"}
    result = {"command": "make soak", "machine": machine, "faults": rows}
    FAULT_RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    RELIABILITY_PAGE.write_text(reliability_page(rows, machine))


def load_page(result: Mapping[str, Any]) -> str:
    """Return the Markdown page of the load."""
    lines = [
        "# Under load",
        "",
        _text(_ABOUT_THE_LOAD, **result),
        "",
        _machine(result["machine"], [result["machine"]["load_average"]]),
        "",
        *_counts(result),
        "",
        _text(_HOW_IT_IS_COMPARED),
        "",
        *_response_times(result),
        "",
        *_other_answers(result["failures"]),
        "",
        *_memory(result["memory_mb"]),
        "",
    ]
    return "\n".join(lines)


def _counts(result: Mapping[str, Any]) -> list[str]:
    reconciliation = result["reconciliation"]
    acknowledged = reconciliation["acknowledged"]
    return [
        "| | |",
        "|---|---|",
        f"| requests | {result['requests']:,} ({result['requests_per_second']} per second) |",
        f"| acknowledged changes | {sum(acknowledged.values()):,} |",
        f"| **lost** | **{len(reconciliation['lost'])}** |",
        f"| stored twice or by nobody | {len(reconciliation['invented'])} |",
        f"| sums that differ from the rows | {len(reconciliation['sums_differ'])} |",
        f"| answers 5xx | {result['server_errors']} |",
        f"| throttled with 429 | {result['throttled']} |",
        f"| feedbacks that were given up, in spite of repeating | {reconciliation['unanswered']} |",
    ]


def _response_times(result: Mapping[str, Any]) -> list[str]:
    lines = [
        "## Response times",
        "",
        "Of answers with success, in milliseconds.",
        "",
        "| route | requests | p50 | p95 | p99 |",
        "|---|--:|--:|--:|--:|",
    ]
    routes = {**result["routes"], "all": {"requests": result["requests"], **result["all_routes"]}}
    for route, figures in routes.items():
        times = " | ".join(_number(figures[f"p{share}_ms"]) for share in (50, 95, 99))
        lines.append(f"| `{route}` | {figures['requests']:,} | {times} |")
    return [*lines, "", "![Requests and response times](soak-times.png)"]


def _other_answers(failures: Mapping[str, int]) -> list[str]:
    if not failures:
        return ["## Other answers", "", "None: every request was answered with success."]
    rows = [f"| {kind} | {count:,} |" for kind, count in failures.items()]
    return ["## Other answers", "", "| answer | times |", "|---|--:|", *rows]


def _memory(megabytes_by_kind: Mapping[str, Mapping[str, float]]) -> list[str]:
    lines = [
        "## Memory",
        "",
        "Resident, in MB; the functions run in up to four processes each.",
        "",
        "| | first | peak | last |",
        "|---|--:|--:|--:|",
    ]
    for kind, megabytes in megabytes_by_kind.items():
        values = " | ".join(f"{megabytes[name]:,.0f}" for name in ("first", "peak", "last"))
        lines.append(f"| {kind} | {values} |")
    return [*lines, "", "![Memory over time](soak-memory.png)"]


def reliability_page(rows: Sequence[Mapping[str, Any]], taken_on: Mapping[str, Any]) -> str:
    """Return the Markdown page of the faults."""
    lines = [
        "# What it survives",
        "",
        _text(_ABOUT_THE_FAULTS, clients=max(row["clients"] for row in rows)),
        "",
        _machine(taken_on, [row["load_average"] for row in rows]),
        "",
        _text(
            _SUM_OF_THE_FAULTS,
            faults=len(rows),
            lost=sum(map(_lost, rows)),
            seconds=RECOVERY_SECONDS,
            late=sum(not row["recovered_in_time"] for row in rows),
        ),
        "",
        "| fault | made by | clients saw, besides success | lost | well again after |",
        "|---|---|---|--:|---|",
        *map(_row, rows),
        "",
        _text(_WHAT_THE_COLUMNS_COUNT),
        "",
        _text(_WHAT_STANDS_BEHIND_IT),
        "",
    ]
    return "\n".join(lines)


def _row(row: Mapping[str, Any]) -> str:
    seen = "; ".join(f"{kind} ({count}×)" for kind, count in row["seen"].items()) or "nothing"
    after = "never" if row["recovered_after"] is None else f"{row['recovered_after']} s"
    if not row["recovered_in_time"]:
        after = f"**{after}**"
    if row["note"]:
        after += f". {row['note']}"
    cells = (
        row["name"],
        row["how"],
        f"{seen}, of {row['requests']} requests",
        str(_lost(row)),
        after,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _lost(row: Mapping[str, Any]) -> int:
    return sum(len(row["finding"][kind]) for kind in ("lost", "invented", "sums_differ"))


def _text(paragraph: str, **values: Any) -> str:
    """Return a paragraph in one line, as Markdown is kept here in generated pages."""
    return " ".join(paragraph.split()).format(**values)


def _machine(taken_on: Mapping[str, Any], load_averages: Sequence[float]) -> str:
    low, high = min(load_averages), max(load_averages)
    text = _text(
        """
        Machine: {processors} processors, {memory_gb} GB, Python {python}; load average before it
        began {load}.
        """,
        **taken_on,
        load=low if low == high else f"{low} to {high}",
    )
    if high > _BUSY_LOAD * taken_on["processors"]:
        text += (
            " **The machine was busy with other work**: times are longer than on a quiet one, and"
            " functions start more slowly; nothing else is touched by that."
        )
    return text


def _number(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds:,.0f}"


def _compact(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Thin out what is plotted: a look at the memory every 5 s is enough in the repository."""
    kept = [seen for seen in result["memory_over_time"] if seen[0] % 5 < 1.2]
    return {**result, "memory_over_time": kept}


def outcome_line(outcome: Outcome) -> str:
    """Return an outcome in one line, for the terminal."""
    state = "ok" if outcome.is_well else "FAILED"
    return f"  {state:6} {outcome.name}: {outcome.recovered_after} s, {outcome.seen or 'nothing'}"


def load_lines(result: Mapping[str, Any]) -> list[str]:
    """Return the load's report in a few lines, for the terminal."""
    times = result["all_routes"]
    return [
        (
            f"  {result['requests']:,} requests, {result['requests_per_second']} per second;"
            f" p50 {_number(times['p50_ms'])} ms, p95 {_number(times['p95_ms'])} ms,"
            f" p99 {_number(times['p99_ms'])} ms"
        ),
        f"  other answers: {result['failures'] or 'none'}",
        (
            f"  acknowledged {sum(result['reconciliation']['acknowledged'].values()):,},"
            f" lost {len(result['reconciliation']['lost'])}"
        ),
    ]
