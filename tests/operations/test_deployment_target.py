"""Which AWS a program talks to: it says so, and what to do where there is none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from operations.deployment_target import TargetError, find_target
from stacks.settings import SettingsError
from tests.local.embedded_aws import free_ports

if TYPE_CHECKING:
    from pathlib import Path


def test_a_region_is_the_real_aws() -> None:
    target = find_target(region="eu-west-1", environment="production")
    assert str(target) == "production-eu-west-1 on AWS in eu-west-1"
    launched = find_target(region="us-east-2", environment=None, stack_name="voc-gender")
    assert str(launched) == "voc-gender on AWS in us-east-2"
    with pytest.raises(SettingsError, match="mars-north-1"):
        find_target(region="mars-north-1", environment=None)


def test_without_credentials_no_stack_is_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    target = find_target(region="eu-west-1", environment="workshop")
    with pytest.raises(TargetError, match=r"could not be read: Unable to locate credentials$"):
        target.outputs("Storage")


def test_no_region_is_the_embedded_aws_which_must_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_STATE_FOLDER", str(tmp_path))
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_ports()))
    with pytest.raises(TargetError, match="make local-up"):
        find_target(region=None, environment=None)
    (tmp_path / "urls.json").write_text('{"aws": "http://127.0.0.1:4999"}')
    with pytest.raises(TargetError, match=r"started last at \S+:4999 \(LOCAL_AWS_PORT=4999\)"):
        find_target(region=None, environment=None)


def test_a_port_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", "x")
    with pytest.raises(TargetError, match=r"'x': allowed are 1024 to 65534\. Or choose the real"):
        find_target(region=None, environment=None)
