"""A new model gets traffic when it is wanted and good enough, and at no other time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Application

QUICK = 'hyperparameters={"sample": 0.02, "epochs": 1}'


def test_nothing_changed_deploys_nothing(application: Application) -> None:
    jobs = application.training_jobs()
    deployed = application.launch("up")
    assert deployed.returncode == 0, deployed.stdout
    assert deployed.stdout.count("(no changes)") == 5
    assert application.training_jobs() == jobs


def test_garbage_fails_the_deploy_with_the_reason_and_the_old_model_answers(
    application: Application, tmp_path: Path
) -> None:
    (tmp_path / "garbage.csv").write_text("name,female,male\n,,\n???,x,y\n")
    model = application.model()
    deployed = application.deploy_model(f"training_data={tmp_path}")
    assert deployed.returncode != 0
    assert "garbage.csv looks damaged" in deployed.stdout
    assert "Log: /aws/sagemaker/TrainingJobs/" in deployed.stdout
    assert application.model() == model


def test_model_that_misses_the_gate_gets_no_traffic(application: Application) -> None:
    model = application.model()
    deployed = application.deploy_model(QUICK)
    assert deployed.returncode != 0
    assert "Quality gate: validation:accuracy is 0." in deployed.stdout
    assert "at least 0.9 is required" in deployed.stdout
    assert application.model() == model


def test_changed_hyperparameters_train_and_swap_and_go_back_without_training(
    application: Application,
) -> None:
    model = application.model()
    jobs = application.training_jobs()
    deployed = application.deploy_model(
        'hyperparameters={"sample": 0.03, "epochs": 1}',
        "gate_min_accuracy=0.5",
        "gate_max_ece=0.5",
    )
    assert deployed.returncode == 0, deployed.stdout
    assert application.model() != model
    assert len(application.training_jobs()) == len(jobs) + 1
    deployed = application.deploy_model()
    assert deployed.returncode == 0, deployed.stdout
    assert application.model() == model
    assert len(application.training_jobs()) == len(jobs) + 1
