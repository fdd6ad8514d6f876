"""Every resource that can carry tags carries the policy's."""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from stacks.tagging import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .conftest import Assembly, Template


@cache
def tag_property(resource_type: str) -> str | None:
    """Name of the property that holds a resource's tags, or None for a type without."""
    if resource_type.startswith(("Custom::", "AWS::CDK::", "AWS::CloudFormation::CustomResource")):
        return None
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    tagging = schema.get("tagging", {})
    if not tagging.get("taggable", schema.get("taggable", "Tags" in schema["properties"])):
        return None
    name: str = tagging.get("tagProperty", "/properties/Tags").rpartition("/")[2]
    return name if name in schema["properties"] else None


def without_tags(template: Template, wanted: Mapping[str, str]) -> Iterator[str]:
    """Resources of a template that lack one of the tags."""
    for logical_id, resource in template["Resources"].items():
        name = tag_property(resource["Type"])
        if name is None:
            continue
        tags: Any = resource.get("Properties", {}).get(name, {})
        found = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
        if not wanted.items() <= found.items():
            yield f"{logical_id} ({resource['Type']})"


def test_every_resource_says_what_it_belongs_to_and_who_pays(assembly: Assembly) -> None:
    for stage, stacks in assembly.templates.items():
        wanted = tags_of(assembly.settings[stage])
        assert set(wanted) == {"application", "environment", "cost-centre"}
        for name, template in stacks.items():
            assert list(without_tags(template, wanted)) == [], f"{stage} {name}"


@pytest.mark.parametrize(
    "resource_type", ["AWS::DynamoDB::Table", "AWS::Cognito::UserPool", "AWS::IAM::Role"]
)
def test_a_missing_tag_is_caught(resource_type: str, assembly: Assembly) -> None:
    template = copy.deepcopy(assembly.templates["production-eu-west-1"]["Api"])
    wanted = tags_of(assembly.settings["production-eu-west-1"])
    logical_id, resource = next(
        item for item in template["Resources"].items() if item[1]["Type"] == resource_type
    )
    name = tag_property(resource_type)
    assert name is not None
    tags = resource["Properties"][name]
    if isinstance(tags, dict):
        del tags["cost-centre"]
    else:
        tags[:] = [tag for tag in tags if tag["Key"] != "cost-centre"]
    assert list(without_tags(template, wanted)) == [f"{logical_id} ({resource_type})"]
