"""Every stage answers on its own; what happens to one does not touch another."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

from local import loopback
from tests.regions.conftest import STAGES

if TYPE_CHECKING:
    from tests.regions.conftest import Regions

COMPLETE = {"CREATE_COMPLETE"}


def predicted(regions: Regions, stage: str) -> str:
    """Ask a stage's endpoint, as its functions do."""
    environment = stage.partition("-")[0]
    names = [
        found["EndpointName"]
        for found in regions.client("sagemaker", stage).list_endpoints()["Endpoints"]
        if found["EndpointName"].startswith(f"voc-gender-{environment}-")
    ]
    assert len(names) == 1, names
    response = regions.client("sagemaker-runtime", stage).invoke_endpoint(
        EndpointName=names[0],
        ContentType="application/json",
        Body=json.dumps({"names": ["Mary"]}),
    )
    answer: dict[str, Any] = json.load(response["Body"])
    gender: str = answer["predictions"][0]["gender"]
    return gender


def status_of_api(regions: Regions, stage: str) -> int:
    """Ask a stage's API for its contract, which needs no sign-in."""
    cloudformation = regions.client("cloudformation", stage)
    (api,) = cloudformation.describe_stacks(StackName=f"{stage}-Api")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in api["Outputs"]}
    identifier = outputs["ApiUrl"].removeprefix("https://").partition(".")[0]
    request = urllib.request.Request(
        f"{regions.aws.settings.endpoint_url}/_aws/execute-api/{identifier}/vocweb/openapi.json",
    )
    with loopback.open_url(request, timeout_seconds=60) as response:
        status: int = response.status
    return status


def test_every_stage_is_complete_and_answers(regions: Regions) -> None:
    for stage in STAGES:
        stacks = regions.stacks(stage)
        assert {f"{stage}-Storage", f"{stage}-Model", f"{stage}-Api", f"{stage}-Web"} <= set(stacks)
        assert set(stacks.values()) == COMPLETE, stacks
        assert predicted(regions, stage) == "F"
        assert status_of_api(regions, stage) == 200


def test_production_s_settings_are_on_what_was_deployed(regions: Regions) -> None:
    stage = next(stage for stage in STAGES if stage.startswith("production"))
    tables = regions.client("dynamodb", stage)
    feedback = [
        tables.describe_table(TableName=name)["Table"]
        for name in tables.list_tables()["TableNames"]
        if name.startswith(f"{stage}-Api-Feedback")
    ]
    assert [table["SSEDescription"]["SSEType"] for table in feedback] == ["KMS"]
    assert [table["DeletionProtectionEnabled"] for table in feedback] == [True]
    key = feedback[0]["SSEDescription"]["KMSMasterKeyArn"]
    kms = regions.client("kms", stage)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    alarms = regions.client("cloudwatch", stage).describe_alarms(
        AlarmNamePrefix="voc-gender-production-"
    )["MetricAlarms"]
    assert "voc-gender-production-api-server-errors" in {alarm["AlarmName"] for alarm in alarms}
    (acl,) = regions.client("wafv2", stage).list_web_acls(Scope="REGIONAL")["WebACLs"]
    associated = regions.client("wafv2", stage).list_resources_for_web_acl(
        WebACLArn=acl["ARN"], ResourceType="API_GATEWAY"
    )
    assert len(associated["ResourceArns"]) == 1


def test_protected_stack_is_not_deleted(regions: Regions) -> None:
    stage = next(stage for stage in STAGES if stage.startswith("production"))
    cloudformation = regions.client("cloudformation", stage)
    for name in regions.stacks(stage):
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert stack["EnableTerminationProtection"] is True, name


def test_one_is_destroyed_and_the_others_are_untouched(regions: Regions) -> None:
    gone, *others = STAGES
    before = {stage: regions.stacks(stage) for stage in others}
    regions.cdk("destroy", f"{gone}/*", "--app", str(regions.assembly), "--force")
    assert regions.stacks(gone) == {}
    for stage in others:
        assert regions.stacks(stage) == before[stage]
        assert predicted(regions, stage) == "F"
        assert status_of_api(regions, stage) == 200
