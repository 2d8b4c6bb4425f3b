"""How a virtual network behaves: the whole table of who may open what to whom, and the facts that are no flows.

The table is exact and complete: every protocol, port and address, from and to every interface, every free address
of every subnet, the internet and Azure's platform; and what would happen to a copy of an interface that has a filter
or a group of its own. Addresses that Azure hands out anew when an interface moves are not a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

from azlabs.proof.behaviour import Difference, Model, became, register
from azlabs.proof.equivalent import Flow, Unasked
from azlabs.proof.state import State, type_of
from azlabs.rules.network import boxes as algebra
from azlabs.rules.network.boxes import Box
from azlabs.rules.network.endpoints import endpoint
from azlabs.rules.network.intervals import IntervalSet, subtract, union_all
from azlabs.rules.network.judge import reach
from azlabs.rules.network.ports import parse_services
from azlabs.rules.network.reach import Passed, Reach
from azlabs.rules.network.topology import Interface, Network, Undecidable

_PARTS = {
    "microsoft.network/virtualnetworks": "virtual_networks",
    "microsoft.network/networkinterfaces": "network_interfaces",
    "microsoft.network/networksecuritygroups": "network_security_groups",
    "microsoft.network/routetables": "route_tables",
    "microsoft.network/applicationsecuritygroups": "application_security_groups",
}
# The settings that the table and the facts below are about.
MODELLED = {
    "microsoft.network/virtualnetworks": (
        "properties/addressSpace",
        "properties/virtualNetworkPeerings",
        "properties/subnets/*/properties/addressPrefix",
        "properties/subnets/*/properties/addressPrefixes",
        "properties/subnets/*/properties/networkSecurityGroup",
        "properties/subnets/*/properties/routeTable",
    ),
    "microsoft.network/networkinterfaces": ("properties/ipConfigurations", "properties/networkSecurityGroup"),
    "microsoft.network/networksecuritygroups": ("properties/securityRules",),
    "microsoft.network/routetables": ("properties/routes",),
    "microsoft.network/applicationsecuritygroups": (),
    "microsoft.network/publicipaddresses": (),
}
EVERYTHING = "*"
_ANYWHERE = "anywhere"
_NAMED: IntervalSet = (0, 0)
# Ends that `*` does not hold.
_PLATFORM_SOURCES = ("AzureLoadBalancer",)
_PLATFORM_DESTINATIONS = ("AzurePlatformDNS", "AzurePlatformIMDS", "AzurePlatformLKM")

Ask = Callable[[Network], Reach]


@dataclass(frozen=True)
class Prepared:
    """A network, its facts, and the answers that were worked out so far."""

    network: Network
    facts: dict[str, str]
    answers: dict[Any, tuple[Reach | None, tuple[tuple[Box, ...], ...] | str]] = field(default_factory=dict)


def prepare(state: State) -> Prepared:
    """The network that a state's resources make up."""
    parts: dict[str, list[Any]] = {name: [] for name in _PARTS.values()}
    for name in sorted(state):
        part = _PARTS.get(type_of(state[name]))
        if part:
            parts[part].append(state[name])
    network = Network.of(**parts)
    return Prepared(network, dict(_facts_of(state, network)))


def compare(one: Prepared, other: Prepared, unasked: Sequence[Unasked]) -> Iterator[Difference]:
    """The facts and flows in which two networks differ, outside of `unasked`."""
    for row in [*one.facts, *(row for row in other.facts if row not in one.facts)]:
        if one.facts.get(row) != other.facts.get(row) and not any(entry.covers_setting(row) for entry in unasked):
            yield became(row, one.facts.get(row), other.facts.get(row))
    moved = _moved(one.network, other.network)
    flows = tuple(entry.flow for entry in unasked if entry.flow)
    for name, ask in _rows(one.network, other.network):
        was, now = (_answer(side, name, ask, flows, moved) for side in (one, other))
        if was[1] != now[1]:
            yield Difference(name, partial(_told, was, now))


def _told(was: tuple[Reach | None, Any], now: tuple[Reach | None, Any]) -> str:
    """What is open after and was closed before, and the other way round."""
    if was[0] is None or now[0] is None:
        return f"{was[0] or was[1]} before, {now[0] or now[1]} after"
    found = []
    # What is open to some client ports only, or not known to be closed, counts as open here.
    before, after = ([box for part in side[1] for box in part] for side in (was, now))
    for words, reach_of, surplus in (
        ("opened", now[0], algebra.subtract_all(after, before)),
        ("closed", was[0], algebra.subtract_all(before, after)),
    ):
        if surplus:
            passed = tuple(Passed(box, ()) for box in algebra.merged(surplus))
            found.append(f"{words} {replace(reach_of, allowed=passed, partial=(), unknown=())}")
    return "; ".join(found) or "open for other client ports than before"


def _facts_of(state: State, network: Network) -> Iterator[tuple[str, str]]:
    for name, resource in state.items():
        if type_of(resource) == "microsoft.network/publicipaddresses":
            yield f"{resource['name']}", "there"
        elif name in network.networks:
            yield f"{resource['name']}/addressSpace", ", ".join(sorted(network.networks[name].spaces))
    for subnet in network.subnets():
        yield f"{subnet.name}/addressPrefix", ", ".join(sorted(subnet.prefixes))
    for nic in network.interfaces.values():
        yield f"{nic.name}/subnet", nic.subnet.rpartition("/")[2]
        yield f"{nic.name}/publicIPAddress", ", ".join(sorted(nic.public_addresses)) or "none"


