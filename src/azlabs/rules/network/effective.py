"""The answers of Azure's own network tools, in the shape of their REST JSON: effective security rules, effective
routes, IP flow verify and next hop.

Shapes: Microsoft's REST reference of network interfaces and network watchers. Azure gives these answers for
interfaces of running machines only; whoever serves them has to see to that.
"""

from __future__ import annotations

from typing import Any, Literal

from azlabs.rules.network.addresses import cidrs, is_address_text, parse
from azlabs.rules.network.boxes import Box, intersect_boxes
from azlabs.rules.network.endpoints import as_destination
from azlabs.rules.network.intervals import interval
from azlabs.rules.network.ports import PORTS, PROTOCOLS, WITH_PORTS, parse_ports
from azlabs.rules.network.routes import Route, chosen_route, effective_routes
from azlabs.rules.network.security_rules import Decider, Direction, Json, decide, default_rules
from azlabs.rules.network.topology import Interface, Network, Subnet, Undecidable

_SIDES = ("source", "destination")


def effective_security_groups(network: Network, nic: Interface) -> dict[str, Any]:
    """The body of `effectiveNetworkSecurityGroups`: one entry for each group, the interface's own first."""
    subnet = network.subnet(nic.subnet)
    attached = [(nic.security_group, "networkInterface", nic.id), (subnet.security_group, "subnet", subnet.id)]
    return {"value": [_effective_group(network, subnet, *entry) for entry in attached if entry[0]]}


def _effective_group(network: Network, subnet: Subnet, group: str, kind: str, holder: str) -> dict[str, Any]:
    body = network.security_groups.get(group)
    if body is None:
        raise Undecidable(f"the network security group {group} could not be read")
    own = sorted((body.get("properties") or {}).get("securityRules") or [], key=_priority)
    rules = [_effective_rule(network, subnet, rule, "securityRules") for rule in own]
    rules += [_effective_rule(network, subnet, rule, "defaultSecurityRules") for rule in default_rules()]
    return {
        "networkSecurityGroup": {"id": body.get("id")},
        "association": {kind: {"id": holder}},
        "effectiveSecurityRules": rules,
    }


def _priority(rule: Json) -> int:
    return int((rule.get("properties") or {}).get("priority", 0))


def _port_range(text: str) -> str:
    ports = parse_ports(text)
    return f"{ports[0]}-{ports[1]}"


def _effective_rule(network: Network, subnet: Subnet, rule: Json, kind: str) -> dict[str, Any]:
    properties = rule.get("properties") or {}
    protocol = str(properties.get("protocol", "*"))
    shown: dict[str, Any] = {"name": f"{kind}/{rule.get('name')}", "protocol": "All" if protocol == "*" else protocol}
    for side in _SIDES:
        ranges = [_port_range(str(text)) for text in _all(properties, f"{side}PortRange", "s")] or ["0-65535"]
        shown[f"{side}PortRange"] = ranges[0]
        shown[f"{side}PortRanges"] = ranges
        prefixes, expanded = _prefixes(network, subnet, properties, side)
        shown[f"{side}AddressPrefix"] = prefixes[0] if prefixes else ""
        shown[f"{side}AddressPrefixes"] = prefixes
        if expanded:
            shown[f"expanded{side.capitalize()}AddressPrefix"] = expanded
    shown |= {name: properties.get(name) for name in ("access", "priority", "direction")}
    return shown


def _all(properties: Json, name: str, plural: str) -> list[str]:
    one, many = properties.get(name), properties.get(name + plural) or []
    return [*([one] if one else []), *many]


def _prefixes(network: Network, subnet: Subnet, properties: Json, side: str) -> tuple[list[str], list[str]]:
    groups = properties.get(f"{side}ApplicationSecurityGroups") or []
    if groups:
        members = [cidrs(network.group_addresses(str(group.get("id", "")).lower())) for group in groups]
        return [prefix for found in members for prefix in found], []
    shown: list[str] = []
    expanded: list[str] = []
    for text in _all(properties, f"{side}AddressPrefix", "es"):
        if text == "*":
            shown.append("0.0.0.0/0")
        elif is_address_text(text):
            shown.append(text if "/" in text else f"{text}/{128 if ':' in text else 32}")
        else:
            shown.append(text)
            expanded += cidrs(network.meaning(text, subnet))
    return shown, expanded


