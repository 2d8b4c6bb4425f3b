"""Address arithmetic of virtual networks: prefixes, what Azure keeps for itself, the next free address.

Texts in, texts out; integers and `ipaddress` objects stay in here. Azure reserves the first four addresses and the
last one of every subnet (learn.microsoft.com, virtual-networks-faq), and gives dynamic addresses from the low end.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
RESERVED_LOW = 4


@lru_cache(maxsize=4096)
def network(prefix: str) -> Network | None:
    """The network that a prefix names, host bits ignored; None when the text is no prefix."""
    if "/" not in prefix:
        return None
    try:
        return ipaddress.ip_network(prefix.strip(), strict=False)
    except ValueError:
        return None


def aligned(prefix: str) -> str | None:
    """The prefix as it has to be written (`10.0.0.0/24` for `10.0.0.7/24`); None when it is no prefix."""
    found = network(prefix)
    return None if found is None else str(found)


def overlap(left: str, right: str) -> bool:
    """Do two prefixes share an address? Families never overlap with each other."""
    one, other = network(left), network(right)
    return one is not None and other is not None and one.version == other.version and one.overlaps(other)


def first_overlap(ours: Iterable[str], theirs: Iterable[str]) -> tuple[str, str] | None:
    """The first pair of prefixes, one of each side, that share an address."""
    others = list(theirs)
    return next(((one, other) for one in ours for other in others if overlap(one, other)), None)


def inside(prefix: str, spaces: Iterable[str]) -> bool:
    """Does one of the address spaces contain the whole prefix?"""
    inner = network(prefix)
    if inner is None:
        return False
    for space in spaces:
        outer = network(space)
        if outer is not None and outer.version == inner.version and _covers(outer, inner):
            return True
    return False


def _covers(outer: Network, inner: Network) -> bool:
    return int(outer.network_address) <= int(inner.network_address) and int(inner.broadcast_address) <= int(outer.broadcast_address)


def is_address(text: str) -> bool:
    """Is the text one IPv4 or IPv6 address, without a prefix length?"""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def holds(prefix: str, address: str) -> bool:
    """Does the prefix contain the address?"""
    area = network(prefix)
    return area is not None and is_address(address) and ipaddress.ip_address(address) in area


def reserved(prefix: str, address: str) -> bool:
    """Does Azure keep this address of the prefix for itself?"""
    area = network(prefix)
    if area is None or not holds(prefix, address):
        return False
    offset = int(ipaddress.ip_address(address)) - int(area.network_address)
    return offset < RESERVED_LOW or offset == area.num_addresses - 1


def usable(prefixes: Iterable[str]) -> Iterator[str]:
    """The addresses that Azure can hand out, lowest first, prefix by prefix."""
    for prefix in prefixes:
        area = network(prefix)
        if area is None:
            continue
        for offset in range(RESERVED_LOW, area.num_addresses - 1):
            yield str(area.network_address + offset)


def first_free(prefixes: Iterable[str], taken: Iterable[str]) -> str | None:
    """The lowest address that nobody has; None when the prefixes are full."""
    used = {str(ipaddress.ip_address(one)) if ":" in one and is_address(one) else one for one in taken}
    return next((address for address in usable(prefixes) if address not in used), None)


def capacity(prefix: str) -> int:
    """How many addresses of the prefix Azure can hand out."""
    area = network(prefix)
    return 0 if area is None else max(0, area.num_addresses - RESERVED_LOW - 1)


def family(prefix_or_address: str) -> int:
    """4 or 6; 0 when the text is neither a prefix nor an address."""
    area = network(prefix_or_address)
    if area is not None:
        return area.version
    return ipaddress.ip_address(prefix_or_address).version if is_address(prefix_or_address) else 0
