from __future__ import annotations

import json
from pathlib import Path

import pytest

from local import deployment
from local.client_environment import client_environment, write_environment_file
from local.credentials import Credentials, load_or_create
from local.page import choose_distribution
from local.settings import LocalSettings

_EVENT = (
    "workshop-us-east-1-Model | 32/48 | 8:14:13 PM | {status}      | {type}"
    "              | workshop-us-east-1/Model/Thing (Thing1234)"
)


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(port=5000, state_folder=tmp_path)


@pytest.mark.parametrize(
    ("status", "resource_type", "shown"),
    [
        ("CREATE_COMPLETE", "AWS::IAM::Role", False),
        ("CREATE_IN_PROGRESS", "AWS::Lambda::Function", False),
        ("CREATE_FAILED", "AWS::IAM::Role", True),
        ("CREATE_IN_PROGRESS", "Custom::TrainingJob", True),
        ("UPDATE_COMPLETE", "AWS::SageMaker::Endpoint", True),
        ("ROLLBACK_COMPLETE", "AWS::CloudFormation::Stack", True),
    ],
)
def test_the_terminal_shows_what_takes_long_and_what_fails(
    status: str, resource_type: str, shown: bool
) -> None:
    line = _EVENT.format(status=status, type=resource_type)

    assert deployment.is_worth_showing(line) is shown


def test_lines_that_are_no_events_are_shown() -> None:
    assert deployment.is_worth_showing("Error: the setting method is 'x'")
    assert not deployment.is_worth_showing("")


def test_urls_answer_from_this_machine(settings: LocalSettings) -> None:
    outputs = {
        "workshop-us-east-1-Api": {
            "ApiUrl": "https://abc123.execute-api.us-east-1.amazonaws.com/vocweb/"
        },
        "workshop-us-east-1-Web": {"WebUrl": "https://dexample.cloudfront.net/"},
        "production-us-east-1-Api": {
            "ApiUrl": "https://other.execute-api.us-east-1.amazonaws.com/vocweb/"
        },
    }
    settings.outputs_file.write_text(json.dumps(outputs))

    urls = deployment.read_urls(settings)

    assert urls.api == "http://127.0.0.1:5000/_aws/execute-api/abc123/vocweb"
    assert urls.web == "http://127.0.0.1:5001/"
    assert urls.aws == "http://127.0.0.1:5000"


def test_the_page_of_the_last_deployment_is_shown_or_none(settings: LocalSettings) -> None:
    page = {"WebUrl": "https://dexample.cloudfront.net/"}
    settings.outputs_file.write_text(json.dumps({"workshop-us-east-1-Web": page}))
    deployment.choose_page(settings)
    assert choose_distribution(settings.page_file, "localhost") == "dexample.cloudfront.net"

    settings.outputs_file.write_text(json.dumps({"workshop-us-east-1-Api": {}}))
    deployment.choose_page(settings)
    assert choose_distribution(settings.page_file, "localhost") is None


def test_outputs_without_an_api_are_an_error(settings: LocalSettings) -> None:
    settings.outputs_file.write_text('{"workshop-us-east-1-Web": {}}')

    with pytest.raises(deployment.DeploymentError, match="ApiUrl"):
        deployment.read_urls(settings)


def test_a_command_sees_the_embedded_aws_and_nothing_of_the_hosts(settings: LocalSettings) -> None:
    host = {
        "PATH": "/usr/bin",
        "AWS_PROFILE": "company",
        "AWS_SESSION_TOKEN": "token",
        "AWS_CA_BUNDLE": "/etc/ca.pem",
        "CDK_DEFAULT_ACCOUNT": "123456789012",
        "NO_PROXY": "intranet",
    }

    environment = client_environment(settings, Credentials("AKIATEST", "secret"), host)

    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"
    assert environment["AWS_ACCESS_KEY_ID"] == "AKIATEST"
    assert environment["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert not environment.keys() & {
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_CA_BUNDLE",
        "CDK_DEFAULT_ACCOUNT",
    }


def test_the_environment_file_is_for_its_owner_alone(settings: LocalSettings) -> None:
    write_environment_file(settings, Credentials("AKIATEST", "secret value"))

    text = settings.environment_file.read_text()
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:5000\n" in text
    assert "export AWS_SECRET_ACCESS_KEY='secret value'\n" in text
    assert settings.environment_file.stat().st_mode & 0o077 == 0


def test_a_state_folder_keeps_its_keys(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()

    assert load_or_create(first) == load_or_create(first)
    assert load_or_create(first) != load_or_create(second)
