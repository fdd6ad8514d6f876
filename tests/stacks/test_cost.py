"""What the templates cost: nothing unpriced, workshop below two dollars, docs up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from operations.cost.idle_month import idle_month
from operations.cost.prices import PriceList, UnpricedError
from operations.cost.report import idle_items, render, total
from stacks.shipped_folder import REPOSITORY

if TYPE_CHECKING:
    from .conftest import Assembly


def test_an_idle_workshop_costs_less_than_two_dollars(assembly: Assembly) -> None:
    prices = PriceList.load()
    for stage, templates in assembly.templates.items():
        if assembly.settings[stage].region not in prices.regions:
            continue
        items = idle_items(assembly.settings[stage], templates, prices)
        idle = total(items)
        if assembly.settings[stage].environment == "workshop":
            assert 0 < idle < 2, (stage, items)
        else:
            assert idle > 100, (stage, items)


def test_the_document_is_up_to_date(assembly: Assembly) -> None:
    stages = [
        (settings, assembly.templates[stage]) for stage, settings in assembly.settings.items()
    ]
    written = (REPOSITORY / "docs" / "cost.md").read_text(encoding="utf-8")
    assert render(stages, PriceList.load()) == written, "run 'make cost'"


def test_a_region_without_prices_is_named_and_left_out(assembly: Assembly) -> None:
    known = PriceList.load()
    prices = {
        name: replace(price, usd={"us-east-1": price.usd["us-east-1"]})
        for name, price in known.prices.items()
    }
    stages = [
        (settings, assembly.templates[stage]) for stage, settings in assembly.settings.items()
    ]
    document = render(stages, replace(known, prices=prices))
    others = sorted({settings.region for settings, _ in stages} - {"us-east-1"})
    assert f"Without prices, and left out: {', '.join(others)}.\n" in document
    assert "| us-east-1 |" in document
    assert "| eu-west-1 |" not in document


def test_what_has_no_price_stops_the_calculation() -> None:
    prices = PriceList.load()

    def price(kind: str, **properties: object) -> list[float]:
        template = {"Resources": {"Thing": {"Type": kind, "Properties": properties}}}
        return [item.usd for item in idle_month(template, prices, "eu-west-1")]

    assert price("AWS::IAM::Role") == []
    assert price("AWS::WAFv2::WebACL", Rules=[{}, {}]) == [7.0]
    with pytest.raises(UnpricedError, match=r"AWS::EC2::NatGateway \(Thing\) has no price"):
        price("AWS::EC2::NatGateway")
    with pytest.raises(UnpricedError, match="add it to"):
        price(
            "AWS::SageMaker::EndpointConfig",
            ProductionVariants=[{"InstanceType": "ml.p3.2xlarge", "InitialInstanceCount": 1}],
        )
    with pytest.raises(UnpricedError, match="provisioned"):
        price("AWS::DynamoDB::Table", BillingMode="PROVISIONED")


def test_every_price_has_a_source_and_knows_the_same_regions() -> None:
    prices = PriceList.load()
    assert {"us-east-1", "us-east-2", "us-west-2", "eu-west-1"} <= set(prices.regions)
    priced = {region for price in prices.prices.values() for region in price.usd}
    for name, price in prices.prices.items():
        assert price.source.startswith("https://aws.amazon.com/"), name
        assert price.basis, name
        assert priced - price.usd.keys() == set(), f"{name} has no price there"
