"""Synthesizes one stage per environment and region.

``cdk deploy 'workshop-eu-west-1/*'`` deploys one of them; ``-c`` overrides settings.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks.settings import CONTEXT_KEY, SettingsError, context_overrides, load_settings
from stacks.shipped_folder import MissingInputError
from stacks.stage import RegionalStage


def main() -> None:
    """Read the settings, build the stages, write the cloud assembly."""
    app = cdk.App()
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    context = app.node.get_all_context()
    for settings in load_settings(context[CONTEXT_KEY], context_overrides(context)):
        RegionalStage(app, settings=settings)
    _refuse_findings(Path(app.synth().directory))


def _refuse_findings(assembly: Path) -> None:
    """Exit if a policy check found something.

    CDK says so by the exit code of its own process, which is not this one.
    """
    report = assembly / "validation-report.json"
    if not report.exists():
        return
    findings = [
        f"{finding['ruleName']} on {construct['constructPath']}"
        for plugin in json.loads(report.read_text())["pluginReports"]
        if plugin["conclusion"] == "failure"
        for finding in plugin["violations"]
        for construct in finding["violatingConstructs"]
    ]
    if findings:
        sys.exit("voc-gender: policy findings:\n" + "\n".join(sorted(findings)))


if __name__ == "__main__":
    try:
        main()
    except (SettingsError, MissingInputError) as error:
        sys.exit(f"voc-gender: {error}")
