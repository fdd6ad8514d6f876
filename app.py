"""Synthesizes one stage per environment and region.

``cdk deploy 'workshop-eu-west-1/*'`` deploys one of them; ``-c`` overrides settings.
"""

from __future__ import annotations

import sys

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from stacks.settings import CONTEXT_KEY, SettingsError, context_overrides, load_settings
from stacks.stage import RegionalStage
from stacks.training_source import MissingInputError


def main() -> None:
    """Read the settings, build the stages, write the cloud assembly."""
    app = cdk.App()
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    context = app.node.get_all_context()
    for settings in load_settings(context[CONTEXT_KEY], context_overrides(context)):
        RegionalStage(app, settings=settings)
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except (SettingsError, MissingInputError) as error:
        sys.exit(f"voc-gender: {error}")
