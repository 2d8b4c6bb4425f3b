"""A second reading of the rules, packet by packet, with nothing of the product in it: what the exact sets are held
against.

Reads Azure's documentation the plain way: sort the rules by priority, take the first that matches; routes by longest
prefix. No service tags of Azure services, no service endpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

Json = dict[str, Any]
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
NOT_INTERNET = [
    *PRIVATE, "168.63.129.16/32", "0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24",
    "198.18.0.0/15", "224.0.0.0/3",
]  # fmt: skip
DEFAULTS = [
    (65000, "Allow", "Inbound", "VirtualNetwork", "VirtualNetwork"),
    (65001, "Allow", "Inbound", "AzureLoadBalancer", "*"),
    (65500, "Deny", "Inbound", "*", "*"),
    (65000, "Allow", "Outbound", "VirtualNetwork", "VirtualNetwork"),
    (65001, "Allow", "Outbound", "*", "Internet"),
    (65500, "Deny", "Outbound", "*", "*"),
]


@dataclass(frozen=True)
class Packet:
    protocol: str
    source: str
    source_port: int
    destination: str
    port: int


def within(address: str, prefix: str) -> bool:
    network = ip_network(prefix, strict=False)
    return ip_address(address).version == network.version and ip_address(address) in network


class Brute:
    def __init__(self, vnets: list[Json], nics: list[Json], groups: list[Json], tables: list[Json]) -> None:
        self.vnets, self.nics = vnets, nics
        self.groups = {g["id"]: g for g in groups}
        self.tables = {t["id"]: t for t in tables}

    def passes(self, packet: Packet) -> bool:
        source, destination = self.nic_at(packet.source), self.nic_at(packet.destination)
        source_subnet, destination_subnet = self.subnet_at(packet.source), self.subnet_at(packet.destination)
        if source_subnet:
            own = [self.group_of(source), self.group_of(source_subnet)]
            if not all(self.lets(g, "Outbound", packet, source_subnet) for g in own if g):
                return False
            if not self.routed(packet.destination, source_subnet):
                return False
        if destination_subnet:
            own = [self.group_of(destination_subnet), self.group_of(destination)]
            if not any(own) and self.is_internet(packet.source) and not self.vnet_at(packet.source):
                return False
            if not all(self.lets(g, "Inbound", packet, destination_subnet) for g in own if g):
                return False
        return True

    def nic_at(self, address: str) -> Json | None:
        for nic in self.nics:
            if nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == address:
                return nic
        return None

    def vnet_at(self, address: str) -> Json | None:
        for vnet in self.vnets:
            if any(within(address, p) for p in vnet["properties"]["addressSpace"]["addressPrefixes"]):
                return vnet
        return None

    def subnet_at(self, address: str) -> Json | None:
        for vnet in self.vnets:
            for subnet in vnet["properties"]["subnets"]:
                if within(address, subnet["properties"]["addressPrefix"]):
                    return {**subnet, "vnet": vnet}
        return None

    def group_of(self, thing: Json | None) -> Json | None:
        reference = thing and thing["properties"].get("networkSecurityGroup")
        return self.groups[reference["id"]] if reference else None

    def spaces(self, vnet: Json) -> list[str]:
        """The network's own prefixes and those of peers that its tag includes."""
        found = list(vnet["properties"]["addressSpace"]["addressPrefixes"])
        for peering in vnet["properties"]["virtualNetworkPeerings"]:
            settings = peering["properties"]
            if settings["peeringState"] == "Connected" and settings["allowVirtualNetworkAccess"]:
                found += settings["remoteAddressSpace"]["addressPrefixes"]
        return found

    def routes(self, subnet: Json) -> list[Json]:
        reference = subnet["properties"].get("routeTable")
        return [r["properties"] for r in self.tables[reference["id"]]["properties"]["routes"]] if reference else []

    def is_internet(self, address: str) -> bool:
        return not any(within(address, prefix) for prefix in NOT_INTERNET)

    def is_in(self, address: str, text: str, subnet: Json) -> bool:
        if text == "*":
            return True
        if text == "VirtualNetwork":
            prefixes = [*self.spaces(subnet["vnet"]), "168.63.129.16/32"]
            prefixes += [r["addressPrefix"] for r in self.routes(subnet)]
            return any(within(address, prefix) for prefix in prefixes)
        if text == "Internet":
            return self.is_internet(address) and not any(within(address, p) for p in self.spaces(subnet["vnet"]))
        if text == "AzureLoadBalancer":
            return address == "168.63.129.16"
        return within(address, text)

    def lets(self, group: Json, direction: str, packet: Packet, subnet: Json) -> bool:
        rules = [r["properties"] for r in group["properties"]["securityRules"]]
        rules += [
            {
                "priority": priority,
                "access": access,
                "direction": way,
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
            }
            for priority, access, way, source, destination in DEFAULTS
        ]
        for rule in sorted(rules, key=lambda r: r["priority"]):
            if rule["direction"] == direction and self.matches(rule, packet, subnet):
                return bool(rule["access"] == "Allow")
        raise AssertionError("the default rules match everything")

    def matches(self, rule: Json, packet: Packet, subnet: Json) -> bool:
        if rule["protocol"] not in ("*", packet.protocol):
            return False
        for side, address, port in (
            ("source", packet.source, packet.source_port),
            ("destination", packet.destination, packet.port),
        ):
            ranges = rule.get(f"{side}PortRanges") or [rule[f"{side}PortRange"]]
            if packet.protocol == "Icmp":
                if rule["protocol"] == "*" and not {"*", "0-65535"} & set(ranges):
                    return False
            elif not any(self.port_in(port, text) for text in ranges):
                return False
            groups = rule.get(f"{side}ApplicationSecurityGroups")
            if groups:
                if not any(self.is_member(address, group["id"]) for group in groups):
                    return False
                continue
            texts = rule.get(f"{side}AddressPrefixes") or [rule[f"{side}AddressPrefix"]]
            if not any(self.is_in(address, text, subnet) for text in texts):
                return False
        return True

    def port_in(self, port: int, text: str) -> bool:
        if text == "*":
            return True
        low, _dash, high = text.partition("-")
        return int(low) <= port <= int(high or low)

    def is_member(self, address: str, group: str) -> bool:
        nic = self.nic_at(address)
        groups = nic and nic["properties"]["ipConfigurations"][0]["properties"]["applicationSecurityGroups"]
        return any(g["id"] == group for g in groups or [])

    def routed(self, address: str, subnet: Json) -> bool:
        vnet = subnet["vnet"]
        routes = [(r["addressPrefix"], r["nextHopType"], 1) for r in self.routes(subnet)]
        routes += [(p, "VnetLocal", 0) for p in vnet["properties"]["addressSpace"]["addressPrefixes"]]
        for peering in vnet["properties"]["virtualNetworkPeerings"]:
            if peering["properties"]["peeringState"] == "Connected":
                prefixes = peering["properties"]["remoteAddressSpace"]["addressPrefixes"]
                routes += [(p, "VNetPeering", 0) for p in prefixes]
        routes += [("0.0.0.0/0", "Internet", 0), *((p, "None", 0) for p in [*PRIVATE, "100.64.0.0/10"])]
        fitting = [r for r in routes if within(address, r[0])]
        hop = max(fitting, key=lambda r: (ip_network(r[0]).prefixlen, r[2]))[1]
        if hop == "Internet":
            return self.is_internet(address) and not any(within(address, p) for p in self.spaces(vnet))
        if hop == "VnetLocal":
            return any(within(address, p) for p in vnet["properties"]["addressSpace"]["addressPrefixes"])
        return hop == "VNetPeering"
