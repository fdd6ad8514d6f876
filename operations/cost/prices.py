"""List prices: one file, with date and source for each figure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRICES_FILE = Path(__file__).with_name("prices.json")


class UnpricedError(Exception):
    """Something in a template has no price; the message says where to add it."""


@dataclass(frozen=True)
class Price:
    """A list price.

    Attributes
    ----------
    unit
        What it is for.
    usd
        US dollars per unit, by region.
    source, basis
        Whose page says so, and how the figure came here.
    """

    unit: str
    usd: dict[str, float]
    source: str
    basis: str


@dataclass(frozen=True)
class PriceList:
    """All prices.

    Attributes
    ----------
    as_of
        Month that they were written down for.
    note
        What they include.
    prices
        By name.
    """

    as_of: str
    note: str
    prices: dict[str, Price]

    @classmethod
    def load(cls, file: Path = PRICES_FILE) -> PriceList:
        """Read the file."""
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        prices = {name: Price(**entry) for name, entry in content["prices"].items()}
        return cls(content["as_of"], content["note"], prices)

    @property
    def regions(self) -> list[str]:
        """Regions that every price is known for."""
        first, *others = (price.usd for price in self.prices.values())
        return [region for region in first if all(region in usd for usd in others)]

    def usd(self, name: str, region: str) -> float:
        """Return US dollars per unit.

        Raises
        ------
        UnpricedError
            If the list has no such price.
        """
        price = self.prices.get(name)
        if price is None or region not in price.usd:
            raise UnpricedError(
                f"there is no price {name} for {region}: add it to {PRICES_FILE.name}, with its "
                "source"
            )
        return price.usd[region]
