"""Every template of every environment and region, with what changes by content normalised.

One region of each environment is kept whole, the others by what they have of their own.
``make snapshots`` takes them anew; the difference is then reviewed like code.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from stacks.settings import Settings, load_settings, read_presets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syrupy.assertion import SnapshotAssertion

    from .conftest import Assembly

PRESETS = read_presets()
ENVIRONMENTS = list(PRESETS["environments"])
WHOLE_REGION, *OTHER_REGIONS = PRESETS["regions"]
NOTHING = "<nothing>"
REVIEW = "If the difference is meant, take it with 'make snapshots' and review it like code."


def normalised(assembly: Assembly, settings: Settings) -> Any:
    """Replace the region, and what names content: asset hashes, fingerprints, hashed ids."""
    text = json.dumps(assembly.templates[settings.stage_name])
    text = text.replace(settings.region, "<region>")
    text = re.sub(r"\b[0-9a-f]{64}\b", "<asset>", text)
    text = re.sub(r"(Deployment[0-9A-F]{8})[0-9a-f]{32}\b", r"\1<hash>", text)
    # The ids of a permission to invoke are made of the stage's name and hashes of it.
    stage = re.escape(settings.stage_name.replace("-", ""))
    text = re.sub(rf"{stage}(\w+?)[0-9A-F]{{8}}(\w+)[0-9A-F]{{8}}\b", r"\1\2", text)
    text = re.sub(r"\b(train|notebooks|code|pretrained)/[0-9a-f]{16}", r"\1/<fingerprint>", text)
    return json.loads(text)


def differences(whole: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield where two documents differ, with what stands there in the other one."""
    if isinstance(whole, dict) and isinstance(other, dict):
        for key in sorted(whole.keys() | other.keys()):
            yield from differences(
                whole.get(key, NOTHING), other.get(key, NOTHING), f"{path}/{key}"
            )
    elif isinstance(whole, list) and isinstance(other, list) and len(whole) == len(other):
        for index, (left, right) in enumerate(zip(whole, other, strict=True)):
            yield from differences(left, right, f"{path}/{index}")
    elif whole != other:
        yield path, other


def settings_of(environment: str, region: str) -> Settings:
    (settings,) = load_settings(PRESETS, {"environment": environment, "region": region})
    return settings


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_templates(environment: str, assembly: Assembly, snapshot: SnapshotAssertion) -> None:
    found = normalised(assembly, settings_of(environment, WHOLE_REGION))
    assert found == snapshot(extension_class=JSONSnapshotExtension), REVIEW


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_other_regions_have_of_their_own(
    environment: str, assembly: Assembly, snapshot: SnapshotAssertion
) -> None:
    whole = normalised(assembly, settings_of(environment, WHOLE_REGION))
    found = {
        region: dict(differences(whole, normalised(assembly, settings_of(environment, region))))
        for region in OTHER_REGIONS
    }
    assert found == snapshot(extension_class=JSONSnapshotExtension), REVIEW
