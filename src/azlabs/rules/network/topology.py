"""A network as it is configured: virtual networks, subnets, interfaces and what is attached to them.

Built from lists of REST JSON; reads nothing else. Ids are compared without regard to case (`key` below is the
lower-case id). What a service tag or an application security group means depends on where a rule is attached, so that
is resolved here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from azlabs.rules.network import service_tags
from azlabs.rules.network.addresses import GRID, HOST, MAYBE_AZURE, PUBLIC, is_address_text, parse, with_grid
from azlabs.rules.network.intervals import EMPTY, IntervalSet, intersect, interval, pairs, subtract, union, union_all
from azlabs.rules.network.security_rules import Direction, Json, Resolver, RuleSet, rule_set


class Undecidable(Exception):
    """The network's configuration does not say what Azure would do; the message says why."""


@dataclass(frozen=True, slots=True)
class Peering:
    """One virtual network's side of a peering."""

    name: str
    remote: str
    prefixes: tuple[str, ...]
    addresses: IntervalSet
    connected: bool
    in_tag: bool
    cross_region: bool


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet with the keys of what is attached to it ("" for nothing)."""

    key: str
    name: str
    prefixes: tuple[str, ...]
    addresses: IntervalSet
    network: str
    security_group: str
    route_table: str
    endpoints: tuple[tuple[str, tuple[str, ...]], ...]
    default_outbound: bool = True
    nat_gateway: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class VirtualNetwork:
    """A virtual network; `spaces` are its address prefixes as written."""

    key: str
    name: str
    region: str
    spaces: tuple[str, ...]
    addresses: IntervalSet
    subnets: tuple[Subnet, ...]
    peerings: tuple[Peering, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface: its private addresses, where it is, and what filters and groups it has."""

    key: str
    id: str
    name: str
    addresses: IntervalSet
    subnet: str
    security_group: str
    groups: tuple[tuple[str, IntervalSet], ...]
    public_addresses: tuple[str, ...]
    forwards: bool


def key_of(reference: object) -> str:
    """The key of a reference such as `{"id": ...}`, or "" where there is none."""
    return str(reference.get("id", "")).lower() if isinstance(reference, Mapping) else ""


def _properties(body: Json) -> Json:
    return body.get("properties") or {}


def _prefixes_of(properties: Json) -> tuple[str, ...]:
    many = properties.get("addressPrefixes") or []
    one = properties.get("addressPrefix")
    return tuple(str(text) for text in many) or ((str(one),) if one else ())


def _addresses(texts: Iterable[str]) -> IntervalSet:
    return union_all(parse(text) for text in texts)


def _subnet(body: Json, network: str) -> Subnet:
    properties = _properties(body)
    name = str(body.get("name", ""))
    prefixes = _prefixes_of(properties)
    endpoints = tuple(
        (str(e.get("service", "")), tuple(str(place) for place in e.get("locations") or []))
        for e in properties.get("serviceEndpoints") or []
    )
    return Subnet(
        str(body.get("id") or f"{network}/subnets/{name}").lower(),
        name,
        prefixes,
        _addresses(prefixes),
        network,
        key_of(properties.get("networkSecurityGroup")),
        key_of(properties.get("routeTable")),
        endpoints,
        properties.get("defaultOutboundAccess") is not False,
        key_of(properties.get("natGateway")),
        str(body.get("id") or f"{network}/subnets/{name}"),
    )


def _peering(body: Json) -> Peering:
    properties = _properties(body)
    remote = properties.get("remoteAddressSpace") or properties.get("remoteVirtualNetworkAddressSpace") or {}
    if properties.get("peerCompleteVnets") is False:
        raise Undecidable(f"the peering {body.get('name')} joins single subnets, which is not modelled")
    prefixes = tuple(str(text) for text in remote.get("addressPrefixes") or [])
    return Peering(
        str(body.get("name", "")),
        key_of(properties.get("remoteVirtualNetwork")),
        prefixes,
        _addresses(prefixes),
        str(properties.get("peeringState", "")).lower() == "connected",
        properties.get("allowVirtualNetworkAccess", True) is not False,
        False,
    )


