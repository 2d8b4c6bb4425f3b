"""What virtual network gateways work out for themselves: BGP speakers, what clients may use, routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network import addresses, public_ips, usage
from azlabs.simulator.providers.network.base import properties, reference_id

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write
    from azlabs.simulator.resource_manager.resource_type import Body

AZURE_ASN = 65515
CLIENT_LISTS = (
    "vpnAuthenticationTypes", "vpnClientRootCertificates", "vpnClientRevokedCertificates", "vngClientConnectionConfigurations",
    "radiusServers", "vpnClientIpsecPolicies",
)  # fmt: skip
PROTOCOLS = {"Basic": ["SSTP"]}
NOBODY = {"vpnClientConnectionsCount": 0, "totalIngressBytesTransferred": 0, "totalEgressBytesTransferred": 0}


def complete_clients(gateway: Body, clients: Body) -> Body:
    """What Azure adds to the clients' part of a gateway's properties."""
    sku = str(gateway.get("sku", {}).get("name", ""))
    clients.setdefault("vpnClientProtocols", list(PROTOCOLS.get(sku, ("OpenVPN", "IkeV2"))))
    if clients.get("radiusServerAddress"):
        clients.setdefault("vpnAuthenticationTypes", ["Radius"])
    for name in CLIENT_LISTS:
        clients.setdefault(name, [])
    if "vpnClientAddressPool" in clients:
        clients["vpnClientConnectionHealth"] = dict(NOBODY)
    return clients


def speak_bgp(write: Write, gateway: Body) -> None:
    """One speaker per configuration: at the address asked for, else at the last one of the gateway's subnet."""
    settings = gateway["bgpSettings"] = dict(gateway.get("bgpSettings") or {})
    settings["asn"] = settings.get("asn") or AZURE_ASN
    settings.setdefault("peerWeight", 0)
    wanted = str(settings.get("bgpPeeringAddress") or "").split(",")
    known = {item.get("ipconfigurationId", "").lower(): item for item in settings.get("bgpPeeringAddresses") or []}
    speakers = []
    for index, item in enumerate(gateway.get("ipConfigurations") or []):
        subnet = write.find(reference_id(properties(item).get("subnet")) or "") or {}
        tunnel = public_ips.address_of(write, reference_id(properties(item).get("publicIPAddress")))
        mine = (wanted[index] if index < len(wanted) else "") or _last_address(subnet)
        speakers.append({
            "ipconfigurationId": item["id"],
            "defaultBgpIpAddresses": [mine] if mine else [],
            "customBgpIpAddresses": known.get(item["id"].lower(), {}).get("customBgpIpAddresses", []),
            "tunnelIpAddresses": [tunnel] if tunnel else [],
        })  # fmt: skip
    settings["bgpPeeringAddresses"] = speakers
    settings["bgpPeeringAddress"] = ",".join(one for item in speakers for one in item["defaultBgpIpAddresses"])


def _last_address(subnet: Body) -> str:
    area = addresses.network(str(properties(subnet).get("addressPrefix", "")))
    return "" if area is None else str(area.broadcast_address - 1)


def network_routes(call: Call, gateway: Body) -> list[Body]:
    """The routes that a gateway always knows: its own network's prefixes."""
    speaker = properties(gateway).get("bgpSettings", {}).get("bgpPeeringAddress", "")
    routes = []
    for item in properties(gateway).get("ipConfigurations") or []:
        network = call.find(usage.network_of(reference_id(properties(item).get("subnet")) or "")) or {}
        for prefix in properties(network).get("addressSpace", {}).get("addressPrefixes", []):
            routes.append({
                "localAddress": speaker, "network": prefix, "sourcePeer": speaker, "origin": "Network", "asPath": "",
                "weight": 32768,
            })  # fmt: skip
    return routes
