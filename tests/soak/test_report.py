from __future__ import annotations

from typing import Any

import pytest

from soak import load, machine, report
from soak.deployments import told
from soak.surroundings import Sample

MACHINE = {"processors": 2, "memory_gb": 8, "python": "3.11"}


def outcome(**changed: Any) -> dict[str, Any]:
    return {
        "name": "The model server is killed",
        "how": "`kill -9`",
        "requests": 40,
        "seen": {},
        "recovered_after": 2.5,
        "recovered_in_time": True,
        "note": "",
        "clients": 5,
        "load_average": 1.0,
        "finding": {"lost": [], "invented": [], "sums_differ": {}},
        **changed,
    }


def test_the_page_shows_what_went_wrong() -> None:
    lost = {"lost": ["a: entered, and not there"], "invented": [], "sums_differ": {"P0": [1, 2]}}
    rows = [
        outcome(),
        outcome(finding=lost, recovered_after=None, recovered_in_time=False),
        outcome(seen={"503 model_unavailable": 3}, load_average=9.0),
    ]
    page = report.reliability_page(rows, MACHINE)
    table = [line.split(" | ") for line in page.splitlines() if line.startswith("| The model")]
    assert [row[2:] for row in table] == [
        ["nothing, of 40 requests", "0", "2.5 s |"],
        ["nothing, of 40 requests", "2", "**never** |"],
        ["503 model_unavailable (3×), of 40 requests", "0", "2.5 s |"],
    ]
    assert "3 faults; acknowledged changes that were lost: **2**" in page
    assert "was busy with other work" in page
    assert "was busy with other work" not in report.reliability_page([outcome()], MACHINE)


def test_the_page_of_the_load() -> None:
    samples = [Sample(0.0, "GET /insights", 5.0, 200, "", None)] * 3
    refused = Sample(0.0, "GET /insights", 9.0, 503, "storage_unavailable", "2")
    result = {
        "command": "make soak",
        "clients": 50,
        "seconds": 10,
        "machine": {**MACHINE, "load_average": 9.0},
        "reconciliation": {
            "acknowledged": {"enter": 7},
            "lost": ["a: entered, and not there"],
            "invented": [],
            "sums_differ": {},
            "unanswered": 0,
        },
        "memory_mb": {"functions": {"first": 1.0, "peak": 3.0, "last": 2.0}},
    }
    page = report.load_page({**result, **load.summary([*samples, refused], 10)})
    assert "load average before it began 9.0. **The machine was busy" in page
    assert "| **lost** | **1** |" in page
    assert "| `GET /insights` | 4 | 5 | 5 | 5 |" in page
    assert "## Other answers\n\n| answer | times |\n|---|--:|\n| " in page
    assert "| functions | 1 | 3 | 2 |\n\n![Memory over time]" in page
    quiet = report.load_page({**result, "machine": machine.describe(), **load.summary(samples, 10)})
    assert "None: every request was answered with success." in quiet


@pytest.mark.parametrize(
    ("route", "status", "failure"),
    [
        ("GET /insights", 200, ""),
        ("DELETE /feedback/{id}", 404, ""),
        ("GET /insights", 0, "no answer"),
        ("POST /predict", 503, "503 model_unavailable, Retry-After 5"),
    ],
)
def test_an_answer_in_a_word(route: str, status: int, failure: str) -> None:
    assert Sample(0.0, route, 1.0, status, "model_unavailable", "5").failure == failure


def test_only_answers_with_success_have_their_times_counted() -> None:
    samples = [Sample(0.0, "GET /insights", float(time), 200, "", None) for time in range(1, 101)]
    refused = [Sample(0.0, "GET /insights", 9_000.0, 503, "storage_unavailable", "2")]
    figures = load.summary([*samples, *refused], 10)
    assert figures["routes"]["GET /insights"]["p50_ms"] == 50.5
    assert figures["all_routes"]["p99_ms"] < 101
    assert (figures["requests"], figures["server_errors"]) == (101, 1)


def test_what_whoever_deploys_is_told() -> None:
    output = "Deploying\n ❌ Api failed: Stack is in UPDATE_IN_PROGRESS state\nTotal time 3 s\n"
    assert told(output) == "❌ Api failed: Stack is in UPDATE_IN_PROGRESS state"