def _virtual_network(body: Json) -> VirtualNetwork:
    key = str(body.get("id", "")).lower()
    properties = _properties(body)
    spaces = tuple(str(text) for text in (properties.get("addressSpace") or {}).get("addressPrefixes") or [])
    return VirtualNetwork(
        key,
        str(body.get("name", "")),
        str(body.get("location", "")).replace(" ", "").lower(),
        spaces,
        _addresses(spaces),
        tuple(_subnet(subnet, key) for subnet in properties.get("subnets") or []),
        tuple(_peering(peering) for peering in properties.get("virtualNetworkPeerings") or []),
    )


def _interface(body: Json) -> Interface:
    properties = _properties(body)
    addresses, groups, public = EMPTY, [], []
    subnet = ""
    for configuration in properties.get("ipConfigurations") or []:
        settings = _properties(configuration)
        own = parse(settings["privateIPAddress"]) if settings.get("privateIPAddress") else EMPTY
        addresses = union(addresses, own)
        subnet = key_of(settings.get("subnet")) or subnet
        groups += [(key_of(group), own) for group in settings.get("applicationSecurityGroups") or []]
        if settings.get("publicIPAddress"):
            public.append(key_of(settings["publicIPAddress"]))
    return Interface(
        str(body.get("id", "")).lower(),
        str(body.get("id", "")),
        str(body.get("name", "")),
        addresses,
        subnet,
        key_of(properties.get("networkSecurityGroup")),
        tuple(groups),
        tuple(public),
        properties.get("enableIPForwarding") is True,
    )


