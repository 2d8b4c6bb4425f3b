"""What resources cost on Azure by the hour, from a table of list prices. What the table does not know is not known:
an estimate with an unknown part has no total, and never counts it as free."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Price:
    """One entry of the table: USD an hour, and the page it is from."""

    type: str
    where: dict[str, str]
    usd_per_hour: float
    source: str

    def fits(self, body: dict[str, Any]) -> bool:
        """Whether the body has the values that the entry asks for."""
        return all(_value(body, path).lower() == wanted.lower() for path, wanted in self.where.items())


@dataclass(frozen=True, slots=True)
class Position:
    """One resource of an estimate; `usd_per_hour` None: not known. `source` is the page, '' when not known."""

    type: str
    name: str
    usd_per_hour: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What resources cost together."""

    positions: tuple[Position, ...]

    @property
    def usd_per_hour(self) -> float | None:
        """USD an hour; None as soon as one position is not known."""
        total = 0.0
        for position in self.positions:
            if position.usd_per_hour is None:
                return None
            total += position.usd_per_hour
        return round(total, 6)

    @property
    def unknown(self) -> list[str]:
        """The types without a price."""
        return sorted({position.type for position in self.positions if position.usd_per_hour is None})


def estimate(resources: Iterable[tuple[str, dict[str, Any]]]) -> Estimate:
    """The estimate for resources given as (type, body); a body has Azure's shape: name, sku, properties."""
    return Estimate(tuple(_position(kind, body) for kind, body in resources))


def price_of(kind: str, body: dict[str, Any]) -> Price | None:
    """The entry of the table for one resource; None when it is not known."""
    return next((price for price in _table().get(kind.lower(), ()) if price.fits(body)), None)


def _position(kind: str, body: dict[str, Any]) -> Position:
    price = price_of(kind, body)
    name = str(body.get("name", ""))
    if price is None:
        return Position(kind, name, None, "")
    return Position(kind, name, price.usd_per_hour, price.source)


@cache
def _table() -> dict[str, list[Price]]:
    text = (files("azlabs.spend") / "prices.json").read_text(encoding="utf-8")
    table: dict[str, list[Price]] = {}
    for entry in json.loads(text)["prices"]:
        price = Price(entry["type"], entry.get("where", {}), float(entry["usd_per_hour"]), entry["source"])
        table.setdefault(price.type.lower(), []).append(price)
    return table


def _value(body: Any, path: str) -> str:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return "" if body is None else str(body)
