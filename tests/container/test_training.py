"""The program ``train`` as a training job runs it: no network, limited memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Figures, Images
    from .containers import Workplace

QUICK = {"sample": "0.02", "epochs": "1"}


def test_real_names_become_a_model_that_the_small_image_serves(
    workplace: Workplace, images: Images, names: Path
) -> None:
    job = workplace.train(images.train, names, QUICK)
    assert job.wait() == 0, job.log()
    assert not workplace.failure.exists()
    assert "metric validation:accuracy=" in job.log()
    evaluation = json.loads((workplace.model / "evaluation.json").read_text())
    assert evaluation["metrics"]["test:accuracy"] > 0.5

    server = workplace.serve(images.serve, workplace.model)
    server.wait_for_ping()
    status, body = server.ask("/invocations", b'{"names": ["Mary", "Tom"]}', "application/json")
    answer = json.loads(body)
    assert (status, answer["model"]) == (200, evaluation["model"])
    assert [prediction["name"] for prediction in answer["predictions"]] == ["Mary", "Tom"]


def test_channel_without_a_usable_row_fails_with_the_reason(
    workplace: Workplace, images: Images, tmp_path: Path
) -> None:
    garbage = tmp_path / "garbage"
    garbage.mkdir()
    (garbage / "names.csv").write_text("name,female,male\n???,1,0\n")
    job = workplace.train(images.train, garbage, QUICK)
    assert job.wait() == 1
    assert "no usable row" in workplace.failure.read_text()
    assert not list(workplace.model.iterdir())


def test_unknown_hyperparameter_fails_with_what_is_known(
    workplace: Workplace, images: Images, names: Path
) -> None:
    job = workplace.train(images.train, names, {"layers": "9"})
    assert job.wait() == 1
    reason = workplace.failure.read_text()
    assert "layers" in reason
    assert "epochs" in reason


def test_sigterm_ends_a_training_at_once(
    workplace: Workplace, images: Images, names: Path, figures: Figures
) -> None:
    job = workplace.train(images.train, names, {"sample": "0.05", "epochs": "20"})
    job.wait_for_log("names to learn from")
    exit_code, seconds = job.stop(grace_seconds=120)
    assert exit_code == 143, job.log()
    assert "stopped by signal 15" in job.log()
    figures.values["seconds_from_sigterm_to_end_of_training"] = round(seconds, 2)
    # No model is taken for a finished one.
    assert not list(workplace.model.iterdir())


def test_too_little_memory_ends_the_job_and_no_more(
    workplace: Workplace, images: Images, names: Path
) -> None:
    job = workplace.train(images.train, names, QUICK, memory="200m")
    assert job.wait() == 137, job.log()
    assert job.inspect(".State.OOMKilled") is True
    assert not list(workplace.model.iterdir())


def test_image_that_only_serves_says_so(workplace: Workplace, images: Images, names: Path) -> None:
    job = workplace.train(images.serve, names, QUICK)
    assert job.wait() == 2
    assert "build the target 'train'" in job.log()
