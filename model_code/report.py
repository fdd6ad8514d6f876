"""Writes what a training measured: ``evaluation.json``, plots, and the lines of metrics."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

METRICS = ("accuracy", "log_loss", "brier", "ece", "errorCoded", "errorCodedWithoutNA", "naCoded")
_PACKAGES = ("tensorflow-cpu", "keras", "numpy", "anyascii")


def write_report(folder: Path, figures: dict[str, Any], about: dict[str, Any]) -> None:
    """Write the evaluation into the model folder and print its main metrics.

    Parameters
    ----------
    figures
        Per split and population, as :func:`model_code.evaluation.evaluate` returns them.
    about
        What the figures belong to: model, data, hyperparameters, time taken.
    """
    metrics = named_metrics(figures)
    document = {**about, "metrics": metrics, "versions": _versions(), **figures}
    (folder / "evaluation.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    _draw(folder, figures["test"])
    for name, value in metrics.items():
        print(f"metric {name}={value:.6f}")


def named_metrics(figures: dict[str, Any]) -> dict[str, float]:
    """Return the main figures by the names under which jobs and gates know them."""
    return {
        f"{prefix}:{metric}": figures[part][population][metric]
        for part in ("validation", "test")
        for population, prefix in (("us", part), ("world", f"{part}:world"))
        for metric in METRICS
        if metric in figures[part].get(population, {})
    }


def _draw(folder: Path, figures: dict[str, Any]) -> None:
    try:
        from model_code import plots  # an image may lack Pillow
    except ImportError:
        print("Pillow is not installed: reliability.png and coverage.png are not drawn")
        return
    plots.draw(folder, figures)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return found
