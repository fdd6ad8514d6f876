"""CDK's own verdict on pairs of templates.

The library is the one that ``cdk diff`` uses. The CLI would be started once per stack,
forty times in all; here one process of Node compares all of them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Impact = Literal[
    "WILL_UPDATE",
    "WILL_CREATE",
    "WILL_REPLACE",
    "MAY_REPLACE",
    "WILL_DESTROY",
    "WILL_ORPHAN",
    "WILL_IMPORT",
    "NO_CHANGE",
]
Template = Mapping[str, Any]

_PROGRAM = Path(__file__).with_suffix(".mjs")


class ResourceChange(BaseModel):
    """What happens to one resource.

    Attributes
    ----------
    impact
        On the physical resource.
    type
        CloudFormation's type, the new one if it changed.
    properties
        The changed properties, and what each alone would do.
    attributes
        What else changed of it: ``DeletionPolicy``, ``Metadata``, ``DependsOn``.
    """

    model_config = ConfigDict(frozen=True)

    impact: Impact
    type: str
    properties: Mapping[str, Impact | None]
    attributes: Sequence[str]


class TemplateChange(BaseModel):
    """What CDK says about one pair of templates.

    Attributes
    ----------
    name
        The name that the pair was given.
    resources
        The changed resources by logical id.
    elsewhere
        Other changed sections of the template: ``outputs``, ``parameters``.
    managed_policies
        Managed policies that were attached, in words.
    identity_center
        Whether something was added to IAM Identity Center.
    network_rules
        Rules that were added to security groups, in words.
    text, security_text
        The two reports of ``cdk diff``; empty where there is nothing to say.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    resources: Mapping[str, ResourceChange]
    elsewhere: Sequence[str]
    managed_policies: Sequence[str]
    identity_center: bool
    network_rules: Sequence[str]
    text: str
    security_text: str

    @property
    def is_empty(self) -> bool:
        """Whether the templates are the same."""
        return not (self.resources or self.elsewhere)


def compare(pairs: Mapping[str, tuple[Template | None, Template | None]]) -> list[TemplateChange]:
    """Compare templates as ``cdk diff`` does.

    Parameters
    ----------
    pairs
        By name, the template of the base and of the head; None where there is no stack.
    """
    question = [{"name": name, "base": base, "head": head} for name, (base, head) in pairs.items()]
    answer = subprocess.run(
        ["node", str(_PROGRAM)],
        input=json.dumps(question),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [TemplateChange.model_validate(change) for change in json.loads(answer.stdout)]
