"""``make cost``: prints what every environment costs in every region, and writes docs/cost.md."""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import aws_cdk as cdk

from local.progress import say
from operations.cost.prices import PriceList, UnpricedError
from operations.cost.report import render
from stacks.settings import CONTEXT_KEY, Settings, SettingsError, load_settings, read_context
from stacks.shipped_folder import REPOSITORY, MissingInputError
from stacks.stage import RegionalStage

_DOCUMENT = REPOSITORY / "docs" / "cost.md"


def main() -> None:
    """Synthesize, price, print and write."""
    try:
        document = render(_stages(), PriceList.load())
    except (UnpricedError, SettingsError, MissingInputError) as error:
        sys.exit(f"cost: {error}")
    _DOCUMENT.write_text(document, encoding="utf-8")
    say(document.partition("\n## What is assumed")[0])
    say(f"All of it is in {_DOCUMENT.relative_to(REPOSITORY)}")


def _stages() -> list[tuple[Settings, dict[str, Any]]]:
    context = read_context()
    chosen = load_settings(context[CONTEXT_KEY])
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(outdir=folder, context=context)
        for settings in chosen:
            RegionalStage(app, settings=settings)
        assembly = app.synth()
        return [
            (
                settings,
                {
                    stack.stack_name: stack.template
                    for stack in assembly.get_nested_assembly(
                        f"assembly-{settings.stage_name}"
                    ).stacks
                },
            )
            for settings in chosen
        ]


if __name__ == "__main__":
    main()
