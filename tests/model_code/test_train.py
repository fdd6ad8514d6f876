"""The training job: its contract, its artifact, its failures."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model_code.conftest import (
    HEADER,
    REPOSITORY,
    Job,
    channel_rows,
    run_job,
    write_channel,
)


def test_training_writes_an_artifact_and_metrics(trained: Job) -> None:
    files = {path.name for path in trained.model.iterdir()}
    assert files >= {"model.npz", "names.txt", "model.json", "evaluation.json"}
    assert files >= {"reliability.png", "coverage.png"}
    metrics = dict(re.findall(r"^metric (\S+)=([0-9.eE+-]+)$", trained.output, re.MULTILINE))
    assert {"validation:accuracy", "validation:log_loss", "validation:ece"} <= set(metrics)
    assert {"test:accuracy", "test:brier", "test:errorCodedWithoutNA"} <= set(metrics)
    assert float(metrics["validation:accuracy"]) > 0.9


def test_evaluation_says_what_it_measured(trained: Job) -> None:
    evaluation = trained.evaluation
    assert evaluation["hyperparameters"]["epochs"] == 3
    assert evaluation["hyperparameters"]["batch_size"] == 64
    assert evaluation["data"]["bad_rows"] == 0
    assert len(evaluation["data"]["fingerprint"]) == 64
    assert "keras" in evaluation["versions"]
    group = evaluation["test"]["us"]
    assert {"accuracy", "log_loss", "brier", "ece", "coverage"} <= set(group)
    assert {"errorCoded", "errorCodedWithoutNA", "naCoded", "errorGenderBias"} <= set(group)
    assert set(group["by"]) == {"frequency", "sex", "ambiguity"}
    assert set(group["coverage"]) == {"0.01", "0.02", "0.05"}


def test_training_is_repeatable(trained: Job, tmp_path: Path) -> None:
    write_channel(tmp_path / "input" / "data" / "train", channel_rows())
    again = run_job(tmp_path, arguments=("--epochs", "3", "--batch-size", "64"))
    assert again.exit_code == 0, again.output
    for part in ("validation", "test"):
        for population in ("us", "world"):
            first = trained.evaluation[part][population]
            second = again.evaluation[part][population]
            assert second["log_loss"] == pytest.approx(first["log_loss"], abs=5e-5)
            assert second["accuracy"] == first["accuracy"]


def test_plain_counts_suffice(tmp_path: Path) -> None:
    rows = [row[:3] for row in channel_rows() if row[3] == "us"]
    write_channel(tmp_path / "input" / "data" / "train", rows, ["Name", "female", "male"])
    job = run_job(tmp_path, arguments=("--epochs", "1", "--sample", "0.9"))
    assert job.exit_code == 0, job.output
    assert "us" in job.evaluation["test"]
    assert "world" not in job.evaluation["test"]


def test_names_that_a_single_list_knows_suffice(tmp_path: Path) -> None:
    rows = [[*row[:4], "1", *row[5:]] for row in channel_rows() if row[3] == "world"]
    write_channel(tmp_path / "input" / "data" / "train", rows)
    job = run_job(tmp_path, arguments=("--epochs", "1"))
    assert job.exit_code == 0, job.output
    assert set(job.evaluation["test"]) == {"world"}


def test_bad_rows_are_skipped_and_a_validation_channel_is_the_validation_split(
    tmp_path: Path,
) -> None:
    rows = channel_rows()
    bad = [["Tom", "-5", "3"], ["Ann", "many", "1"], ["Eve"], ["Kim", "0", "0"]]
    write_channel(tmp_path / "input" / "data" / "train", rows + bad)
    held = [row for row in rows if row[0].startswith(("Bel", "Cor"))]
    write_channel(tmp_path / "input" / "data" / "validation", held)
    job = run_job(tmp_path, arguments=("--epochs", "1"))
    assert job.exit_code == 0, job.output
    assert job.evaluation["data"]["bad_rows"] == len(bad)
    assert "many" not in job.output
    assert job.evaluation["validation"]["us"]["names"] == sum(row[3] == "us" for row in held)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("garbage,x\n1,2\n", "names.csv lacks the header"),
        ("", "names.csv lacks the header"),
        ("name,female,male\n", "no usable row"),
        ("name,female,male\nTom,-1,2\nAnn,-1,2\n", "looks damaged: 2 of 2 rows are bad"),
        ("name,female,male\nTom,1\nAnn,,\n", "looks damaged"),
        ("name,female,male\n123,1,2\n", "no usable row"),
        ("name,female,male\nTom,1,2\nAnn,3,0\n", "split is empty"),
        ("name,female,male\n\x00\xff\n", "cannot be read as CSV in UTF-8"),
    ],
)
def test_an_unusable_channel_fails_with_its_reason(tmp_path: Path, text: str, message: str) -> None:
    folder = tmp_path / "input" / "data" / "train"
    folder.mkdir(parents=True)
    (folder / "names.csv").write_bytes(text.encode("latin-1"))
    job = run_job(tmp_path)
    assert job.exit_code == 1
    assert message in job.failure
    assert not (job.model / "model.npz").exists()


def test_a_missing_or_empty_channel_fails(tmp_path: Path) -> None:
    assert "does not exist" in run_job(tmp_path).failure
    (tmp_path / "input" / "data" / "train").mkdir(parents=True)
    assert "holds no CSV file" in run_job(tmp_path).failure


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("epochs", "0", "must be a whole number from 1 to 20"),
        ("epochs", "2.5", "must be a whole number from 1 to 20"),
        ("sample", "nan", "must be a number from 0.001 to 1"),
        ("learning_rate", "fast", "must be a number from 0.001 to 1.0"),
        ("layers", "3", "Unknown hyperparameter layers"),
    ],
)
def test_a_wrong_hyperparameter_fails_with_what_is_allowed(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    job = run_job(tmp_path, hyperparameters={name: value})
    assert job.exit_code == 1
    assert message in job.failure


def test_sigterm_ends_a_training(tmp_path: Path) -> None:
    write_channel(tmp_path / "input" / "data" / "train", channel_rows())
    process = subprocess.Popen(
        [sys.executable, "-m", "model_code.train", "--epochs", "20", "--batch-size", "16"],
        cwd=REPOSITORY,
        env={"SAGEMAKER_BASE_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("read ")
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "stopped by signal" in rest


def test_header_of_the_tests_is_that_of_the_data() -> None:
    from dataclasses import fields

    from model_code.data import Row

    assert [field.name for field in fields(Row)] == HEADER
