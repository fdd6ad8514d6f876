"""``LOCAL_CONTAINERS``, where no engine answers; tests/container has what one does."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from local import launcher
from local.engine import Bridge, Engine
from local.launcher import LauncherError
from local.settings import LocalSettings, LocalSettingsError
from tests.local.embedded_aws import EmbeddedAws, settings_for


def test_programs_play_the_containers_unless_an_engine_is_asked_for() -> None:
    assert LocalSettings.from_environment({}).engine is None
    assert LocalSettings.from_environment({"LOCAL_CONTAINERS": "programs"}).engine is None


def test_unknown_way_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(LocalSettingsError, match=r"'podman': allowed are programs and docker"):
        LocalSettings.from_environment({"LOCAL_CONTAINERS": "podman"})


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("/nonexistent/docker", "/nonexistent/docker cannot be started: No such file"),
        ("failing", "failing version: Cannot connect to the Docker daemon"),
        ("silent", "no engine answers at unix:///somewhere"),
    ],
)
def test_engine_that_does_not_answer_is_told_before_anything_starts(
    program: str, reason: str, tmp_path: Path
) -> None:
    for name, script in (
        ("failing", "echo Cannot connect to the Docker daemon >&2; exit 1"),
        # Some clients answer without an engine, with nothing in it.
        ("silent", "exit 0"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    environ = {
        "LOCAL_CONTAINERS": "docker",
        "CDK_DOCKER": os.path.join(tmp_path, program),  # noqa: PTH118 - an absolute one stays
        "DOCKER_HOST": "unix:///somewhere",
    }
    with pytest.raises(LocalSettingsError) as caught:
        LocalSettings.from_environment(environ)
    assert reason in str(caught.value)
    assert "Start one" in str(caught.value)


def test_state_keeps_to_one_way(tmp_path: Path) -> None:
    """What was pushed and what serves belongs to it."""
    settings = settings_for(tmp_path, Engine("docker", "unix:///nowhere"))
    settings.emulator_state.mkdir()
    (settings.emulator_state / "services").mkdir()
    with pytest.raises(LauncherError, match=r"made with LOCAL_CONTAINERS=programs.*local-reset"):
        launcher.start_emulator(settings)


def test_running_one_keeps_to_its_way_too(embedded_aws: EmbeddedAws) -> None:
    otherwise = replace(embedded_aws.settings, engine=Engine("docker", "unix:///nowhere"))
    with pytest.raises(LauncherError, match="made with LOCAL_CONTAINERS=programs"):
        launcher.start_emulator(otherwise)
    assert not otherwise.engine_file.exists()


def test_bridge_holds_its_own_addresses_only() -> None:
    bridge = Bridge("172.17.0.1", "172.17.0.0/16")
    assert bridge.holds("172.17.3.4")
    assert not bridge.holds("172.18.0.1")
    assert not bridge.holds("somewhere")
