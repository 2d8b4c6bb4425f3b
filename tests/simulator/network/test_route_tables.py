"""Route tables and routes."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Net


def test_a_route_is_a_view_of_its_table(net: Net) -> None:
    table = net.make("routeTables/table")["properties"]
    assert table["disableBgpRoutePropagation"] is False and table["routes"] == []
    route = net.make("routeTables/table/routes/out", {"addressPrefix": "0.0.0.0/0", "nextHopType": "internet"})
    assert route["properties"] == {
        "addressPrefix": "0.0.0.0/0", "nextHopType": "Internet", "hasBgpOverride": False, "provisioningState": "Succeeded",
    }  # fmt: skip
    assert net.get("routeTables/table")["properties"]["routes"][0]["name"] == "out"
    assert "disablePeeringRoute" in net.get("routeTables/table", version="2025-03-01")["properties"]
    assert "disablePeeringRoute" not in net.get("routeTables/table", version="2024-03-01")["properties"]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"addressPrefix": "10.0.0.0/8", "nextHopType": "VirtualAppliance"}, "NextHopIpAddressRequired"),
        (
            {"addressPrefix": "10.0.0.0/8", "nextHopType": "Internet", "nextHopIpAddress": "10.0.0.4"},
            "NextHopIpAddressNotAllowed",
        ),
        (
            {"addressPrefix": "10.0.0.0/8", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "127.0.0.1"},
            "InvalidNextHopIpAddress",
        ),
        ({"addressPrefix": "10.0.0.1/8", "nextHopType": "None"}, "InvalidCIDRNotation"),
        ({"addressPrefix": "10/8", "nextHopType": "None"}, "InvalidAddressPrefixFormat"),
        ({"addressPrefix": "10.0.0.0/8", "nextHopType": "Moon"}, "InvalidRequestFormat"),
        ({"addressPrefix": "192.0.2.0/24", "nextHopType": "None"}, "RouteConflict"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused(net: Net, properties: dict[str, Any], expected: str) -> None:
    net.make("routeTables/table")
    net.make("routeTables/table/routes/first", {"addressPrefix": "192.0.2.0/24", "nextHopType": "None"})
    assert net.refused("routeTables/table/routes/r", properties) == expected


def test_a_route_may_name_a_service_tag(net: Net) -> None:
    net.make("routeTables/table")
    tag = {"addressPrefix": "Storage.WestEurope", "nextHopType": "Internet"}
    assert net.put("routeTables/table/routes/storage", tag).status == 201


def test_patch_changes_tags_only(net: Net) -> None:
    net.make("routeTables/table", tags={"a": "1"})
    answer = net("PATCH", "routeTables/table", {"tags": {"b": "2"}, "properties": {"disableBgpRoutePropagation": True}})
    assert answer.status == 200 and answer.json()["tags"] == {"b": "2"}
    assert answer.json()["properties"]["disableBgpRoutePropagation"] is False
