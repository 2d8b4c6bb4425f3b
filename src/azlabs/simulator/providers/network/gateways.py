"""Virtual network gateways, the sites they talk to, and the connections between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network import gateway_parts
from azlabs.simulator.providers.network.base import (
    ASYNC,
    BY_BOTH,
    BY_LOCATION,
    Child,
    NetworkType,
    Part,
    SlowType,
    only_ids,
    properties,
    reference_id,
)
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, InUse, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write

GATEWAY = "Microsoft.Network/virtualNetworkGateways"
SKUS = {
    "Vpn": ("Basic", "VpnGw", "Standard", "HighPerformance"),
    "ExpressRoute": ("Standard", "HighPerformance", "UltraPerformance", "ErGw"),
}
"""What the names of skus start with, per kind of gateway."""
FLAGS = (
    "enablePrivateIpAddress", "enableBgp", "activeActive", "isMigrateToCSES", "enableBgpRouteTranslationForNat",
    "disableIPSecReplayProtection", "allowRemoteVnetTraffic", "allowVirtualWanTraffic", "isMigratedLegacySKU",
    "blockUpgradeOfMigratedLegacyGateways", "enableHighBandwidthVpnGateway",
)  # fmt: skip


class VirtualNetworkGateways(SlowType):
    """A VPN or ExpressRoute gateway in a network."""

    type = GATEWAY
    members = frozenset({"extendedLocation", "identity"})
    guid = "properties.resourceGuid"
    defaults = {
        "properties": {
            **dict.fromkeys(FLAGS, False),
            "packetCaptureDiagnosticState": "None",
            "natRules": [],
            "virtualNetworkGatewayPolicyGroups": [],
            "virtualNetworkGatewayMigrationStatus": {"state": "None", "phase": "None", "errorMessage": ""},
            "gatewayType": "Vpn",
            "vpnGatewayGeneration": "Generation1",
            "vpnStack": "IPv4Only",
        }
    }
    members_since = {
        "properties.isMigrateToCSES": "2021-08-01",
        "properties.disableIPSecReplayProtection": "2021-08-01",
        "properties.virtualNetworkGatewayPolicyGroups": "2021-08-01",
        "properties.natRules": "2021-02-01",
        "properties.enableBgpRouteTranslationForNat": "2021-02-01",
        "properties.vpnClientConfiguration.vngClientConnectionConfigurations": "2021-08-01",
        "properties.vpnClientConfiguration.vpnAuthenticationTypes": "2020-11-01",
        "properties.allowRemoteVnetTraffic": "2024-01-01",
        "properties.allowVirtualWanTraffic": "2024-01-01",
        "properties.isMigratedLegacySKU": "2024-10-01",
        "properties.blockUpgradeOfMigratedLegacyGateways": "2024-10-01",
        "properties.enableHighBandwidthVpnGateway": "2024-10-01",
        "properties.vpnStack": "2024-10-01",
        "properties.zones": "2024-10-01",
    }
    choices = {"properties.gatewayType": ("Vpn", "ExpressRoute", "LocalGateway")}
    required = ("properties.sku",)
    references = (
        Reference("properties.ipConfigurations[*].properties.subnet", "Microsoft.Network/virtualNetworks/subnets"),
        Reference("properties.ipConfigurations[*].properties.publicIPAddress", "Microsoft.Network/publicIPAddresses"),
        Reference("properties.gatewayDefaultSite", "Microsoft.Network/localNetworkGateways"),
    )
    in_use = InUse(
        "VirtualNetworkGatewayCannotBeDeleted",
        "Virtual network gateway {id} cannot be deleted since it is still in use by connections: {user}.",
    )

    def fill(self, write: Write) -> None:
        """BGP speakers per configuration; clients get both tunnel types unless asked otherwise."""
        mine = write.body["properties"]
        mine["sku"].setdefault("capacity", 2)
        if mine["gatewayType"] != "Vpn":
            mine["vpnGatewayGeneration"] = "None"
            mine.setdefault("vpnType", "PolicyBased")
        elif "vpnClientConfiguration" in mine:
            gateway_parts.complete_clients(mine, mine["vpnClientConfiguration"])
        if str(mine["sku"].get("name", "")).endswith("AZ"):
            mine.setdefault("zones", "ZoneRedundant")

    def validate(self, write: Write) -> None:
        """The subnet has to be the gateway's own."""
        mine = properties(write.body)
        for item in mine.get("ipConfigurations") or []:
            subnet = reference_id(properties(item).get("subnet")) or ""
            if subnet.rpartition("/")[2].lower() != "gatewaysubnet":
                refuse(
                    "InvalidSubnetNameForGateway",
                    f"Subnet {subnet} of virtual network gateway {write.id} must be named GatewaySubnet.",
                )
        sku = str(mine["sku"].get("name", ""))
        if not sku.startswith(SKUS.get(mine["gatewayType"], "")):
            refuse(
                "InvalidGatewaySkuSpecifiedForGatewayDeploymentType",
                f"Virtual network gateway Sku specified is not valid for gateway {write.id} with DeploymentType VMScaleSet. "
                f"The specified Sku is {sku}.",
            )
        if mine["gatewayType"] == "Vpn":
            gateway_parts.speak_bgp(write, mine)

    def accepted(self, write: Write, shown: Body) -> None:
        """A new gateway has no addresses yet; while it is set up, it has all that clients could use."""
        mine = shown["properties"]
        clients = gateway_parts.complete_clients(mine, mine.setdefault("vpnClientConfiguration", {}))
        clients.pop("vpnClientConnectionHealth", None)
        if not write.created:
            return
        mine.pop("virtualNetworkGatewayMigrationStatus", None)
        settings = mine.get("bgpSettings")
        if settings:
            asked = properties(write.request).get("bgpSettings", {})
            settings["asn"] = asked.get("asn", 0)
            if "bgpPeeringAddress" not in asked:
                settings.pop("bgpPeeringAddress", None)
            for item in settings["bgpPeeringAddresses"]:
                item["defaultBgpIpAddresses"] = []
                item.pop("tunnelIpAddresses", None)

    @action("connections", method="GET")
    def connections(self, call: Call, body: Body) -> Body:
        """Connections that start or end here."""
        found = dict.fromkeys(link.source for link in call.linked(body["id"]) if "/connections/" in link.source)
        return {"value": [call.find(key) for key in found]}

    @action("reset", announce=BY_BOTH)
    def reset(self, _call: Call, body: Body) -> Body:
        """Restart the gateway."""
        return body

    @action("getLearnedRoutes", announce=BY_LOCATION)
    def learned(self, call: Call, body: Body) -> Body:
        """The network's own prefixes are always known."""
        return {"value": gateway_parts.network_routes(call, body)}

    @action("getAdvertisedRoutes", announce=BY_LOCATION)
    def advertised(self, _call: Call, _body: Body) -> Body:
        """Without a BGP peer nothing is advertised."""
        return {"value": []}

    @action("getBgpPeerStatus", announce=BY_LOCATION)
    def peers(self, _call: Call, _body: Body) -> Body:
        """No site of the simulator speaks BGP."""
        return {"value": []}

    @action("getVpnClientConnectionHealth", announce=BY_LOCATION)
    def client_health(self, _call: Call, _body: Body) -> Body:
        """Nobody is connected."""
        return {"value": []}

    @action("disconnectVirtualNetworkGatewayVpnConnections", announce=BY_LOCATION)
    def disconnect(self, call: Call, body: Body) -> None:
        """Nobody is connected."""

    @action("startPacketCapture", announce=BY_BOTH)
    def start_capture(self, call: Call, body: Body) -> None:
        """There is no traffic to capture."""

    @action("stopPacketCapture", announce=BY_BOTH)
    def stop_capture(self, call: Call, body: Body) -> None:
        """Nothing was captured."""


