"""Plots of the load: ``python -m soak.plots RESULTS.json FOLDER``, in ``.venv-soak``."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

_SIZE = (8.0, 3.2)
_RESOLUTION = 110


def draw_times(result: dict[str, Any], file: Path) -> None:
    """Draw requests per second and response times over time."""
    seconds, throughput, p50, p95, failures = zip(*result["over_time"], strict=True)
    figure, left = pyplot.subplots(figsize=_SIZE, dpi=_RESOLUTION, layout="constrained")
    left.plot(seconds, p50, label="p50, ms", color="tab:blue")
    left.plot(seconds, p95, label="p95, ms", color="tab:orange")
    left.set_yscale("log")
    left.set_xlabel("seconds")
    left.set_ylabel("milliseconds")
    right = left.twinx()
    right.fill_between(seconds, throughput, alpha=0.15, color="tab:green", label="requests per s")
    right.plot(seconds, failures, ".", color="tab:red", label="other than success, per 5 s")
    right.set_ylim(bottom=0)
    handles = [*left.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(file)


def draw_memory(result: dict[str, Any], file: Path) -> None:
    """Draw the memory of each kind of process over time."""
    kinds: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for second, kind, megabytes in result["memory_over_time"]:
        if kind in result["memory_mb"]:
            kinds[kind].append((second, megabytes))
    figure, axes = pyplot.subplots(figsize=_SIZE, dpi=_RESOLUTION, layout="constrained")
    for kind, points in kinds.items():
        axes.plot(*zip(*points, strict=True), label=kind)
    axes.set_xlabel("seconds")
    axes.set_ylabel("MB")
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(file)


def main(arguments: list[str]) -> None:
    """Draw everything."""
    result = json.loads(Path(arguments[0]).read_text())
    folder = Path(arguments[1])
    draw_times(result, folder / "soak-times.png")
    draw_memory(result, folder / "soak-memory.png")


if __name__ == "__main__":
    main(sys.argv[1:])