@dataclass(frozen=True, eq=False)
class Network:
    """Everything that decides about packets in a sandbox. Immutable; what is derived is remembered inside."""

    networks: Mapping[str, VirtualNetwork]
    interfaces: Mapping[str, Interface]
    security_groups: Mapping[str, Json]
    route_tables: Mapping[str, Json]
    application_groups: frozenset[str]
    _subnets: Mapping[str, Subnet] = field(default_factory=dict)
    _rules: dict[tuple[str, str, Direction, bool], RuleSet] = field(default_factory=dict)
    _resolvers: dict[tuple[str, bool], Resolver] = field(default_factory=dict)
    remembered: dict[Any, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        virtual_networks: Sequence[Json] = (),
        network_interfaces: Sequence[Json] = (),
        network_security_groups: Sequence[Json] = (),
        route_tables: Sequence[Json] = (),
        application_security_groups: Sequence[Json] = (),
    ) -> Network:
        """The network that these resources (REST JSON, as a list call answers) make up."""
        networks = {n.key: n for n in map(_virtual_network, virtual_networks)}
        regions = {key: network.region for key, network in networks.items()}
        for key, network in networks.items():
            peerings = tuple(
                replace(p, cross_region=regions.get(p.remote, network.region) != network.region)
                for p in network.peerings
            )
            networks[key] = replace(network, peerings=peerings)
        return cls(
            networks,
            {i.key: i for i in map(_interface, network_interfaces)},
            {str(g.get("id", "")).lower(): g for g in network_security_groups},
            {str(t.get("id", "")).lower(): t for t in route_tables},
            frozenset(str(g.get("id", "")).lower() for g in application_security_groups),
            {s.key: s for n in networks.values() for s in n.subnets},
        )

    def subnet(self, key: str) -> Subnet:
        """A subnet by key; Undecidable where it was not read."""
        found = self._subnets.get(key)
        if found is None:
            raise Undecidable(f"the subnet {key} could not be read")
        return found

    def subnets(self) -> Iterable[Subnet]:
        """All subnets of all networks."""
        return self._subnets.values()

    def peered_addresses(self, network: VirtualNetwork) -> IntervalSet:
        """The address space of connected peers whose traffic the VirtualNetwork tag includes."""
        return union_all(p.addresses for p in network.peerings if p.connected and p.in_tag)

    def inside(self, network: VirtualNetwork) -> IntervalSet:
        """The addresses of a network's machines and of its peers' machines."""
        return union(network.addresses, self.peered_addresses(network))

    def routes_of(self, subnet: Subnet) -> list[Json]:
        """The user-defined routes of a subnet."""
        if not subnet.route_table:
            return []
        table = self.route_tables.get(subnet.route_table)
        if table is None:
            raise Undecidable(f"the route table {subnet.route_table} could not be read")
        return list(_properties(table).get("routes") or [])

    def virtual_network_tag(self, subnet: Subnet) -> IntervalSet:
        """What VirtualNetwork means in rules at a subnet: the space of the network and its peers, the host's address,
        and the prefixes of the subnet's user-defined routes."""
        found = union(self.inside(self.networks[subnet.network]), HOST)
        for route in self.routes_of(subnet):
            prefix = str(_properties(route).get("addressPrefix", ""))
            if is_address_text(prefix):
                found = union(found, with_grid(parse(prefix))[0])
            else:
                found = union(found, service_tags.addresses_of(prefix) or EMPTY)
        return found

    def internet(self, network: VirtualNetwork) -> IntervalSet:
        """What Internet means in a network: public addresses, Azure's own among them, outside the network and its
        peers."""
        return subtract(PUBLIC, self.inside(network))

    def group_addresses(self, key: str) -> IntervalSet:
        """The addresses of the interfaces in an application security group."""
        return union_all(own for nic in self.interfaces.values() for group, own in nic.groups if group == key)

    def _resolver(self, subnet: Subnet, literal: bool) -> Resolver:
        found = self._resolvers.get((subnet.key, literal))
        if found is None:
            fixed = {
                "virtualnetwork": self.virtual_network_tag(subnet),
                "internet": self.internet(self.networks[subnet.network]),
            }
            unknown = union(MAYBE_AZURE, GRID)

            def prefix(text: str) -> tuple[IntervalSet, IntervalSet]:
                meaning = fixed.get(text.strip().lower())
                if meaning is not None:
                    return meaning, meaning
                if is_address_text(text):
                    return with_grid(parse(text))
                places = service_tags.addresses_of(text)
                if places is None:
                    return EMPTY, unknown
                azure = literal and bool(intersect(places, GRID))
                return places, union(places, MAYBE_AZURE) if azure else places

            def group(key: str) -> IntervalSet:
                return self.group_addresses(key.lower())

            found = self._resolvers[subnet.key, literal] = Resolver(prefix, group)
        return found

    def meaning(self, text: str, subnet: Subnet) -> IntervalSet:
        """What a prefix or a service tag covers in a rule at a subnet."""
        return self._resolver(subnet, False).prefix(text)[0]

    def rules(self, group: str, subnet: Subnet, direction: Direction, *, literal: bool = False) -> RuleSet:
        """The rules of a security group (by key) as they read at a subnet.

        `literal`: the question names public addresses one by one, so that a service tag may or may not hold them.
        """
        found = self._rules.get((group, subnet.key, direction, literal))
        if found is None:
            body = self.security_groups.get(group)
            if body is None:
                raise Undecidable(f"the network security group {group} could not be read")
            found = rule_set(body, direction, self._resolver(subnet, literal))
            self._rules[group, subnet.key, direction, literal] = found
        return found

    def free_address(self, subnet: Subnet) -> IntervalSet:
        """The lowest address of a subnet that no interface has and that Azure does not keep for itself."""
        used = union_all(nic.addresses for nic in self.interfaces.values())
        for low, high in pairs(subnet.addresses):
            rest = subtract(interval(low + 4, high - 1), used) if high - low > 4 else EMPTY
            if rest:
                return interval(rest[0], rest[0])
        raise Undecidable(f"the subnet {subnet.name} has no free address")

    def with_copy(self, key: str, *, groups: bool) -> tuple[Network, str]:
        """The network with one more interface: a copy of an interface in the same subnet with the same filter and a
        free address, in the same application security groups or in none. Returns the network and the copy's key."""
        if ("copy", key, groups) not in self.remembered:
            self.remembered["copy", key, groups] = self._with_copy(key, groups)
        made: tuple[Network, str] = self.remembered["copy", key, groups]
        return made

    def _with_copy(self, key: str, groups: bool) -> tuple[Network, str]:
        original = self.interfaces[key]
        address = self.free_address(self.subnet(original.subnet))
        name = f"a copy of {original.name}" + ("" if groups else " without its groups")
        copy = replace(
            original,
            key=f"{key} (copy)",
            id=f"{original.id} (copy)",
            name=name,
            addresses=address,
            groups=tuple((group, address) for group, _own in original.groups) if groups else (),
            public_addresses=(),
        )
        network = replace(
            self,
            interfaces={**self.interfaces, copy.key: copy},
            _rules={},
            _resolvers={},
            remembered={},
        )
        return network, copy.key

    def interface(self, reference: str) -> Interface | None:
        """An interface by id, or by its name where only one has it."""
        found = self.interfaces.get(reference.lower())
        if found is None and "/" not in reference:
            named = [nic for nic in self.interfaces.values() if nic.name.lower() == reference.lower()]
            found = named[0] if len(named) == 1 else None
        return found
