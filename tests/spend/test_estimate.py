"""Estimates add up list prices, and say 'not known' rather than 'free'."""

from __future__ import annotations

import json
from importlib.resources import files

from azlabs.spend import estimate, price_of

ADDRESS = ("Microsoft.Network/publicIPAddresses", {"name": "pip", "sku": {"name": "Standard"}})
NETWORK = ("Microsoft.Network/virtualNetworks", {"name": "vnet"})
MACHINE = ("Microsoft.Compute/virtualMachines", {"name": "vm"})


def test_four_standard_addresses_cost_two_cents_an_hour() -> None:
    assert estimate([NETWORK, *[ADDRESS] * 4]).usd_per_hour == 0.02


def test_what_is_not_in_the_table_makes_the_total_unknown() -> None:
    found = estimate([ADDRESS, MACHINE])
    assert found.usd_per_hour is None
    assert found.unknown == ["Microsoft.Compute/virtualMachines"]
    assert [position.usd_per_hour for position in found.positions] == [0.005, None]


def test_nothing_costs_nothing() -> None:
    assert estimate([]).usd_per_hour == 0


def test_the_body_decides_between_entries_of_one_type() -> None:
    kind = ADDRESS[0]
    assert price_of(kind, {"sku": {"name": "standard", "tier": "Global"}}).usd_per_hour == 0.01  # type: ignore[union-attr]
    assert price_of(kind.upper(), {"sku": {"name": "STANDARD"}}).usd_per_hour == 0.005  # type: ignore[union-attr]
    assert price_of(kind, {"sku": {"name": "Basic"}}) is None
    assert price_of(kind, {}) is None


def test_every_price_has_a_source_and_is_no_guess() -> None:
    table = json.loads((files("azlabs.spend") / "prices.json").read_text())
    for entry in table["prices"]:
        assert entry["source"].startswith("https://azure.microsoft.com/"), entry
        assert isinstance(entry["usd_per_hour"], int | float) and entry["usd_per_hour"] >= 0
