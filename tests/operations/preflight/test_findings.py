"""What a preflight says before it reaches any AWS, and of settings that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from operations.chosen_stage import chosen_stage
from operations.preflight.__main__ import findings, main
from operations.preflight.finding import Finding, Outcome
from operations.preflight.machine import check_docker
from operations.preflight.quotas import Need, needs
from operations.preflight.region import check_services
from stacks.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("no_credentials")
def test_everything_that_is_missing_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CDK_DOCKER", "no-such-docker")
    missing = {
        finding.subject: finding
        for finding in findings(chosen_stage("workshop", "us-east-1", "low-level"))
        if finding.outcome is Outcome.MISSING
    }
    assert set(missing) == {"Docker", "credentials"}
    assert "METHOD=pre-trained" in missing["Docker"].remedy
    assert "aws sso login" in missing["credentials"].remedy


def test_docker_is_asked_for_by_the_method_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_DOCKER", "no-such-docker")
    for method in ("high-level", "pre-trained"):
        finding: Finding = check_docker(chosen_stage("workshop", "us-east-1", method))
        assert finding.outcome is Outcome.READY


@pytest.mark.parametrize("engine", ["exec sleep 60", "echo", "exit 1"])
def test_an_engine_that_does_not_answer(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "docker"
    client.write_text(f"#!/bin/sh\n{engine}\n")
    client.chmod(0o755)
    monkeypatch.setenv("CDK_DOCKER", str(client))
    monkeypatch.setattr("operations.preflight.machine._ANSWER_SECONDS", 0.5)
    finding = check_docker(chosen_stage("workshop", "us-east-1", "low-level"))
    assert finding.outcome is Outcome.MISSING
    assert finding.words == f"{client} is there, its engine does not answer"


def test_region_without_a_service() -> None:
    settings = chosen_stage("workshop", "eu-west-1")
    assert check_services(settings).outcome is Outcome.READY
    elsewhere: Settings = settings.model_copy(update={"region": "eu-south-2"})
    finding = check_services(elsewhere)
    assert finding.outcome is Outcome.MISSING
    assert "eu-south-2 has no Amazon Comprehend" in finding.words


def test_machines_that_the_settings_start() -> None:
    assert needs(chosen_stage("workshop", "us-east-1", "pre-trained")) == [
        Need("ml.m4.xlarge for notebook instance usage", 1)
    ]
    assert Need("ml.m5.large for endpoint usage", 2) in needs(
        chosen_stage("production", "us-east-1")
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prod", "us-east-1"], "environment: 'prod' is not allowed. Allowed: workshop"),
        (["workshop", "mars-1"], "region: 'mars-1' is not allowed. Allowed: us-east-1"),
        (["workshop", "us-east-1", "magic"], "method: 'magic' is not allowed"),
    ],
)
def test_settings_that_do_not_exist(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
