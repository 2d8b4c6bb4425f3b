"""What is in force at an interface: rules and routes, computed by the rules of `azlabs.rules.network`.

Azure answers for interfaces of running machines only. Whether a machine runs is `powerState` in what its row keeps
hidden ("running" when it says nothing); without a machine there is nothing that runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network.base import properties, reference_id
from azlabs.simulator.resource_manager.errors import not_modelled, refuse

if TYPE_CHECKING:
    from azlabs.rules.network.routes import Route
    from azlabs.rules.network.topology import Network, Subnet
    from azlabs.simulator.resource_manager.calls import Reader

Body = dict[str, Any]
MACHINE = "properties.networkProfile.networkInterfaces[*]"
PROTOCOLS = {"*": "All"}


def running_machine(reader: Reader, interface: str) -> Body | None:
    """The running machine that an interface belongs to."""
    for link in reader.linked(interface):
        if link.path == MACHINE:
            row = reader.store.get(link.source)
            if row is not None and row.hidden.get("powerState", "running") == "running":
                return row.body
    return None


def require_running(reader: Reader, body: Body, code: str, words: str) -> None:
    """Refuse as Azure does unless the interface belongs to a running machine."""
    if running_machine(reader, body["id"]) is None:
        refuse(
            f"NicMustBeAttachedToRunningVmToGetEffective{code}",
            f"A network interface must be attached to a running virtual machine to get effective {words}. Network interface: "
            f"{body['id']}.",
        )


def network_of(reader: Reader) -> Network:
    """Everything in the store that decides about packets."""
    from azlabs.rules.network.topology import Network

    def bodies(kind: str) -> list[Body]:
        return [row.body for row in reader.store.of_type(f"microsoft.network/{kind}")]

    return Network.of(
        virtual_networks=bodies("virtualnetworks"),
        network_interfaces=bodies("networkinterfaces"),
        network_security_groups=bodies("networksecuritygroups"),
        route_tables=bodies("routetables"),
        application_security_groups=bodies("applicationsecuritygroups"),
    )


def subnet_of(network: Network, interface: Body) -> Subnet:
    """The subnet that an interface is in."""
    for item in properties(interface).get("ipConfigurations") or []:
        subnet = reference_id(properties(item).get("subnet"))
        if subnet is not None:
            return network.subnet(subnet.lower())
    raise not_modelled("effective configuration of an interface without a subnet")


def effective_groups(reader: Reader, body: Body) -> Body:
    """Rules of the groups of the interface and of its subnet."""
    require_running(reader, body, "SecurityGroups", "security groups")
    network = network_of(reader)
    subnet = subnet_of(network, body)
    found = []
    for group, association in (
        (reference_id(properties(body).get("networkSecurityGroup")), {"networkInterface": {"id": body["id"]}}),
        (subnet.security_group, {"subnet": {"id": (reader.find(subnet.key) or {}).get("id")}}),
    ):
        document = reader.find(group) if group else None
        if document is not None:
            found.append(
                {
                    "networkSecurityGroup": {"id": document["id"]},
                    "association": association,
                    "effectiveSecurityRules": [
                        _effective_rule(network, subnet, folder, rule)
                        for folder in ("securityRules", "defaultSecurityRules")
                        for rule in properties(document).get(folder) or []
                    ],
                }
            )
    return {"value": found}


def _effective_rule(network: Network, subnet: Subnet, folder: str, rule: Body) -> Body:
    from azlabs.rules.network.addresses import cidrs, is_address_text

    mine = properties(rule)
    answer: Body = {
        "name": f"{folder}/{rule['name']}",
        "protocol": PROTOCOLS.get(mine["protocol"], mine["protocol"]),
        "access": mine["access"],
        "priority": mine["priority"],
        "direction": mine["direction"],
    }
    for side in ("source", "destination"):
        ports = mine.get(f"{side}PortRanges") or [mine.get(f"{side}PortRange", "*")]
        ranges = [_port_range(text) for text in ports]
        answer[f"{side}PortRange"], answer[f"{side}PortRanges"] = ranges[0], ranges
        groups = [reference_id(item) for item in mine.get(f"{side}ApplicationSecurityGroups") or []]
        texts = mine.get(f"{side}AddressPrefixes") or [mine.get(f"{side}AddressPrefix")]
        if groups:
            members = [cidrs(network.group_addresses(group.lower())) for group in groups if group]
            texts = [prefix for one in members for prefix in one]
        answer[f"{side}AddressPrefix"] = texts[0] if texts else None
        answer[f"{side}AddressPrefixes"] = texts
        tags = [text for text in texts if text and text != "*" and not is_address_text(text)]
        if tags:
            answer[f"expanded{side[0].upper()}{side[1:]}AddressPrefix"] = [
                prefix for tag in tags for prefix in cidrs(network.meaning(tag, subnet))
            ]
    return answer


def _port_range(text: Any) -> str:
    if text in (None, "*"):
        return "0-65535"
    return text if "-" in str(text) else f"{text}-{text}"


def effective_routes(reader: Reader, body: Body) -> Body:
    """Routes of the interface's subnet: Azure's own, those of its route table, those of peerings."""
    require_running(reader, body, "Routes", "routes")
    from azlabs.rules.network.routes import effective_routes as computed

    network = network_of(reader)
    return {"value": [shown_route(route) for route in computed(network, subnet_of(network, body))]}


def shown_route(route: Route) -> Body:
    """A route as the REST API shows it."""
    answer: Body = {
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
    return {"name": route.name, **answer} if route.name else answer
