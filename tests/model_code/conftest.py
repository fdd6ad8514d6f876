"""A small real training, shared by the tests of this folder."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model_code import artifact
from model_code.predictor import Predictor

REPOSITORY = Path(__file__).parents[2]

WOMEN = ["anna", "maria", "elena", "sofia", "julia", "clara", "nora", "emma", "laura", "paula"]
MEN = ["john", "peter", "martin", "robert", "david", "oscar", "simon", "victor", "henry", "carl"]
BEGINNINGS = ["", "bel", "cor", "dar", "el", "fen", "gor", "hal", "kar", "lor", "mar", "nel",
              "or", "per", "ros", "sal", "tor", "val", "wil", "zan"]  # fmt: skip

UNSEEN = {"Rosanna": "F", "Torjulia": "F", "Halpeter": "M", "Valoscar": "M"}
"""Left out of the channel."""


def channel_rows() -> list[list[str]]:
    """A channel in the full form: 400 American names and as many of the world."""
    rows = []
    for number, beginning in enumerate(BEGINNINGS):
        for place, (woman, man) in enumerate(zip(WOMEN, MEN, strict=True)):
            people = str(10_000 // (1 + number + place))
            for name, female in ((beginning + woman, True), (beginning + man, False)):
                if name.title() in UNSEEN:
                    continue
                counts = [people, "0"] if female else ["0", people]
                rows.append([name.title(), *counts, "us", "1", *counts])
                rows.append([name.title(), *counts, "world", str(1 + place), *counts])
    rows.append(["Andrea", "9000", "300", "us", "1", "9000", "300"])
    rows.append(["Andrea", "4000", "6000", "world", "30", "4000", "6000"])
    rows.append(["Sakura", "100", "0", "world", "12", "100", "0"])
    rows.append(["Dmitriy", "0", "100", "world", "20", "0", "100"])
    return rows


HEADER = ["name", "female", "male", "population", "sources", "female_today", "male_today"]


def write_channel(folder: Path, rows: list[list[str]], header: list[str] | None = None) -> Path:
    """Write rows as ``names.csv`` of a channel folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "names.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER if header is None else header)
        writer.writerows(rows)
    return folder


@dataclass(frozen=True)
class Job:
    """A finished training job."""

    base: Path
    exit_code: int
    output: str

    @property
    def model(self) -> Path:
        return self.base / "model"

    @property
    def failure(self) -> str:
        return (self.base / "output" / "failure").read_text("utf-8")

    @property
    def evaluation(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.model / "evaluation.json").read_text("utf-8"))
        return document


def run_job(
    base: Path,
    *,
    arguments: tuple[str, ...] = (),
    hyperparameters: Mapping[str, str] | None = None,
) -> Job:
    """Run ``python -m model_code.train`` on a base folder laid out as SageMaker's."""
    if hyperparameters is not None:
        config = base / "input" / "config"
        config.mkdir(parents=True, exist_ok=True)
        (config / "hyperparameters.json").write_text(json.dumps(dict(hyperparameters)), "utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SM_")}
    finished = subprocess.run(
        [sys.executable, "-m", "model_code.train", *arguments],
        cwd=REPOSITORY,
        env={**inherited, "SAGEMAKER_BASE_DIR": str(base)},
        capture_output=True,
        text=True,
        check=False,
    )
    return Job(base, finished.returncode, finished.stdout + finished.stderr)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A real training on some hundred names, in a process of its own."""
    base = tmp_path_factory.mktemp("trained")
    write_channel(base / "input" / "data" / "train", channel_rows())
    job = run_job(
        base, hyperparameters={"epochs": "3", "batch_size": '"64"', "sagemaker_region": "x"}
    )
    assert job.exit_code == 0, job.output
    return job


@pytest.fixture(scope="session")
def predictor(trained: Job) -> Predictor:
    """The trained model, loaded."""
    model, _ = artifact.load(trained.model)
    return Predictor(model)
