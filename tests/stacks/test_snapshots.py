"""Every template of every environment and region, with what changes by content normalised.

``make snapshots`` takes them anew; the difference is then reviewed like code.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from stacks.settings import load_settings, read_presets
from stacks.training_source import REPOSITORY

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from .conftest import Assembly

STAGES = [settings.stage_name for settings in load_settings(read_presets(REPOSITORY / "cdk.json"))]


def normalised(template: dict[str, Any]) -> Any:
    """Replace what names content: asset hashes, fingerprints, and logical ids made of them."""
    text = json.dumps(template)
    text = re.sub(r"\b[0-9a-f]{64}\b", "<asset>", text)
    text = re.sub(r"\b(train|notebooks|code)/[0-9a-f]{16}", r"\1/<fingerprint>", text)

    return json.loads(text)


@pytest.mark.parametrize("stage", STAGES)
def test_templates(stage: str, assembly: Assembly, snapshot: SnapshotAssertion) -> None:
    by_stack = {name: normalised(found) for name, found in assembly.templates[stage].items()}
    assert by_stack == snapshot(extension_class=JSONSnapshotExtension)
