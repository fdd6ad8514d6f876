"""What a stage leaves behind, and what is said of a stage that is still there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local import loopback
from local.client_environment import aws_variables
from local.fault_switch import Fault, switch
from operations.chosen_stage import chosen_stage
from operations.removal.__main__ import main
from operations.removal.leftovers import Kept, leftovers
from tests.local.embedded_aws import EmbeddedAws, running

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGE = chosen_stage("workshop", "us-east-1")
STACK = f"{STAGE.stage_name}-Storage"
RESOURCES: dict[str, dict[str, Any]] = {
    "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
    "Function": {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": f"/aws/lambda/{STACK}-Function"},
    },
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with running(tmp_path_factory.mktemp("removal")) as embedded:
        yield embedded


@pytest.fixture(autouse=True)
def reached(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every AWS client of this process talk to the embedded AWS."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("NO_PROXY", loopback.HOSTS)
    for name, value in aws_variables(aws.settings, aws.credentials).items():
        monkeypatch.setenv(name, value)


def left(*kept: Kept) -> dict[str, str]:
    """Return the commands for what is left of these resources, by words."""
    found = leftovers(STAGE, "000000000000", list(kept), [])
    return {one.words: one.command for one in found if one.words.startswith("AWS::")}


def test_what_is_gone_is_not_left(aws: EmbeddedAws) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert f"--key-id {key} " in left(Kept("AWS::KMS::Key", key)).popitem()[1]
    kms.schedule_key_deletion(KeyId=key)
    gone = [
        Kept("AWS::KMS::Key", key),
        Kept("AWS::S3::Bucket", "no-such-bucket"),
        Kept("AWS::DynamoDB::Table", "no-such-table"),
        Kept("AWS::Cognito::UserPool", "us-east-1_nosuchone"),
        Kept("AWS::Logs::LogGroup", "/no/such/group"),
    ]
    assert left(*gone) == {}


def test_what_cannot_be_looked_for_may_be_left(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Kept("AWS::DynamoDB::Table", "some-table")
    switch(aws.settings.faults_file, [Fault(service="dynamodb", status=400, code="Throttled")])
    try:
        words = "AWS::DynamoDB::Table some-table: could not be looked for: AWS answered Throttled"
        assert left(table) == {words: ""}
    finally:
        switch(aws.settings.faults_file, [])
    aws.client("s3").create_bucket(Bucket="some-bucket")
    with aws.user({"Effect": "Allow", "Action": "logs:*", "Resource": "*"}) as stranger:
        for name, value in aws_variables(aws.settings, stranger).items():
            monkeypatch.setenv(name, value)
        refused = left(table, Kept("AWS::S3::Bucket", "some-bucket"))
    assert [words.rpartition(": ")[2] for words in refused] == [
        "these credentials may not read it",
        "these credentials may not read it",
    ]


def test_what_a_live_stack_owns_is_not_left(
    aws: EmbeddedAws, capsys: pytest.CaptureFixture[str]
) -> None:
    cloudformation, logs = aws.client("cloudformation"), aws.client("logs")
    template = json.dumps({"Resources": RESOURCES})
    cloudformation.create_stack(StackName=STACK, TemplateBody=template)
    assert aws.final_state(STACK).status == "CREATE_COMPLETE"
    logs.create_log_group(logGroupName=f"/aws/lambda/{STAGE.stage_name}-Old")

    assert main([STAGE.environment, STAGE.region, "--list"]) == 0
    first, _, listed = capsys.readouterr().out.strip().partition("\n")
    assert first == f"{STAGE.stage_name} is still deployed: Storage (CREATE_COMPLETE)."
    assert "make destroy REGION=us-east-1 ENVIRONMENT=workshop removes it" in listed
    assert f"log group /aws/lambda/{STAGE.stage_name}-Old" in listed
    assert "delete-stack" not in listed
    assert "AWS::S3::Bucket" not in listed
    assert f"{STACK}-Function" not in listed
