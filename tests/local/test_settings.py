from __future__ import annotations

from pathlib import Path

import pytest

from local.settings import PROJECT_ROOT, LocalSettings, LocalSettingsError


def test_without_variables_the_documented_defaults_hold() -> None:
    settings = LocalSettings.from_environment({})

    assert settings.endpoint_url == "http://127.0.0.1:4566"
    assert settings.page_url == "http://127.0.0.1:4567/"
    assert settings.stage_name == "workshop-us-east-1"
    assert settings.method is None
    assert settings.urls_file == PROJECT_ROOT / ".local" / "urls.json"


def test_variables_are_honoured(tmp_path: Path) -> None:
    settings = LocalSettings.from_environment(
        {
            "LOCAL_AWS_PORT": "5000",
            "LOCAL_REGION": "eu-west-1",
            "ENVIRONMENT": "production",
            "METHOD": "low-level",
            "LOCAL_STATE_FOLDER": str(tmp_path),
        }
    )

    assert (settings.port, settings.page_port) == (5000, 5001)
    assert settings.stage_name == "production-eu-west-1"
    assert settings.method == "low-level"
    assert settings.outputs_file == tmp_path / "outputs.json"


def test_an_interpreter_of_a_virtual_environment_stays_one(tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to("/usr/bin/env")

    settings = LocalSettings.from_environment({"FUNCTIONS_PYTHON": str(link)})

    assert settings.functions_python == link


@pytest.mark.parametrize("port", ["80", "65535", "http", "-1", "4566.0"])
def test_a_port_that_cannot_work_is_refused_by_name(port: str) -> None:
    with pytest.raises(LocalSettingsError, match=r"LOCAL_AWS_PORT.*allowed are 1024 to 65534"):
        LocalSettings.from_environment({"LOCAL_AWS_PORT": port})