class GatewayConfigurations(Part):
    """Where a gateway sits, and its public address."""

    type = f"{GATEWAY}/ipConfigurations"
    part_of = "properties.ipConfigurations"
    defaults = {"properties": {"privateIPAllocationMethod": "Dynamic"}}


class NatRules(Child):
    """Address translation of a gateway."""

    type = f"{GATEWAY}/natRules"
    part_of = "properties.natRules"
    defaults = {"properties": {"type": "Static", "mode": "EgressSnat"}}


class LocalNetworkGateways(NetworkType):
    """A site of one's own."""

    type = "Microsoft.Network/localNetworkGateways"
    guid = "properties.resourceGuid"
    in_use = InUse(
        "LocalNetworkGatewayInUse",
        "Local network gateway {id} cannot be deleted since it is still in use by connections: {user}.",
    )


class Connections(SlowType):
    """A tunnel or circuit between a gateway and a site, another gateway, or a circuit."""

    type = "Microsoft.Network/connections"
    guid = "properties.resourceGuid"
    defaults = {
        "properties": {
            "packetCaptureDiagnosticState": "None",
            "connectionProtocol": "IKEv2",
            "routingWeight": 0,
            "enableBgp": False,
            "useLocalAzureIpAddress": False,
            "usePolicyBasedTrafficSelectors": False,
            "ipsecPolicies": [],
            "trafficSelectorPolicies": [],
            "ingressBytesTransferred": 0,
            "egressBytesTransferred": 0,
            "expressRouteGatewayBypass": False,
            "dpdTimeoutSeconds": 0,
            "connectionMode": "Default",
            "gatewayCustomBgpIpAddresses": [],
            "authenticationType": "PSK",
            "connectionStatus": "Unknown",
        }
    }
    members_since = {
        "properties.gatewayCustomBgpIpAddresses": "2021-08-01",
        "properties.authenticationType": "2021-12-01",
    }
    choices = {"properties.connectionType": ("IPsec", "Vnet2Vnet", "ExpressRoute", "VPNClient")}
    required = ("properties.connectionType", "properties.virtualNetworkGateway1")
    references = (
        Reference("properties.virtualNetworkGateway1", GATEWAY),
        Reference("properties.virtualNetworkGateway2", GATEWAY),
        Reference("properties.localNetworkGateway2", "Microsoft.Network/localNetworkGateways"),
        Reference("properties.peer", "Microsoft.Network/expressRouteCircuits"),
    )

    def fill(self, write: Write) -> None:
        """Ends are kept by id."""
        only_ids(write.body["properties"], "virtualNetworkGateway1", "virtualNetworkGateway2", "localNetworkGateway2", "peer")

    def accepted(self, write: Write, shown: Body) -> None:
        """Nothing is known of a new connection."""
        if write.created:
            shown["properties"].pop("connectionStatus", None)

    @action("sharedkey", method="GET")
    def shared_key(self, _call: Call, body: Body) -> Body:
        """The pre-shared key."""
        return {"value": properties(body).get("sharedKey", "")}

    @action("sharedkey", method="PUT", announce=Announce(200, headers=ASYNC, body=False))
    def set_shared_key(self, call: Call, _body: Body) -> Body:
        """Replace the pre-shared key."""
        value = call.json().get("value")
        with call.store.writing():
            row = call.store.get(call.key)
            if row is not None:
                changed = row.copy()
                changed["properties"]["sharedKey"] = value
                row.body = changed
                call.store.update(row)
        return {"value": value}