def _rows(one: Network, other: Network) -> Iterator[tuple[str, Ask]]:
    """The questions that together are the whole table. Those for single interfaces cover moved addresses and copies."""
    if len(one.networks) == len(other.networks) == 1:
        yield "everything to everything", lambda network: reach(network, EVERYTHING, EVERYTHING)
    shared = [name for name in one.interfaces if name in other.interfaces]
    for name in shared:
        nic = one.interfaces[name]
        if len(one.networks) > 1 or _address_differs(one, other, name):
            yield f"anything to {nic.name}", _question(EVERYTHING, name)
            yield f"{nic.name} to anything", _question(name, EVERYTHING)
            for peer in shared:
                if peer != name:
                    yield f"{nic.name} to {one.interfaces[peer].name}", _question(name, peer)
        for source in _PLATFORM_SOURCES:
            yield f"{source} to {nic.name}", _question(source, name)
        for destination in _PLATFORM_DESTINATIONS:
            yield f"{nic.name} to {destination}", _question(name, destination)
    for name in shared:
        nic, twin = one.interfaces[name], other.interfaces[name]
        if _is_special(nic) or _is_special(twin):
            for groups in (True, False):
                words = f"a copy of {nic.name}" + ("" if groups else " without its groups")
                yield f"anything to {words}", _copy_question(name, groups, inbound=True)
                yield f"{words} to anything", _copy_question(name, groups, inbound=False)


def _is_special(nic: Interface) -> bool:
    return bool(nic.groups or nic.security_group)


def _question(source: str, destination: str) -> Ask:
    return lambda network: reach(network, source, destination)


def _copy_question(name: str, groups: bool, *, inbound: bool) -> Ask:
    def ask(network: Network) -> Reach:
        grown, copy = network.with_copy(name, groups=groups)
        return reach(grown, EVERYTHING, copy) if inbound else reach(grown, copy, EVERYTHING)

    return ask


def _address_differs(one: Network, other: Network, name: str) -> bool:
    return one.interfaces[name].addresses != other.interfaces[name].addresses


def _moved(one: Network, other: Network) -> IntervalSet:
    """Addresses that are an interface's in only one of the networks; what happens to them is asked by name."""
    changed = [
        nic.addresses
        for network, twin in ((one, other), (other, one))
        for name, nic in network.interfaces.items()
        if name not in twin.interfaces or twin.interfaces[name].addresses != nic.addresses
    ]
    return union_all(changed)


def _answer(
    side: Prepared, name: str, ask: Ask, flows: tuple[Flow, ...], moved: IntervalSet
) -> tuple[Reach | None, tuple[tuple[Box, ...], ...] | str]:
    """The answer, and what of it is compared: boxes in one spelling, or the words why there are none."""
    key = (name, flows, moved)
    if key not in side.answers:
        try:
            found = ask(side.network)
            masks = [box for flow in flows for box in _masks(side.network, flow)]
        except (Undecidable, ValueError) as problem:
            side.answers[key] = None, str(problem)
        else:
            side.answers[key] = (
                found,
                tuple(
                    algebra.merged(_cut([piece.box for piece in pieces], masks, moved, found))
                    for pieces in (found.allowed, found.partial, found.unknown)
                ),
            )
    return side.answers[key]


def _cut(boxes: list[Box], masks: Sequence[Box], moved: IntervalSet, found: Reach) -> list[Box]:
    left = algebra.subtract_all(boxes, masks) if masks else boxes
    if not moved:
        return left
    cut = [
        box._replace(
            sources=_without(box.sources, moved, found.source),
            destinations=_without(box.destinations, moved, found.destination),
        )
        for box in left
    ]
    return [box for box in cut if box.sources and box.destinations]


def _without(addresses: IntervalSet, moved: IntervalSet, end: str) -> IntervalSet:
    """An end that is asked for by name stays the same end at another address; of `*` the moved addresses go."""
    return subtract(addresses, moved) if end == _ANYWHERE else _NAMED


def _masks(network: Network, flow: Flow) -> list[Box]:
    sources = subtract(_addresses(network, flow.sources), _addresses(network, flow.not_sources))
    destinations = subtract(_addresses(network, flow.destinations), _addresses(network, flow.not_destinations))
    if not sources or not destinations:
        return []
    boxes = algebra.of_services(_services(flow.services), sources, destinations)
    if flow.not_services:
        boxes = algebra.subtract_all(boxes, algebra.of_services(_services(flow.not_services), sources, destinations))
    return boxes


@lru_cache(256)
def _services(text: str) -> Any:
    return parse_services(text)


def _addresses(network: Network, texts: Sequence[str]) -> IntervalSet:
    key = ("proof addresses", tuple(texts))
    if key not in network.remembered:
        home = next(iter(network.networks.values()), None)
        network.remembered[key] = union_all(endpoint(network, text, home).addresses for text in texts)
    found: IntervalSet = network.remembered[key]
    return found


register(Model(MODELLED, prepare, compare))
