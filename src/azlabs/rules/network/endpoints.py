"""What a question's ends mean: an interface, a service tag, an address or a prefix, cut into places with one filter
each."""

from __future__ import annotations

from dataclasses import dataclass

from azlabs.rules.network import service_tags
from azlabs.rules.network.addresses import (
    ANY,
    HOST,
    METADATA,
    PLATFORM,
    PLATFORM_DNS,
    PLATFORM_IMDS,
    AddressError,
    parse,
    with_grid,
)
from azlabs.rules.network.intervals import EMPTY, IntervalSet, intersect, subtract, union
from azlabs.rules.network.topology import Interface, Network, Subnet, Undecidable, VirtualNetwork

INSIDE = "VirtualNetwork"


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses behind the same filters. `subnet` is None outside of every subnet, `network` "" outside of every
    virtual network; `filter` is the key of the interface's own security group."""

    addresses: IntervalSet
    subnet: Subnet | None = None
    filter: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a question. `literal`: it names public addresses one by one, of which some may be Azure services'."""

    text: str
    addresses: IntervalSet
    interface: Interface | None = None
    literal: bool = False


def endpoint(network: Network, text: str, home: VirtualNetwork | None) -> Endpoint:
    """What a text names: an interface's id or name, a tag, `*`, an address, a prefix or a range.

    `home` is the network that VirtualNetwork and Internet refer to. Raises ValueError for a text that names nothing
    and Undecidable for a tag that is not known.
    """
    nic = network.interface(text)
    if nic is not None:
        if not nic.addresses:
            raise Undecidable(f"the interface {nic.name} has no private address")
        return Endpoint(nic.name, nic.addresses, nic)
    name = service_tags.canonical_name(text)
    if name in (service_tags.VIRTUAL_NETWORK, service_tags.INTERNET) or text == "*":
        if home is None:
            raise Undecidable(f"{text} has no meaning without an interface at the other end")
        inside, internet = network.inside(home), network.internet(home)
        meanings = {service_tags.VIRTUAL_NETWORK: inside, service_tags.INTERNET: internet}
        return Endpoint(name or "anywhere", meanings[name] if name else union(inside, internet))
    if name:
        return Endpoint(name, service_tags.addresses_of(name) or EMPTY)
    try:
        plain = parse(text)
    except AddressError:
        if "/" in text or not text[:1].isalpha():
            raise ValueError(f"{text} is neither an interface, an address, a prefix nor a service tag") from None
        raise Undecidable(f"{text} is neither an interface here nor a service tag that is known") from None
    sure, maybe = with_grid(plain)
    return Endpoint(text, sure, literal=sure != maybe)


def as_destination(addresses: IntervalSet) -> IntervalSet:
    """Destinations as outbound filters see them: the host's and the metadata address are platform services there."""
    found = addresses
    for literal, place in ((HOST, PLATFORM_DNS), (METADATA, PLATFORM_IMDS)):
        if intersect(found, literal):
            rest = subtract(found, literal)
            found = rest or place
    return found


def places(network: Network, end: Endpoint) -> list[Place]:
    """The end cut into places: each interface, what is left of each subnet, and the rest; alike filters are one
    place."""
    if end.interface is not None:
        subnet = network.subnet(end.interface.subnet)
        return [Place(end.interface.addresses, subnet, end.interface.security_group, subnet.network)]
    key = ("places", end.addresses)
    if key not in network.remembered:
        network.remembered[key] = _cut(network, end.addresses)
    found: list[Place] = network.remembered[key]
    return found


def _cut(network: Network, addresses: IntervalSet) -> list[Place]:
    alike: dict[tuple[str, str], IntervalSet] = {}
    left = addresses
    for nic in network.interfaces.values():
        part = intersect(left, nic.addresses)
        if part:
            left = subtract(left, part)
            filters = (nic.subnet, nic.security_group)
            alike[filters] = union(alike.get(filters, EMPTY), part)
    for subnet in network.subnets():
        part = intersect(left, subnet.addresses)
        if part:
            left = subtract(left, part)
            alike[subnet.key, ""] = union(alike.get((subnet.key, ""), EMPTY), part)
    found = [Place(part, s := network.subnet(key), group, s.network) for (key, group), part in alike.items()]
    for home in network.networks.values():
        part = intersect(left, home.addresses)
        if part:
            left = subtract(left, part)
            found.append(Place(part, None, "", home.key))
    if left:
        found.append(Place(left))
    return found


_SIX = parse("::/0")
_FOUR = union(subtract(ANY, _SIX), PLATFORM)


def families(sources: IntervalSet, destinations: IntervalSet) -> list[tuple[IntervalSet, IntervalSet]]:
    """The pairs of sets between which packets can exist: IPv4 (Azure's services included) and IPv6 do not mix."""
    split = [(intersect(sources, family), intersect(destinations, family)) for family in (_FOUR, _SIX)]
    return [(source, destination) for source, destination in split if source and destination]
