"""docs/cost.md: idle months and prices of a million identifications, with where they are from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from operations.cost import identifications
from operations.cost.idle_month import FREE, Item, idle_month
from operations.cost.prices import PriceList
from stacks.settings import Settings

_HEAD = """\
# What it costs

<!-- Written by `make cost`. Do not edit: operations/cost/ -->

Computed from the synthesized templates and the list prices in
[operations/cost/prices.json](../operations/cost/prices.json), written down for {as_of}. {note}

An idle month is one in which the application is deployed and nobody uses it: no request, no
training, the notebook stopped, as it stops by itself. A million identifications come on top.
"""

_ASSUMPTIONS = """\
## What is assumed

One by one, a request identifies one feedback: {function_ms:.0f} ms of the function,
{model_ms:.0f} ms of a serverless endpoint, {reads} read and {writes} written units of the tables,
{log} KB of logs. In thousands, `/predict` is sent {names:,} names at a time and stores nothing. A
batch is a transform job of {batch} hours for a million names. Data transfer, free tiers and taxes
are left out.
"""


def total(items: Sequence[Item]) -> float:
    """Sum up."""
    return sum(item.usd for item in items)


def idle_items(settings: Settings, templates: Mapping[str, Any], prices: PriceList) -> list[Item]:
    """Price the idle month of a stage."""
    return [
        item
        for template in templates.values()
        for item in idle_month(template, prices, settings.region)
    ]


def render(stages: Sequence[tuple[Settings, Mapping[str, Any]]], prices: PriceList) -> str:
    """Write the document.

    Parameters
    ----------
    stages
        Settings and templates, by stack, of every environment and region.
    prices
        List prices. A region that they do not know is named, and left out.
    """
    unpriced = sorted({settings.region for settings, _ in stages} - set(prices.regions))
    stages = [stage for stage in stages if stage[0].region in prices.regions]
    lines = [
        _HEAD.format(as_of=prices.as_of, note=prices.note),
        *([f"Without prices, and left out: {', '.join(unpriced)}.", ""] if unpriced else []),
        "| environment | region | idle month | a million, one by one | in thousands | in a batch |",
        "|---|---|---:|---:|---:|---:|",
        *(_row(settings, templates, prices) for settings, templates in stages),
        "",
    ]
    for settings, templates in _first_regions(stages):
        lines += _details(settings, templates, prices)
    lines += [
        _ASSUMPTIONS.format(
            function_ms=identifications.FUNCTION_SECONDS * 1000,
            model_ms=identifications.MODEL_SECONDS * 1000,
            reads=identifications.READ_UNITS,
            writes=identifications.WRITE_UNITS,
            log=identifications.LOG_KB,
            names=identifications.NAMES_PER_REQUEST,
            batch=identifications.BATCH_HOURS,
        ),
        *_free(),
        *_price_table(prices),
    ]
    return "\n".join(lines) + "\n"


def _row(settings: Settings, templates: Mapping[str, Any], prices: PriceList) -> str:
    idle = total(idle_items(settings, templates, prices))
    single = total([*identifications.one_by_one(settings, [*templates.values()], prices)])
    thousands = identifications.by_thousands(settings, [*templates.values()], prices)
    batch = identifications.in_a_batch(settings, prices)
    return (
        f"| `{settings.environment}` | {settings.region} | {idle:,.2f} | {single:,.2f} "
        f"| {thousands:,.3f} | {batch:,.3f} |"
    )


def _first_regions(
    stages: Sequence[tuple[Settings, Mapping[str, Any]]],
) -> list[tuple[Settings, Mapping[str, Any]]]:
    return [next(group) for _, group in groupby(stages, key=lambda stage: stage[0].environment)]


def _details(settings: Settings, templates: Mapping[str, Any], prices: PriceList) -> list[str]:
    region = settings.region
    items = sorted(idle_items(settings, templates, prices), key=lambda item: item.what)
    lines = [f"## {settings.environment}, {region}", "", "| idle month | USD |", "|---|---:|"]
    for what, group in groupby(items, key=lambda item: item.what):
        same = list(group)
        times = f" × {len(same)}" if len(same) > 1 else ""
        lines.append(f"| {what}{times} | {total(same):,.2f} |")
    lines += ["", "| a million identifications, one by one | USD |", "|---|---:|"]
    lines += [
        f"| {item.what} | {item.usd:,.2f} |"
        for item in identifications.one_by_one(settings, [*templates.values()], prices)
    ]
    training = prices.usd(f"sagemaker.training.{settings.training_instance_type}", region)
    lines += ["", f"An hour of training costs {training:,.2f}"]
    if settings.notebook:
        hour = prices.usd(f"sagemaker.notebook.{settings.notebook_instance_type}", region)
        lines[-1] += (
            f", an hour of the notebook {hour:,.2f}; it stops after "
            f"{settings.notebook_idle_minutes} idle minutes"
        )
    lines[-1] += "."
    return [*lines, ""]


def _free() -> list[str]:
    return [
        "## What costs nothing while nobody uses it",
        "",
        "| | |",
        "|---|---|",
        *(f"| `{kind}` | {reason} |" for kind, reason in sorted(FREE.items())),
        "",
    ]


def _price_table(prices: PriceList) -> list[str]:
    rows = [
        f"| `{name}` | {' | '.join(f'{price.usd[region]:.10g}' for region in prices.regions)} "
        f"| {price.unit} | [page]({price.source}) | {price.basis} |"
        for name, price in sorted(prices.prices.items())
    ]
    return [
        "## List prices",
        "",
        f"| | {' | '.join(prices.regions)} | per | source | where the figure is from |",
        f"|---|{'---:|' * len(prices.regions)}---|---|---|",
        *rows,
    ]
