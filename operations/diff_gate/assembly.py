"""The stacks of a synthesized cloud assembly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.diff_gate.cdk_diff import Template


@dataclass(frozen=True)
class SynthesizedStack:
    """One stack of one stage.

    Attributes
    ----------
    stage, name
        Its place: ``workshop-eu-west-1`` and ``Storage``.
    deployed_name
        The name in CloudFormation; another name is another stack.
    termination_protection
        Whether CloudFormation refuses to delete it.
    template
        What CloudFormation gets.
    """

    stage: str
    name: str
    deployed_name: str
    termination_protection: bool
    template: Template

    @property
    def path(self) -> str:
        """How the CDK CLI selects it: ``workshop-eu-west-1/Storage``."""
        return f"{self.stage}/{self.name}"


def read_assembly(folder: Path) -> dict[str, SynthesizedStack]:
    """Read every stack of an assembly and of those nested in it, by its path."""
    stacks = {}
    manifest = json.loads((folder / "manifest.json").read_text())
    for artifact in manifest.get("artifacts", {}).values():
        properties = artifact.get("properties", {})
        if artifact["type"] == "cdk:cloud-assembly":
            stacks.update(read_assembly(folder / properties["directoryName"]))
        elif artifact["type"] == "aws:cloudformation:stack":
            stack = _stack(folder, artifact.get("displayName", ""), properties)
            stacks[stack.path] = stack
    return stacks


def _stack(folder: Path, display_name: str, properties: dict[str, Any]) -> SynthesizedStack:
    stage, _, name = display_name.rpartition("/")
    return SynthesizedStack(
        stage=stage,
        name=name,
        deployed_name=properties["stackName"],
        termination_protection=bool(properties.get("terminationProtection")),
        template=json.loads((folder / properties["templateFile"]).read_text()),
    )
