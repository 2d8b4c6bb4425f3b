"""Virtual WAN: hubs, their connections and VPN gateways."""

from __future__ import annotations

from azlabs.simulator.providers.network.base import Child, NetworkType, Part, SlowType
from azlabs.simulator.resource_manager.resource_type import BackReference, InUse, Reference


class VirtualWans(NetworkType):
    """Hubs of one organisation."""

    type = "Microsoft.Network/virtualWans"
    defaults = {
        "properties": {
            "disableVpnEncryption": False,
            "allowBranchToBranchTraffic": True,
            "office365LocalBreakoutCategory": "None",
            "type": "Standard",
        }
    }
    back_references = (BackReference("properties.virtualHubs", "properties.virtualWan", holder=False),)
    in_use = InUse("CannotDeleteVirtualWanWhileItIsInUse", "Virtual WAN {id} cannot be deleted because it is in use by {user}.")


class VirtualHubs(SlowType):
    """A router in a region that Azure runs."""

    type = "Microsoft.Network/virtualHubs"
    members = frozenset({"kind"})
    defaults = {
        "properties": {
            "virtualHubRouteTableV2s": [],
            "routeTable": {"routes": []},
            "virtualRouterAsn": 65515,
            "virtualRouterIps": [],
            "routingState": "Provisioned",
            "allowBranchToBranchTraffic": False,
            "hubRoutingPreference": "ExpressRoute",
            "virtualRouterAutoScaleConfiguration": {"minCapacity": 2},
        }
    }
    required = ("properties.addressPrefix",)
    references = (
        Reference("properties.virtualWan", "Microsoft.Network/virtualWans"),
        Reference("properties.azureFirewall", "Microsoft.Network/azureFirewalls"),
    )
    in_use = InUse("CannotDeleteVirtualHubWhenInUse", "Virtual hub {id} cannot be deleted because it is in use by {user}.")


class HubConnections(NetworkType):
    """A network that hangs on a hub."""

    type = "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections"
    located = tagged = False
    defaults = {
        "properties": {
            "allowHubToRemoteVnetTransit": True,
            "allowRemoteVnetToUseHubVnetGateways": True,
            "enableInternetSecurity": False,
            "connectivityStatus": "Connected",
        }
    }
    references = (Reference("properties.remoteVirtualNetwork", "Microsoft.Network/virtualNetworks"),)


class HubRouteTables(NetworkType):
    """Routes of a hub."""

    type = "Microsoft.Network/virtualHubs/hubRouteTables"
    located = tagged = False
    defaults = {
        "properties": {"routes": [], "labels": [], "associatedConnections": [], "propagatingConnections": []}
    }


class VpnSites(NetworkType):
    """A site that a hub's VPN gateway talks to."""

    type = "Microsoft.Network/vpnSites"
    defaults = {"properties": {"isSecuritySite": False, "vpnSiteLinks": []}}
    references = (Reference("properties.virtualWan", "Microsoft.Network/virtualWans"),)


class SiteLinks(Part):
    """One line of a site."""

    type = "Microsoft.Network/vpnSites/vpnSiteLinks"
    part_of = "properties.vpnSiteLinks"


class VpnGateways(SlowType):
    """The VPN gateway of a hub."""

    type = "Microsoft.Network/vpnGateways"
    defaults = {
        "properties": {"connections": [], "vpnGatewayScaleUnit": 1, "isRoutingPreferenceInternet": False, "natRules": []}
    }
    references = (Reference("properties.virtualHub", "Microsoft.Network/virtualHubs"),)
    required = ("properties.virtualHub",)


class VpnConnections(Child):
    """A tunnel of a hub's gateway."""

    type = "Microsoft.Network/vpnGateways/vpnConnections"
    part_of = "properties.connections"
