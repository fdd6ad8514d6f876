"""Every alarm is explained, and reaches somebody."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from stacks.capabilities.alarm import RUNBOOK
from stacks.shipped_folder import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Assembly

PREFIX = "voc-gender-production-"


def resources(assembly: Assembly, stage: str, resource_type: str) -> Iterator[dict[str, Any]]:
    for template in assembly.templates[stage].values():
        for resource in template["Resources"].values():
            if resource["Type"] == resource_type:
                yield resource["Properties"]


def alarms(assembly: Assembly, stage: str) -> list[dict[str, Any]]:
    """Alarms that tell somebody; one that only scales has no name of its own."""
    found = resources(assembly, stage, "AWS::CloudWatch::Alarm")
    return [alarm for alarm in found if "AlarmName" in alarm]


@pytest.fixture(scope="module")
def explained() -> dict[str, list[str]]:
    """Rows of the table of alarms in the operations' document, by the alarm's name."""
    section = (REPOSITORY / RUNBOOK).read_text().split("## Alarms")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \|(.*)\|$", section, flags=re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split(" | ")] for name, cells in rows}


def test_every_alarm_has_its_line_and_every_line_its_alarm(
    assembly: Assembly, explained: dict[str, list[str]]
) -> None:
    stage = "production-eu-west-1"
    names = {alarm["AlarmName"] for alarm in alarms(assembly, stage)}
    names |= {rule["Name"] for rule in resources(assembly, stage, "AWS::Events::Rule")}
    names |= {
        budget["Budget"]["BudgetName"].removesuffix("-eu-west-1")
        for budget in resources(assembly, stage, "AWS::Budgets::Budget")
    }
    assert {name.removeprefix(PREFIX) for name in names} == set(explained)
    for name, cells in explained.items():
        assert len(cells) == 2, f"{name}: what it means, what to do"
        assert all(cells), name


def test_an_alarm_tells_the_topic_when_it_begins_and_when_it_ends(assembly: Assembly) -> None:
    found = alarms(assembly, "production-us-east-1")
    assert found
    for alarm in found:
        (action,) = alarm["AlarmActions"]
        assert "AlarmsTopic" in json.dumps(action), alarm["AlarmName"]
        assert alarm["OKActions"] == alarm["AlarmActions"]
        assert "Metrics" not in alarm, "the embedded AWS has no alarms on metric math"
        name = alarm["AlarmName"].removeprefix(PREFIX)
        assert alarm["AlarmDescription"].endswith(f"What to do: {RUNBOOK}, {name}.")


def test_a_rollout_goes_back_by_alarms_that_are_there(assembly: Assembly) -> None:
    template = assembly.templates["production-us-west-2"]["Model"]["Resources"]
    (endpoint,) = resources(assembly, "production-us-west-2", "AWS::SageMaker::Endpoint")
    policy = endpoint["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    routing = policy["TrafficRoutingConfiguration"]
    assert routing["Type"] == "CANARY"
    assert routing["CanarySize"] == {"Type": "INSTANCE_COUNT", "Value": 1}
    asked = endpoint["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    watching = [template[alarm["AlarmName"]["Ref"]]["Properties"] for alarm in asked]
    assert {alarm["MetricName"] for alarm in watching} == {
        "Invocation5XXErrors",
        "InvocationModelErrors",
        "ModelLatency",
    }
    # What a rollout waits must be longer than what its alarms look at.
    for alarm in watching:
        assert alarm["Period"] * alarm["EvaluationPeriods"] <= routing["WaitIntervalInSeconds"]


def test_the_dashboard_shows_all_that_the_functions_count(assembly: Assembly) -> None:
    code = "".join(path.read_text() for path in (REPOSITORY / "lambda").rglob("*.py"))
    (dashboard,) = resources(assembly, "production-us-east-1", "AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard["DashboardBody"])

    counted = set(re.findall(r'add_metric\(name="(\w+)"', code))
    assert counted == set(re.findall(r"VocGender/production\W+(\w+)", body))


def test_the_dashboard_answers_three_questions_and_the_workshop_has_nothing_that_costs(
    assembly: Assembly,
) -> None:
    for stage in assembly.settings:
        if not stage.startswith("production"):
            continue
        (dashboard,) = resources(assembly, stage, "AWS::CloudWatch::Dashboard")
        assert dashboard["DashboardName"] == f"voc-gender-{stage}"
        body = json.dumps(dashboard["DashboardBody"])
        for question in ("Is it well?", "Is it used?", "What does it cost?"):
            assert question in body
    for resource_type in (
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::KMS::Key",
        "AWS::WAFv2::WebACL",
        "AWS::SNS::Topic",
    ):
        assert not list(resources(assembly, "workshop-us-east-1", resource_type))
