"""Resources in the shape of Azure's REST JSON, short to write in tests."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
ROOT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network"


def nsg_id(name: str) -> str:
    return f"{ROOT}/networkSecurityGroups/{name}"


def asg_id(name: str) -> str:
    return f"{ROOT}/applicationSecurityGroups/{name}"


def vnet_id(name: str) -> str:
    return f"{ROOT}/virtualNetworks/{name}"


def nic_id(name: str) -> str:
    return f"{ROOT}/networkInterfaces/{name}"


def table_id(name: str) -> str:
    return f"{ROOT}/routeTables/{name}"


def rule(
    name: str,
    priority: int,
    access: str = "Allow",
    direction: str = "Inbound",
    protocol: str = "Tcp",
    source: str | list[str] = "*",
    destination: str | list[str] = "*",
    ports: str | list[str] = "*",
    source_ports: str = "*",
    source_groups: list[str] | None = None,
    destination_groups: list[str] | None = None,
) -> Json:
    properties: Json = {
        "priority": priority,
        "access": access,
        "direction": direction,
        "protocol": protocol,
        "sourcePortRange": source_ports,
    }
    for side, value in (("source", source), ("destination", destination)):
        key = f"{side}AddressPrefix"
        properties[key if isinstance(value, str) else f"{key}es"] = value
    properties["destinationPortRange" if isinstance(ports, str) else "destinationPortRanges"] = ports
    for side, groups in (("source", source_groups), ("destination", destination_groups)):
        if groups:
            properties.pop(f"{side}AddressPrefix", None)
            properties.pop(f"{side}AddressPrefixes", None)
            properties[f"{side}ApplicationSecurityGroups"] = [{"id": asg_id(group)} for group in groups]
    return {"name": name, "properties": properties}


def nsg(name: str, *rules: Json) -> Json:
    return {"id": nsg_id(name), "name": name, "properties": {"securityRules": list(rules)}}


def subnet(name: str, prefix: str, group: str = "", table: str = "", endpoints: list[Json] | None = None) -> Json:
    properties: Json = {"addressPrefix": prefix}
    if group:
        properties["networkSecurityGroup"] = {"id": nsg_id(group)}
    if table:
        properties["routeTable"] = {"id": table_id(table)}
    if endpoints:
        properties["serviceEndpoints"] = endpoints
    return {"name": name, "properties": properties}


def peering(name: str, remote: str, *prefixes: str, state: str = "Connected", access: bool = True) -> Json:
    return {
        "name": name,
        "properties": {
            "remoteVirtualNetwork": {"id": vnet_id(remote)},
            "remoteAddressSpace": {"addressPrefixes": list(prefixes)},
            "peeringState": state,
            "allowVirtualNetworkAccess": access,
        },
    }


def vnet(name: str, spaces: list[str], *subnets: Json, peerings: list[Json] | None = None) -> Json:
    return {
        "id": vnet_id(name),
        "name": name,
        "location": "swedencentral",
        "properties": {
            "addressSpace": {"addressPrefixes": spaces},
            "subnets": [{"id": f"{vnet_id(name)}/subnets/{s['name']}", **s} for s in subnets],
            "virtualNetworkPeerings": peerings or [],
        },
    }


def nic(
    name: str,
    network: str,
    where: str,
    address: str,
    group: str = "",
    groups: tuple[str, ...] = (),
    public: bool = False,
    forwards: bool = False,
) -> Json:
    settings: Json = {
        "privateIPAddress": address,
        "subnet": {"id": f"{vnet_id(network)}/subnets/{where}"},
        "applicationSecurityGroups": [{"id": asg_id(g)} for g in groups],
    }
    if public:
        settings["publicIPAddress"] = {"id": f"{ROOT}/publicIPAddresses/pip-{name}"}
    properties: Json = {
        "ipConfigurations": [{"name": "primary", "properties": settings}],
        "enableIPForwarding": forwards,
    }
    if group:
        properties["networkSecurityGroup"] = {"id": nsg_id(group)}
    return {"id": nic_id(name), "name": name, "properties": properties}


def route(name: str, prefix: str, hop: str, address: str = "") -> Json:
    properties = {"addressPrefix": prefix, "nextHopType": hop, **({"nextHopIpAddress": address} if address else {})}
    return {"name": name, "properties": properties}


def table(name: str, *routes: Json) -> Json:
    return {"id": table_id(name), "name": name, "properties": {"routes": list(routes)}}
