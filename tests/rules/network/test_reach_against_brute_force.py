"""The exact sets agree with a packet-by-packet reading of the rules, for any network."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from azlabs.rules.network.addresses import parse
from azlabs.rules.network.intervals import contains
from azlabs.rules.network.judge import reach
from azlabs.rules.network.ports import PROTOCOLS
from azlabs.rules.network.reach import Reach
from azlabs.rules.network.topology import Network

from .bodies import Json, nic, nsg, peering, route, rule, subnet, table, vnet
from .brute import Brute, Packet

PREFIXES = [
    "*", "VirtualNetwork", "Internet", "AzureLoadBalancer", "10.1.0.0/16", "10.1.1.0/24", "10.1.1.4", "10.1.1.0/29",
    "10.1.2.0/24", "10.2.0.0/16", "10.2.1.4/31", "203.0.113.0/24", "203.0.113.64/28", "198.51.100.7", "0.0.0.0/0",
]  # fmt: skip
PORTS = ["*", "22", "443", "80-443", "1433", "0-65535", "444-1432", "49152-65535"]
ADDRESSES = [
    "10.1.1.4", "10.1.1.5", "10.1.2.4", "10.2.1.4", "10.2.1.5", "10.1.1.77", "10.1.9.9", "10.3.0.1", "203.0.113.65",
    "203.0.113.80", "198.51.100.7", "198.51.100.8", "168.63.129.16",
]  # fmt: skip
INTERFACES = {"nic-a": "10.1.1.4", "nic-b": "10.1.1.5", "nic-c": "10.1.2.4", "nic-d": "10.2.1.4", "nic-e": "10.2.1.5"}
MANY = ["Internet", "VirtualNetwork", "10.1.0.0/16"]
GROUPS = ["asg-x", "asg-y"]

SUBNETS = {"nic-a": "s1", "nic-b": "s1", "nic-c": "s2", "nic-d": "s3", "nic-e": "s3"}
NETWORKS = {"s1": "one", "s2": "one", "s3": "two"}
ROUTED = ["10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/16", "10.1.1.4/32", "203.0.113.0/24", "0.0.0.0/0"]


class Maker:
    """Makes a network of one number: drawing every field by itself would cost hypothesis most of the time."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def several(self, values: list[str]) -> str | list[str]:
        if self.random.random() < 0.6:
            return self.random.choice(values)
        return self.random.sample([v for v in values if v != "*"], self.random.randint(1, 3))

    def groups(self) -> list[str] | None:
        return self.random.sample(GROUPS, self.random.randint(1, 2)) if self.random.random() < 0.25 else None

    def rule(self, priority: int) -> Json:
        choice = self.random.choice
        return rule(
            f"rule-{priority}",
            priority,
            choice(["Allow", "Deny"]),
            choice(["Inbound", "Outbound"]),
            choice(["Tcp", "Udp", "Icmp", "*"]),
            self.several(PREFIXES),
            self.several(PREFIXES),
            self.several(PORTS),
            choice(["*", "*", "*", "443", "49152-60000"]),
            self.groups(),
            self.groups(),
        )

    def attached(self) -> str:
        return self.random.choice(["", "nsg-1", "nsg-2", "nsg-3"])

    def network(self) -> tuple[Network, Brute]:
        choice = self.random.choice
        joined = choice(["Connected", "Disconnected", ""])

        def peerings(remote: str, prefix: str) -> list[Json]:
            return [peering("p", remote, prefix, state=joined, access=choice([True, False]))] if joined else []

        def table_name() -> str:
            return choice(["", "", "table-1"])

        vnets = [
            vnet(
                "one",
                ["10.1.0.0/16"],
                subnet("s1", "10.1.1.0/24", self.attached(), table_name()),
                subnet("s2", "10.1.2.0/24", self.attached(), table_name()),
                peerings=peerings("two", "10.2.0.0/16"),
            ),
            vnet(
                "two",
                ["10.2.0.0/16"],
                subnet("s3", "10.2.1.0/24", self.attached()),
                peerings=peerings("one", "10.1.0.0/16"),
            ),
        ]
        nics = [
            nic(
                name,
                NETWORKS[SUBNETS[name]],
                SUBNETS[name],
                address,
                self.attached(),
                tuple(self.random.sample(GROUPS, choice([0, 1, 2]))),
            )
            for name, address in INTERFACES.items()
        ]
        groups = [
            nsg(name, *map(self.rule, self.random.sample(range(100, 4097), choice(range(6)))))
            for name in ("nsg-1", "nsg-2", "nsg-3")
        ]
        prefixes = self.random.sample(ROUTED, choice([0, 1, 2]))
        routes = [
            route(f"r{n}", prefix, choice(["None", "VnetLocal", "Internet"])) for n, prefix in enumerate(prefixes)
        ]
        tables = [table("table-1", *routes)]
        network = Network.of(
            virtual_networks=vnets, network_interfaces=nics, network_security_groups=groups, route_tables=tables
        )
        return network, Brute(vnets, nics, groups, tables)


