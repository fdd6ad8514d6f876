from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from stacks.settings import CONTEXT_KEY, Settings, load_settings, read_context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
Template = dict[str, Any]


@dataclass(frozen=True)
class Assembly:
    """What a synthesis wrote: templates by stage and stack, and the policy report.

    ``protected`` names the stacks that cannot be deleted before they are freed by hand.
    """

    folder: Path
    settings: Mapping[str, Settings]
    templates: Mapping[str, Mapping[str, Template]]
    protected: frozenset[str]
    report: Mapping[str, Any]


def synthesize(folder: Path, overrides: Mapping[str, Any] | None = None) -> Assembly:
    # Seconds of imports that the tests of the settings do without.
    import aws_cdk as cdk
    from cdk_nag import AwsSolutionsChecks

    from stacks.stage import RegionalStage

    context = read_context()
    app = cdk.App(outdir=str(folder), context=context)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    chosen = load_settings(context[CONTEXT_KEY], overrides)
    for settings in chosen:
        RegionalStage(app, settings=settings)
    assembly = app.synth()
    stacks = {
        settings.stage_name: assembly.get_nested_assembly(f"assembly-{settings.stage_name}").stacks
        for settings in chosen
    }
    templates = {
        stage: {
            artifact.stack_name.removeprefix(f"{stage}-"): artifact.template for artifact in found
        }
        for stage, found in stacks.items()
    }
    report = folder / "validation-report.json"
    return Assembly(
        folder=folder,
        settings={settings.stage_name: settings for settings in chosen},
        templates=templates,
        protected=frozenset(
            artifact.stack_name
            for found in stacks.values()
            for artifact in found
            if artifact.termination_protection
        ),
        report=json.loads(report.read_text()) if report.exists() else {"pluginReports": []},
    )


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Every environment in every region, synthesized once."""
    return synthesize(tmp_path_factory.mktemp("assembly"))