def effective_route_table(network: Network, nic: Interface) -> dict[str, Any]:
    """The body of `effectiveRouteTable`: system routes and user-defined routes with their state."""
    routes = effective_routes(network, network.subnet(nic.subnet))
    return {"value": [_shown_route(route) for route in sorted(routes, key=lambda route: route.source == "User")]}


def _shown_route(route: Route) -> dict[str, Any]:
    return {
        **({"name": route.name} if route.name else {}),
        "disableBgpRoutePropagation": False,
        "source": route.source,
        "state": "Active" if route.active else "Invalid",
        "hasBgpOverride": False,
        "addressPrefix": [route.prefix],
        "nextHopType": route.next_hop,
        "nextHopIpAddress": [route.next_hop_address] if route.next_hop_address else [],
        "destinationServiceTags": [],
        "tagMap": {},
    }


def ip_flow_verify(
    network: Network,
    nic: Interface,
    direction: Literal["Inbound", "Outbound"],
    protocol: str,
    local: tuple[str, int],
    remote: tuple[str, int],
) -> dict[str, str]:
    """The body of `ipFlowVerify` for one packet: access, and the rule that decides (the first that refuses, else the
    last).

    `local` and `remote` are address and port. Raises ValueError for what is no address, Undecidable for an unknown
    tag.
    """
    subnet = network.subnet(nic.subnet)
    source, destination = (remote, local) if direction == "Inbound" else (local, remote)
    senders, receivers = parse(source[0]), as_destination(parse(destination[0]))
    protocols = PROTOCOLS[protocol.lower()]
    ports = interval(destination[1], destination[1]) if protocols & WITH_PORTS else PORTS
    packet = Box(protocols, senders, receivers, ports)
    order = (nic.security_group, subnet.security_group)
    verdict = {"access": "Allow", "ruleName": ""}
    for group in order[::-1] if direction == "Inbound" else order:
        if group:
            allowed, decider = _one_packet(network, group, subnet, direction, packet, source[1])
            kind = "defaultSecurityRules" if decider.kind == "default rule" else "securityRules"
            verdict = {"access": "Allow" if allowed else "Deny", "ruleName": f"{kind}/{decider.name}"}
            if not allowed:
                break
    return verdict


def _one_packet(
    network: Network, group: str, subnet: Subnet, direction: Direction, packet: Box, source_port: int
) -> tuple[bool, Decider]:
    rules = network.rules(group, subnet, direction, literal=True)
    verdicts: list[tuple[bool, Decider]] = []
    for bound in ("lower", "upper"):
        decision = decide(rules, packet.sources, packet.destinations, source_port, bound)
        for allowed, pieces in ((True, decision.allowed), (False, decision.denied)):
            verdicts += [(allowed, by) for box, by in pieces if intersect_boxes(box, packet)]
    if len({allowed for allowed, _by in verdicts}) != 1:
        raise Undecidable(f"whether a rule of {group} names this address is not known here")
    return verdicts[0]


def next_hop(network: Network, nic: Interface, destination: str) -> dict[str, str]:
    """The body of `nextHop`: where packets for one address go, and the route table that says so ("System Route")."""
    subnet = network.subnet(nic.subnet)
    route = chosen_route(network, subnet, parse(destination))
    if route is None:
        return {"nextHopType": "None", "routeTableId": "System Route"}
    table = network.route_tables[subnet.route_table] if route.source == "User" else {}
    answer = {"nextHopType": route.next_hop, "routeTableId": str(table.get("id", "System Route"))}
    if route.next_hop_address:
        answer["nextHopIpAddress"] = route.next_hop_address
    return answer
