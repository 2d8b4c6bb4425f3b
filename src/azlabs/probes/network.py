"""What may connect to what in a sandbox: its network read once, judged by the rules of `rules/network`.

    probe = NetworkProbe.read(reads, sandbox)
    probe.reach("Internet", web_nic_id).equals("Tcp/443")
    probe.flow("203.0.113.70", "nic-db-01", 1433).allowed

Ends of a question are interfaces (id, or name where only one has it), service tags, `Internet`, `VirtualNetwork`,
`*`, addresses, prefixes and ranges. What comes from the internet is judged as if the destination had a Standard
public address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from azlabs.probes.errors import CannotJudge
from azlabs.rules.network import judge, service_tags
from azlabs.rules.network.addresses import V4, parse
from azlabs.rules.network.boxes import Box, subtract_all
from azlabs.rules.network.intervals import intersect, size
from azlabs.rules.network.ports import first_service, parse_services, services_text
from azlabs.rules.network.reach import AddressSet, Passed, Reach, Refused
from azlabs.rules.network.topology import Interface, Network, Subnet, Undecidable

__all__ = ["AddressSet", "Difference", "Flow", "Machine", "NetworkProbe", "Reach", "probe"]

# What a network is made of, and the argument of Network.of that takes it.
_TYPES = {
    "virtualNetworks": "virtual_networks",
    "networkInterfaces": "network_interfaces",
    "networkSecurityGroups": "network_security_groups",
    "routeTables": "route_tables",
    "applicationSecurityGroups": "application_security_groups",
}
_SELF = (0, 0)
_RESERVED = 5  # Azure keeps the first four addresses and the last one of every prefix of a subnet.


class Reader(Protocol):
    """Lists of resources as Azure's REST JSON, over all pages."""

    def entries(self, path: str, api_version: str) -> list[dict[str, Any]]: ...
    def api_version(self, type_name: str) -> str: ...


