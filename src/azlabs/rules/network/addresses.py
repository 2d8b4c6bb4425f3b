"""Addresses as numbers on one line, so that every address set is an interval set.

The line holds, one after the other: the IPv4 addresses, three places for Azure's platform services (name resolution,
instance metadata, licensing), a grid of places for the services that a service tag names in each region, and the IPv6
addresses. The published prefixes of a service tag change every week and are not known offline; a place of the grid
stands for all of them at once. An IPv4 address on the line therefore means an address that is not one of Azure's
services.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from azlabs.rules.network.intervals import IntervalSet, intersect, interval, pairs, subtract, union, union_all

V4: IntervalSet = interval(0, 2**32 - 1)
PLATFORM_DNS: IntervalSet = interval(2**33, 2**33)
PLATFORM_IMDS: IntervalSet = interval(2**33 + 2, 2**33 + 2)
PLATFORM_LKM: IntervalSet = interval(2**33 + 4, 2**33 + 4)
PLATFORM: IntervalSet = union_all([PLATFORM_DNS, PLATFORM_IMDS, PLATFORM_LKM])
GRID_START = 2**34
GRID_END = 2**34 + 2**16 - 1
_V6_START = 2**129
V6: IntervalSet = interval(_V6_START, _V6_START + 2**128 - 1)


class AddressError(ValueError):
    """A text that is neither an address, nor a prefix, nor a range of addresses."""


def _v4(text: str) -> int:
    parts = text.split(".")
    if len(parts) != 4:
        raise AddressError(f"{text} is not an address")
    value = 0
    for part in parts:
        if not (part.isascii() and part.isdigit()) or len(part) > 3 or int(part) > 255:
            raise AddressError(f"{text} is not an address")
        value = value << 8 | int(part)
    return value


def _address(text: str) -> int:
    if ":" not in text:
        return _v4(text)
    try:
        return _V6_START + int(ipaddress.IPv6Address(text))
    except ValueError as problem:
        raise AddressError(f"{text} is not an address") from problem


@lru_cache(4096)
def parse(text: str) -> IntervalSet:
    """An address, a prefix (host bits may be set, as Azure accepts them in rules) or a range `first-last`.

    Only addresses of the line: `parse("0.0.0.0/0")` is every IPv4 address without the grid; `prefix` adds the grid.
    """
    text = text.strip()
    first, slash, length = text.partition("/")
    if slash:
        bits = 128 if ":" in first else 32
        if not (length.isascii() and length.isdigit()) or int(length) > bits:
            raise AddressError(f"{text} is not a prefix")
        host = (1 << (bits - int(length))) - 1
        base = _V6_START if bits == 128 else 0
        low = base + ((_address(first) - base) & ~host)
        return interval(low, low + host)
    first, dash, last = text.partition("-")
    low = _address(first.strip())
    high = _address(last.strip()) if dash else low
    if high < low or (low >= _V6_START) != (high >= _V6_START):
        raise AddressError(f"{text} is not a range of addresses")
    return interval(low, high)


def is_address_text(text: str) -> bool:
    """Whether a text is an address, a prefix or a range, and so not a service tag."""
    try:
        parse(text)
    except AddressError:
        return False
    return True


def _prefixes(*texts: str) -> IntervalSet:
    return union_all(parse(text) for text in texts)


GRID: IntervalSet = interval(GRID_START, GRID_END)
ANY: IntervalSet = union_all([V4, GRID, V6])
HOST: IntervalSet = _prefixes("168.63.129.16")
METADATA: IntervalSet = _prefixes("169.254.169.254")
PRIVATE: IntervalSet = _prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")

# What Azure leaves out when it expands the tag Internet: private, shared, loopback, link-local, protocol and benchmark
# space (RFC 1918, 6598, 1122, 3927, 6890, 2544), multicast and reserved space, and the address of the host.
_NOT_PUBLIC = union_all(
    [
        PRIVATE,
        HOST,
        _prefixes(
            "0.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "192.0.0.0/24",
            "198.18.0.0/15",
            "224.0.0.0/3",
        ),
    ]
)
PUBLIC_V4: IntervalSet = subtract(V4, _NOT_PUBLIC)
PUBLIC_V6: IntervalSet = _prefixes("2000::/3")
PUBLIC: IntervalSet = union_all([PUBLIC_V4, GRID, PUBLIC_V6])

# Documentation prefixes (RFC 5737, 3849) belong to nobody, so never to an Azure service.
MAYBE_AZURE: IntervalSet = subtract(
    union(PUBLIC_V4, PUBLIC_V6), _prefixes("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


@lru_cache(4096)
def with_grid(addresses: IntervalSet) -> tuple[IntervalSet, IntervalSet]:
    """What a set of literal prefixes covers for certain, and what it may cover.

    Prefixes that take in the whole public IPv4 space take in every Azure service; prefixes that take in a part of it
    may.
    """
    if not subtract(intersect(MAYBE_AZURE, V4), addresses):
        everything = union(addresses, GRID)
        return everything, everything
    if intersect(addresses, intersect(MAYBE_AZURE, V4)):
        return addresses, union(addresses, GRID)
    return addresses, addresses


def _text(value: int) -> str:
    if value >= _V6_START:
        return str(ipaddress.IPv6Address(value - _V6_START))
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def _range_text(low: int, high: int) -> str:
    count = high - low + 1
    base = _V6_START if low >= _V6_START else 0
    bits = 128 if base else 32
    if count == 1:
        return _text(low)
    if count & (count - 1) == 0 and (low - base) % count == 0:
        return f"{_text(low)}/{bits - count.bit_length() + 1}"
    return f"{_text(low)}-{_text(high)}"


def texts(addresses: IntervalSet) -> list[str]:
    """Addresses, prefixes and ranges of a set, lowest first; what is not IPv4 or IPv6 is left out."""
    plain = intersect(addresses, union(V4, V6))
    return [_range_text(low, high) for low, high in pairs(plain)]


def lowest_text(addresses: IntervalSet) -> str:
    """The lowest plain address of a set, or "" when it has none."""
    plain = intersect(addresses, union(V4, V6))
    return _text(plain[0]) if plain else ""


def cidrs(addresses: IntervalSet) -> list[str]:
    """The prefixes that cover exactly the plain addresses of a set, as effective rules and routes list them."""
    found: list[str] = []
    for low, high in pairs(intersect(addresses, union(V4, V6))):
        base = _V6_START if low >= _V6_START else 0
        kind = ipaddress.IPv6Address if base else ipaddress.IPv4Address
        found += [str(net) for net in ipaddress.summarize_address_range(kind(low - base), kind(high - base))]
    return found


__all__ = [
    "ANY",
    "GRID",
    "GRID_START",
    "HOST",
    "MAYBE_AZURE",
    "METADATA",
    "PLATFORM",
    "PLATFORM_DNS",
    "PLATFORM_IMDS",
    "PLATFORM_LKM",
    "PRIVATE",
    "PUBLIC",
    "PUBLIC_V4",
    "V4",
    "V6",
    "AddressError",
    "cidrs",
    "is_address_text",
    "lowest_text",
    "parse",
    "texts",
    "with_grid",
]
