"""The whole list of policy findings that were accepted, so that a new one is a visible change.

``make snapshots`` takes it anew: by rule, then reason, then where it holds.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syrupy.assertion import SnapshotAssertion

    from .conftest import Assembly


Accepted = tuple[str, str, str]


def accepted_of_cdk_nag(assembly: Assembly, stage: str) -> Iterator[Accepted]:
    """Rule, reason and construct of what cdk-nag was told to accept."""
    for file in (assembly.folder / f"assembly-{stage}").glob("*.metadata.json"):
        for path, entries in json.loads(file.read_text()).items():
            for entry in entries:
                if entry["type"] == "aws:cdk:acknowledged-rules":
                    for rule, reason in entry["data"].items():
                        yield rule.rpartition("::AwsSolutions")[2], reason, path


def accepted_of_checkov(assembly: Assembly, stage: str) -> Iterator[Accepted]:
    """Rule, reason and resource of what checkov was told to accept."""
    for stack, template in assembly.templates[stage].items():
        for logical_id, resource in template["Resources"].items():
            for skip in resource.get("Metadata", {}).get("checkov", {"skip": []})["skip"]:
                yield skip["id"], skip["comment"], f"/{stage}/{stack}/{logical_id}"


def accepted(assembly: Assembly, stage: str) -> set[Accepted]:
    """Everything accepted in a stage, without the stage's own name and region."""
    region = assembly.settings[stage].region
    return {
        (
            rule.replace(region, "<region>").replace(assembly.settings[stage].environment, "<env>"),
            reason,
            path.removeprefix(f"/{stage}/").removesuffix("/Resource"),
        )
        for find in (accepted_of_cdk_nag, accepted_of_checkov)
        for rule, reason, path in find(assembly, stage)
    }


@pytest.mark.parametrize("environment", ["workshop", "production"])
def test_accepted_findings(
    environment: str, assembly: Assembly, snapshot: SnapshotAssertion
) -> None:
    stages = [stage for stage in assembly.settings if stage.startswith(environment)]
    first, *others = [accepted(assembly, stage) for stage in stages]
    listed: Any = defaultdict(lambda: defaultdict(list))
    for rule, reason, path in sorted(first):
        listed[rule][reason].append(path)
    assert listed == snapshot(extension_class=JSONSnapshotExtension)
    assert all(other == first for other in others), "all regions accept the same"


def test_nothing_is_accepted_without_a_reason(assembly: Assembly) -> None:
    for stage in assembly.settings:
        for rule, reason, path in accepted(assembly, stage):
            assert len(reason) > 20, f"{rule} on {path}"