class Place(Protocol):
    """Where the sandbox's network is."""

    @property
    def subscription_id(self) -> str: ...
    @property
    def resource_groups(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Flow:
    """May this connect, and what decides. `allowed` is None where some of the addresses may and some may not."""

    source: str
    destination: str
    service: str
    allowed: bool | None
    decided_by: str
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        verdict = {True: "allowed", False: "refused", None: "allowed for some addresses only"}[self.allowed]
        by = f", decided by {self.decided_by}" if self.decided_by else ""
        return f"{self.service} from {self.source} to {self.destination}: {verdict}{by}"


@dataclass(frozen=True, slots=True)
class Machine:
    """An interface that stands in for a machine, with what checks need to know of it."""

    id: str
    name: str
    addresses: AddressSet
    subnet: Subnet
    groups: frozenset[str]
    public_addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that holds for one interface and not for its twin, in words, and what refuses it to the twin."""

    text: str
    decided_by: str

    def __str__(self) -> str:
        return self.text


class NetworkProbe:
    """Answers about one reading of a network; immutable, safe for threads."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @classmethod
    def read(cls, reads: Reader, place: Place) -> NetworkProbe:
        """Reads what decides about packets in the resource groups of a sandbox. Raises AzureError, CannotJudge."""
        found: dict[str, list[dict[str, Any]]] = {argument: [] for argument in _TYPES.values()}
        for kind, argument in _TYPES.items():
            version = reads.api_version(f"Microsoft.Network/{kind}")
            for group in place.resource_groups:
                scope = f"/subscriptions/{place.subscription_id}/resourceGroups/{group}"
                found[argument] += reads.entries(f"{scope}/providers/Microsoft.Network/{kind}", version)
        with _judged():
            return cls(Network.of(**found))

    def reach(self, source: str, destination: str, *, as_if_public: bool = True) -> Reach:
        """The exact set of protocols and ports that `source` may open to `destination`, by address.

        `as_if_public=False` lets nothing in from the internet to an interface without a public address. Raises
        CannotJudge for tags and references that are unknown, and ValueError for ends that are none.
        """
        with _judged():
            found = judge.reach(self.network, source, destination, as_if_public=as_if_public)
        return replace(found, error=CannotJudge)

    def flow(
        self,
        source: str,
        destination: str,
        port: int | str | None = None,
        protocol: str = "Tcp",
        *,
        as_if_public: bool = True,
    ) -> Flow:
        """The verdict on one port of one protocol (None: all ports, for protocols without ports too)."""
        service = protocol if port is None else f"{protocol}/{port}"
        found = self.reach(source, destination, as_if_public=as_if_public).only(service)
        if found.all(service):
            allowed: bool | None = True
        else:
            allowed = None if found.any() else False
        return Flow(
            found.source,
            found.destination,
            services_text(parse_services(service)),
            allowed,
            found.decided_by(service if allowed is None else None),
            tuple(self._notes(source, destination)),
        )

    def with_copy(self, nic: str, *, groups: bool = True) -> tuple[NetworkProbe, str]:
        """The network with a copy of an interface in the same subnet, with the same security group and a free
        address, in the same application security groups or in none; and what the copy is called in questions."""
        with _judged():
            network, copy = self.network.with_copy(self._interface(nic).key, groups=groups)
        return NetworkProbe(network), copy

    def addresses(self, *texts: str) -> AddressSet:
        """What addresses, prefixes, ranges and service tags (not VirtualNetwork and Internet) cover together."""
        with _judged():
            return AddressSet.of(*texts)

    def regional_tag(self, service: str, region: str) -> str:
        """The service tag of a service in one region: `regional_tag("Storage", "swedencentral")`."""
        try:
            return service_tags.regional(service, region)
        except KeyError as problem:
            raise CannotJudge(f"How service tags write the region {region} is not known here.") from problem

    def differences(self, one: str, other: str) -> list[Difference]:
        """In what two interfaces are treated differently: from and to every address but their own, and each other's."""
        first, second = self.machine(one), self.machine(other)
        own = first.addresses.plus(second.addresses)
        found: list[Difference] = []
        for source in ("*", "AzureLoadBalancer"):
            here, there = self.reach(source, one), self.reach(source, other)
            cut = [reach.between(not_sources=own) for reach in (here, there)]
            found += _differences(cut[0], cut[1], inbound=True)
        here, there = self.reach(one, "*"), self.reach(other, "*")
        cut = [reach.between(not_destinations=own) for reach in (here, there)]
        found += _differences(cut[0], cut[1], inbound=False)
        return found

    def way_out(self, nic: str) -> str:
        """How packets of an interface get an address on the internet, in words. No verdict depends on it."""
        machine = self.machine(nic)
        if machine.public_addresses:
            return "its public address"
        if machine.subnet.nat_gateway:
            return f"the NAT gateway of {machine.subnet.name}"
        return f"default outbound access of {machine.subnet.name}" if machine.subnet.default_outbound else "none yet"

    def machine(self, nic: str) -> Machine:
        """The facts of an interface, by id or name; CannotJudge where it does not exist."""
        found = self._interface(nic)
        with _judged():
            subnet = self.network.subnet(found.subnet)
        groups = frozenset(group for group, _own in found.groups)
        return Machine(found.id, found.name, AddressSet(found.addresses), subnet, groups, found.public_addresses)

    def exists(self, nic: str) -> bool:
        """Whether there is an interface of this id or name."""
        return self.network.interface(nic) is not None

    def subnets(self) -> list[Subnet]:
        """All subnets of the sandbox's networks."""
        return list(self.network.subnets())

    def usable_addresses(self, subnet: Subnet) -> int:
        """How many addresses of a subnet machines can have: Azure keeps five of each IPv4 prefix."""
        sizes = [size(intersect(parse(prefix), V4)) for prefix in subnet.prefixes]
        return sum(max(count - _RESERVED, 0) for count in sizes if count)

    def inside(self, nic: str) -> AddressSet:
        """The addresses of the machines' networks: that of this interface, and its peers'."""
        with _judged():
            home = self.network.subnet(self._interface(nic).subnet).network
        return AddressSet(self.network.inside(self.network.networks[home]))

    def _interface(self, nic: str) -> Interface:
        found = self.network.interface(nic)
        if found is None:
            raise CannotJudge(f"There is no network interface {nic.rpartition('/')[2]} in the sandbox.")
        return found

    def _notes(self, source: str, destination: str) -> Iterator[str]:
        start, end = self.network.interface(source), self.network.interface(destination)
        if end is not None and start is None and not end.public_addresses:
            yield f"{end.name} has no public address: from the internet this would hold if it had one."
        if start is not None and end is None and self.way_out(source) == "none yet":
            yield f"{start.name} has no way out to the internet yet: rules and routes would hold with a NAT gateway."


def _differences(one: Reach, other: Reach, *, inbound: bool) -> Iterator[Difference]:
    """What passes for one and not for the other. The interfaces' own addresses are left out of the comparison."""
    words = ("from", "gets through to") if inbound else ("to", "gets out of")
    for here, there in ((one, other), (other, one)):
        mine, twin = (here.destination, there.destination) if inbound else (here.source, there.source)
        for passing, twins in ((here.allowed, there.allowed), (here.partial, there.partial)):
            for box in subtract_all(_own_side(passing, inbound), _own_side(twins, inbound)):
                place = AddressSet(box.sources if inbound else box.destinations)
                refused = there.between(place) if inbound else there.between(destinations=place)
                service = services_text(((box.protocols, box.ports),))
                text = f"{service} {words[0]} {place} {words[1]} {mine} and not {twin}"
                yield Difference(text, refused.only(_one_service(box)).decided_by())


def _own_side(pieces: Sequence[Passed | Refused], inbound: bool) -> list[Box]:
    """The boxes of some pieces with the interface's own address left open."""
    boxes = [piece.box for piece in pieces]
    return [box._replace(destinations=_SELF) if inbound else box._replace(sources=_SELF) for box in boxes]


def _one_service(box: Box) -> str:
    protocol, port = first_service(box.protocols, box.ports)
    return protocol if port is None else f"{protocol}/{port}"


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except Undecidable as problem:
        text = str(problem)
        raise CannotJudge(f"{text[:1].upper()}{text[1:]}.") from problem


def probe(reads: Reader, place: Place) -> NetworkProbe:
    """The probe behind `LabView.network`."""
    return NetworkProbe.read(reads, place)
