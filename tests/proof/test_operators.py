"""What a slip can make of one value."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.proof.operators import LAST_PORT, variants


def made(member: str, value: Any) -> set[tuple[str, Any]]:
    return set(variants(member, value))


@pytest.mark.parametrize(
    ("member", "value", "expected"),
    [
        ("access", "Allow", {("swap", "Deny")}),
        ("direction", "outbound", {("swap", "Inbound")}),
        ("protocol", "Tcp", {("swap", "Udp"), ("swap", "Icmp"), ("widen", "*")}),
        ("protocol", "*", {("narrow", "Tcp"), ("narrow", "Udp"), ("narrow", "Icmp")}),
        ("enableIPForwarding", False, {("flip", True)}),
        ("idleTimeoutInMinutes", 4, {("number + 1", 5), ("number - 1", 3)}),
        ("priority", 100, set()),
        ("description", "any words", set()),
        ("destinationPortRange", "*", {("narrow", "0-65534"), ("narrow", "1-65535")}),
        (
            "destinationPortRange",
            "443",
            {
                ("port + 1", "444"),
                ("port - 1", "442"),
                ("widen", "443-444"),
                ("widen", "442-443"),
                ("widen", "*"),
            },
        ),
        (
            "destinationPortRanges",
            "80-90",
            {
                ("widen", "80-91"),
                ("widen", "79-90"),
                ("narrow", "81-90"),
                ("narrow", "80-89"),
                ("first", "80"),
                ("last", "90"),
                ("widen", "*"),
            },
        ),
        (
            "sourceAddressPrefix",
            "203.0.113.64/28",
            {
                ("widen", "203.0.113.64/27"),
                ("shift", "203.0.113.80/28"),
                ("narrow", "203.0.113.64/29"),
                ("narrow", "203.0.113.72/29"),
                ("first", "203.0.113.64/32"),
                ("last", "203.0.113.79/32"),
            },
        ),
        ("addressPrefix", "10.0.0.4", {("widen", "10.0.0.4/31"), ("shift", "10.0.0.5/32")}),
        ("sourceAddressPrefix", "*", {("narrow", "VirtualNetwork"), ("narrow", "Internet")}),
        (
            "destinationAddressPrefix",
            "Storage.WestEurope",
            {
                ("widen", "Storage"),
                ("change", "Storage.EastUS"),
                ("widen", "*"),
                ("change", "VirtualNetwork"),
                ("change", "Internet"),
            },
        ),
        ("sourceAddressPrefix", "VirtualNetwork", {("widen", "*"), ("change", "Internet")}),
        ("privateIPAddress", "10.0.0.4", {("address + 1", "10.0.0.5")}),
        (
            "destinationPortRange",
            "0-65535",
            {("narrow", "1-65535"), ("narrow", "0-65534"), ("first", "0"), ("last", "65535"), ("widen", "*")},
        ),
    ],
)
def test_a_value_is_changed_by_what_it_means(member: str, value: Any, expected: set[tuple[str, Any]]) -> None:
    assert made(member, value) == expected


@given(low=st.integers(0, LAST_PORT), width=st.integers(0, 300))
def test_port_slips_are_ports_and_differ(low: int, width: int) -> None:
    high = min(low + width, LAST_PORT)
    value = str(low) if low == high else f"{low}-{high}"
    for _, other in variants("destinationPortRange", value):
        assert other != value
        if other != "*":
            first, _, last = other.partition("-")
            assert 0 <= int(first) <= int(last or first) <= LAST_PORT


@given(address=st.ip_addresses(v=4), length=st.integers(0, 32))
def test_prefix_slips_are_prefixes_and_differ(address: ipaddress.IPv4Address, length: int) -> None:
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    for operator, other in variants("sourceAddressPrefix", str(network)):
        changed = ipaddress.ip_network(other)
        assert changed != network
        if operator == "widen":
            assert network.subnet_of(changed)
        if operator in ("narrow", "first", "last"):
            assert changed.subnet_of(network)


@given(member=st.text(max_size=30), value=st.text(max_size=30))
def test_no_text_breaks_an_operator(member: str, value: str) -> None:
    assert all(other != value for _, other in variants(member, value))