packets = st.builds(
    Packet,
    protocol=st.sampled_from(["Tcp", "Udp", "Icmp"]),
    source=st.sampled_from(ADDRESSES),
    source_port=st.sampled_from([49152, 59999, 60001, 65535]),
    destination=st.sampled_from(ADDRESSES[:-1]),
    port=st.sampled_from([0, 22, 79, 80, 443, 444, 1432, 1433, 50000, 65535]),
)


def holds(found: Reach, packet: Packet) -> str:
    """Which part of an answer a packet is in."""
    parts = {"allowed": found.allowed, "denied": found.denied, "partial": found.partial, "unknown": found.unknown}
    inside = [
        name
        for name, pieces in parts.items()
        for piece in pieces
        if piece.box.protocols & PROTOCOLS[packet.protocol.lower()]
        and contains(piece.box.sources, parse(packet.source)[0])
        and contains(piece.box.destinations, parse(packet.destination)[0])
        and contains(piece.box.ports, packet.port)
    ]
    assert len(inside) == 1, f"{packet} is in {inside}"
    return inside[0]


def end_of(address: str, named: bool) -> str:
    by_address = {value: key for key, value in INTERFACES.items()}
    return by_address.get(address, address) if named else address


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.lists(packets, min_size=10, max_size=25), st.booleans())
def test_every_packet_is_judged_as_a_plain_reading_of_the_rules_judges_it(
    seed: int, sampled: list[Packet], named: bool
) -> None:
    network, brute = Maker(seed).network()
    for packet in sampled:
        inside = [a for a in (packet.source, packet.destination) if brute.subnet_at(a)]
        if not inside or packet.source == packet.destination:
            continue
        verdict = holds(reach(network, end_of(packet.source, named), end_of(packet.destination, named)), packet)
        whole = [
            brute.passes(Packet(packet.protocol, packet.source, port, packet.destination, packet.port))
            for port in (49152, 60000, 60001, 65535)
        ]
        expected = "allowed" if all(whole) else "partial" if any(whole) else "denied"
        assert verdict == expected, packet


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from(sorted(INTERFACES)),
    st.sampled_from(["Internet", "VirtualNetwork", "10.1.0.0/16"]),
)
def test_a_question_about_many_addresses_is_the_sum_of_the_questions_about_each(
    seed: int, name: str, many: str
) -> None:
    network, brute = Maker(seed).network()
    own = INTERFACES[name]
    for inbound in (True, False):
        found = reach(network, many, name) if inbound else reach(network, name, many)
        side = 1 if inbound else 2
        for address in ADDRESSES:
            if address == own or not any(contains(box[side], parse(address)[0]) for box in found.asked):
                continue
            for protocol, port in (("Tcp", 22), ("Tcp", 443), ("Udp", 1433), ("Icmp", 0)):
                ends = (address, own) if inbound else (own, address)
                packet = Packet(protocol, ends[0], 49152, ends[1], port)
                whole = [
                    brute.passes(Packet(protocol, ends[0], source_port, ends[1], port))
                    for source_port in (49152, 60000, 60001, 65535)
                ]
                expected = "allowed" if all(whole) else "partial" if any(whole) else "denied"
                assert holds(found, packet) == expected, packet
