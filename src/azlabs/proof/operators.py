"""What a slip can do to one value, by what the value means. Each operator yields (its name, the new value).

The tables below are the whole policy: which member names mean a port, a prefix, a choice; which values a choice has.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any

Variants = Iterator[tuple[str, Any]]

_PORTS = re.compile(r"^(source|destination)PortRanges?$", re.IGNORECASE)
_PREFIX = re.compile(r"AddressPrefix(es)?$|^addressPrefix(es)?$", re.IGNORECASE)
_DURATION = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")
_ADDRESS = re.compile(r"^(privateIPAddress|nextHopIpAddress)$", re.IGNORECASE)

LAST_PORT = 65535
_SECONDS = 3
OTHER_REGIONS = ("WestEurope", "EastUS")

# Members that choose one of a few values, with the values that Azure knows.
CHOICES: dict[str, tuple[str, ...]] = {
    "access": ("Allow", "Deny"),
    "protocol": ("Tcp", "Udp", "Icmp", "*"),
    "direction": ("Inbound", "Outbound"),
    "privateipallocationmethod": ("Static", "Dynamic"),
    "nexthoptype": ("Internet", "None", "VirtualNetworkGateway", "VnetLocal"),
    "publicnetworkaccess": ("Enabled", "Disabled"),
    "defaultaction": ("Allow", "Deny"),
    "bypass": ("None", "AzureServices"),
    "minimumtlsversion": ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
    "accesstier": ("Hot", "Cool", "Cold"),
    "publicaccess": ("None", "Blob", "Container"),
    "httpsonly": (),
    "level": ("CanNotDelete", "ReadOnly"),
    "enforcementmode": ("Default", "DoNotEnforce"),
    "privateendpointnetworkpolicies": ("Enabled", "Disabled"),
    "privatelinkservicenetworkpolicies": ("Enabled", "Disabled"),
    "datatype": ("float32", "float16", "uint8", "int8"),
    "distancefunction": ("cosine", "dotproduct", "euclidean"),
    "indexingmode": ("consistent", "none"),
    "status": ("Active", "Disabled", "SendDisabled", "ReceiveDisabled"),
}
# Choices that Azure writes with `*` in their place are wider than every other value.
_WIDEST = "*"


def variants(member: str, value: Any) -> Variants:
    """All slips for a scalar value of a member of this name."""
    if isinstance(value, bool):
        yield "flip", not value
    elif isinstance(value, int):
        if member.lower() != "priority":
            yield "number + 1", value + 1
            yield "number - 1", value - 1
    elif isinstance(value, str):
        yield from _of_text(member, value)


def _of_text(member: str, value: str) -> Variants:
    yield from _durations(value)
    choices = CHOICES.get(member.lower())
    if choices is not None:
        yield from _choices(value, choices)
        return
    for pattern, operator in _TEXT_OPERATORS:
        if pattern.search(member):
            yield from operator(value)


def _durations(value: str) -> Variants:
    """One more and one less of the largest unit, and a tenth of it: P7D to P8D, P6D and PT16H."""
    found = _DURATION.match(value)
    if found is None or not any(found.groups()):
        return
    place = next(number for number, part in enumerate(found.groups()) if part)
    count = int(found.groups()[place] or 0)
    for number, operator in ((count + 1, "longer"), (count - 1, "shorter")):
        if number > 0:
            yield operator, _duration(place, number)
    if count > 1:
        smaller = (count * (24, 60, 60)[place] // 10) if place < _SECONDS else 0
        yield "shorter", _duration(place + 1, smaller) if smaller else _duration(place, 1)


def _duration(place: int, number: int) -> str:
    return f"P{number}D" if place == 0 else f"PT{number}{'DHMS'[place]}"


def _choices(value: str, choices: tuple[str, ...]) -> Variants:
    for other in choices:
        if other.lower() != value.lower():
            yield ("widen" if other == _WIDEST else "narrow" if value == _WIDEST else "swap"), other


def _ports(value: str) -> Variants:
    if value == _WIDEST:
        yield "narrow", f"0-{LAST_PORT - 1}"
        yield "narrow", f"1-{LAST_PORT}"
        return
    low_text, _, high_text = value.partition("-")
    if not (low_text.isdigit() and (high_text or low_text).isdigit()):
        return
    low, high = int(low_text), int(high_text or low_text)
    ranges = {
        "widen": [(low, high + 1), (low - 1, high)],
        "port + 1": [(low + 1, high + 1)] if low == high else [],
        "port - 1": [(low - 1, high - 1)] if low == high else [],
        "narrow": [(low + 1, high), (low, high - 1)] if low < high else [],
        "first": [(low, low)] if low < high else [],
        "last": [(high, high)] if low < high else [],
    }
    for name, pairs in ranges.items():
        for first, last in pairs:
            if 0 <= first <= last <= LAST_PORT:
                yield name, str(first) if first == last else f"{first}-{last}"
    yield "widen", _WIDEST


def _prefixes(value: str) -> Variants:
    if value == _WIDEST:
        yield "narrow", "VirtualNetwork"
        yield "narrow", "Internet"
    elif value[:1].isalpha():
        yield from _tags(value)
    else:
        yield from _ranges(value)


def _tags(value: str) -> Variants:
    service, _, region = value.partition(".")
    if region:
        yield "widen", service
        other = next(name for name in OTHER_REGIONS if name.lower() != region.lower())
        yield "change", f"{service}.{other}"
    yield "widen", _WIDEST
    for other in ("VirtualNetwork", "Internet"):
        if other.lower() != value.lower():
            yield "change", other


def _ranges(value: str) -> Variants:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return
    if network.prefixlen:
        wider = network.supernet()
        yield "widen", str(wider)
        yield "shift", str(next(half for half in wider.subnets() if half != network))
    if network.prefixlen < network.max_prefixlen:
        for half in network.subnets():
            yield "narrow", str(half)
        yield "first", f"{network[0]}/{network.max_prefixlen}"
        yield "last", f"{network[-1]}/{network.max_prefixlen}"


def _addresses(value: str) -> Variants:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return
    yield "address + 1", str(address + 1)


_TEXT_OPERATORS: tuple[tuple[re.Pattern[str], Callable[[str], Variants]], ...] = (
    (_PORTS, _ports),
    (_PREFIX, _prefixes),
    (_ADDRESS, _addresses),
)
