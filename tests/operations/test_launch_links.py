"""Templates for launch links: complete in themselves, and open to whom somebody named."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cdk_nag import AwsSolutionsChecks

from operations.launch_links import __main__ as program
from operations.launch_links.document import launch_link, links_in, render
from operations.launch_links.publishing import check_readers, publish
from operations.launch_links.templates import (
    MOST_BYTES,
    LaunchTemplate,
    PublishingError,
    synthesize,
)
from stacks.deliveries import find_deliveries
from stacks.launch_stack import LaunchStack
from stacks.settings import CONTEXT_KEY, Settings, SettingsError, load_settings, read_context
from stacks.stage import RegionalStage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTEXT = read_context()


def settings(method: str, region: str = "eu-west-1", environment: str = "workshop") -> Settings:
    chosen = {"environment": environment, "region": region, "method": method}
    (found,) = load_settings(CONTEXT[CONTEXT_KEY], chosen)
    return found


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> LaunchTemplate:
    folder = tmp_path_factory.mktemp("launch")
    (found,) = synthesize([settings("pre-trained")], "somebody", folder)
    return found


def test_a_template_refers_to_its_own_bucket_and_nothing_else(launch: LaunchTemplate) -> None:
    content = launch.template.path.read_text()
    template = json.loads(content)
    assert len(content.encode()) < MOST_BYTES
    # Neither bootstrap nor parameters nor other stacks.
    assert "cdk-hnb659fds" not in content
    assert "Parameters" not in template
    assert "Fn::ImportValue" not in content
    assert not any("Export" in output for output in template["Outputs"].values())
    codes = [
        resource["Properties"]["Code"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    assert {code["S3Bucket"] for code in codes} == {"somebody-eu-west-1"}
    published = {file.key for file in launch.assets}
    assert {code["S3Key"] for code in codes} < published
    for resource in template["Resources"].values():
        if resource["Type"] == "Custom::CDKBucketDeployment":
            assert set(resource["Properties"]["SourceBucketNames"]) == {"somebody-eu-west-1"}
            assert set(resource["Properties"]["SourceObjectKeys"]) < published


@pytest.mark.parametrize(
    ("environment", "method"),
    [("workshop", "high-level"), ("workshop", "pre-trained"), ("production", "high-level")],
)
def test_everything_is_in_it_and_no_policy_finding_is_unexplained(
    environment: str, method: str, tmp_path: Path
) -> None:
    app = cdk.App(outdir=str(tmp_path), context=CONTEXT)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    chosen = settings(method, environment=environment)
    launch_stack = LaunchStack(
        app,
        "Launch",
        settings=chosen,
        assets_bucket="somebody-eu-west-1",
        deliveries=find_deliveries(chosen),
    )
    RegionalStage(app, settings=chosen)
    assembly = app.synth()
    outputs = {
        name
        for stack in assembly.get_nested_assembly(f"assembly-{chosen.stage_name}").stacks
        for name, output in stack.template["Outputs"].items()
        if "Export" not in output
    }
    template = assembly.get_stack_artifact(launch_stack.artifact_id).template
    assert set(template["Outputs"]) == outputs
    report = tmp_path / "validation-report.json"
    reports = json.loads(report.read_text())["pluginReports"] if report.exists() else []
    assert [finding["ruleName"] for plugin in reports for finding in plugin["violations"]] == []


def test_an_image_cannot_be_launched_by_a_link(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Allowed: high-level, pre-trained"):
        list(synthesize([settings("low-level")], "somebody", tmp_path))


def test_the_document_has_a_link_to_the_template(launch: LaunchTemplate) -> None:
    link = launch_link(launch)
    assert link.startswith(
        "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1"
        "#/stacks/quickcreate?templateURL=https%3A%2F%2Fs3.eu-west-1.amazonaws.com%2Fsomebody-"
    )
    document = render({launch.region: link})
    assert f"({link})" in document
    assert links_in(document) == {launch.region: link}
    assert links_in(render({})) == {}


def test_one_region_keeps_the_links_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "launch.md"
    document.write_text(render({"eu-west-1": "https://old", "us-east-1": "https://other"}))
    monkeypatch.setattr(program, "_DOCUMENT", document)
    monkeypatch.setattr(program, "REPOSITORY", tmp_path)
    monkeypatch.setattr(program, "publish", lambda *_: 0)
    program.main(["somebody", "--method", "pre-trained", "--region", "eu-west-1"])
    links = links_in(document.read_text())
    assert list(links) == ["eu-west-1", "us-east-1"]
    assert "somebody-eu-west-1" in links["eu-west-1"]
    assert links["us-east-1"] == "https://other"


def test_a_template_that_cloudformation_does_not_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.launch_links.templates.MOST_BYTES", 1_000)
    with pytest.raises(PublishingError, match=r"CloudFormation takes 1,000\. Switch off a part"):
        list(synthesize([settings("pre-trained")], "somebody", tmp_path))


@contextmanager
def s3_that_answers(status: int) -> Iterator[Any]:
    """Yield a client of an S3 that has the same answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield boto3.client(
            "s3",
            region_name="eu-west-1",
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )
        server.shutdown()


def test_only_a_refused_bucket_belongs_to_somebody_else(launch: LaunchTemplate) -> None:
    with (
        s3_that_answers(403) as s3,
        pytest.raises(PublishingError, match="somebody-eu-west-1 belongs to somebody else"),
    ):
        publish(s3, launch, None)
    with s3_that_answers(503) as s3, pytest.raises(ClientError, match="503"):
        publish(s3, launch, None)


def test_readers_are_private_public_accounts_or_an_organization() -> None:
    for readers in ("private", "public", "111122223333,444455556666", "o-exampleorg1"):
        check_readers(readers)
    with pytest.raises(PublishingError, match="READERS: '1234' is not allowed"):
        check_readers("1234")
