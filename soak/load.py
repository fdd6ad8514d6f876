"""The load: many clients for some minutes, and what became of it."""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from typing import Any

from soak.processes import MemoryWatch, peaks
from soak.surroundings import Sample, Surroundings

_WINDOW_SECONDS = 5


def run(surroundings: Surroundings, *, clients: int, seconds: float, burst: int) -> dict[str, Any]:
    """Put the application under load and return the report.

    Parameters
    ----------
    surroundings
        The application.
    clients
        Number of clients at the same time.
    seconds
        How long.
    burst
        Feedbacks that one client more hands in at once, every 45 s or so.
    """
    watch = MemoryWatch(surroundings.settings.state_folder)
    begun = time.time()
    locust = surroundings.start_clients(clients, seconds, burst_requests=burst)
    try:
        surroundings.wait_for_clients(locust)
    finally:
        if locust.poll() is None:
            surroundings.stop_clients(locust)
        memory = watch.end()
    finding = surroundings.reconcile()
    samples = surroundings.samples(begun)
    return {
        "command": "make soak",
        "clients": clients,
        "seconds": seconds,
        "burst_requests": burst,
        **summary(samples, seconds),
        "reconciliation": {**asdict(finding), "is_clean": finding.is_clean},
        "memory_mb": peaks(memory),
        "memory_over_time": [list(asdict(seen).values()) for seen in memory],
        "over_time": _windows(samples, begun),
    }


def summary(samples: list[Sample], seconds: float) -> dict[str, Any]:
    """Return throughput, latencies per route, and failures by kind."""
    routes: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        routes[sample.route].append(sample)
    failures = Counter(sample.failure for sample in samples if sample.failure)
    return {
        "requests": len(samples),
        "requests_per_second": round(len(samples) / seconds, 1) if seconds else None,
        "routes": {
            route: {"requests": len(group), **percentiles(served(group))}
            for route, group in sorted(routes.items())
        },
        "all_routes": percentiles(served(samples)),
        "failures": dict(failures.most_common()),
        "server_errors": sum(sample.status >= 500 for sample in samples),
        "throttled": sum(sample.status == 429 for sample in samples),
    }


def served(samples: list[Sample]) -> list[float]:
    """Return the times of the answers that a client wants, in milliseconds."""
    return sorted(sample.milliseconds for sample in samples if not sample.failure)


def percentiles(milliseconds: list[float]) -> dict[str, float | None]:
    """Return p50, p95 and p99 of sorted times."""
    if len(milliseconds) < 2:
        only = milliseconds[0] if milliseconds else None
        return {"p50_ms": only, "p95_ms": only, "p99_ms": only}
    steps = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return {f"p{share}_ms": round(steps[share - 1], 1) for share in (50, 95, 99)}


def _windows(samples: list[Sample], begun: float) -> list[list[float]]:
    """Return per window: second, requests per second, p50 and p95 (ms), failures."""
    windows: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        ended = sample.begun + sample.milliseconds / 1000 - begun
        windows[int(ended // _WINDOW_SECONDS)].append(sample)
    rows = []
    for number, group in sorted(windows.items()):
        times = percentiles(served(group))
        rows.append(
            [
                number * _WINDOW_SECONDS,
                round(len(group) / _WINDOW_SECONDS, 1),
                times["p50_ms"] or 0.0,
                times["p95_ms"] or 0.0,
                sum(bool(sample.failure) for sample in group),
            ]
        )
    return rows
