"""Route tables with their routes, and route filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network import addresses
from azlabs.simulator.providers.network.base import Child, NetworkType, properties, updating
from azlabs.simulator.providers.network.rule_checks import is_tag
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, InUse, Quota

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

APPLIANCE = "VirtualAppliance"
FORBIDDEN_HOPS = ("127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "168.63.129.16/32")
"""Loopback, link-local, multicast, broadcast, and the address of Azure's host."""


class RouteTables(NetworkType):
    """Routes that subnets follow before Azure's own."""

    type = "Microsoft.Network/routeTables"
    quotas = (
        Quota(
            400,
            "RouteCountLimitReached",
            "Route table {name} cannot have more than {limit} routes.",
            items="properties.routes",
        ),
    )
    guid = "properties.resourceGuid"
    creates, updates = updating(201, 2), updating(200, 2)
    defaults = {"properties": {"disableBgpRoutePropagation": False, "disablePeeringRoute": "None", "routes": []}}
    members_since = {"properties.disablePeeringRoute": "2024-10-01"}
    back_references = (BackReference("properties.subnets", "properties.subnets[*].properties.routeTable"),)
    in_use = InUse("InUseRouteTableCannotBeDeleted", "Route table {name} is in use and cannot be deleted.")

    def validate(self, write: Write) -> None:
        """Two routes of a table never have the same prefix."""
        seen: dict[str, str] = {}
        for route in properties(write.body).get("routes") or []:
            prefix = str(properties(route).get("addressPrefix")).lower()
            if prefix in seen:
                refuse(
                    "RouteConflict",
                    f"Route {route['name']} conflicts with route {seen[prefix]}. Routes cannot have the same AddressPrefix.",
                )
            seen[prefix] = route["name"]


class Routes(Child):
    """Where traffic for a prefix goes."""

    type = "Microsoft.Network/routeTables/routes"
    part_of = "properties.routes"
    creates, updates = updating(201, 2), updating(200, 2)
    defaults = {"properties": {"hasBgpOverride": False}}
    required = ("properties.nextHopType", "properties.addressPrefix")
    choices = {
        "properties.nextHopType": ("VirtualNetworkGateway", "VnetLocal", "Internet", APPLIANCE, "None"),
    }

    def validate(self, write: Write) -> None:
        """A route to an appliance names its address, no other does; the prefix is one, or a service tag."""
        mine = properties(write.body)
        hop, address = mine["nextHopType"], mine.get("nextHopIpAddress")
        if hop == APPLIANCE and not address:
            refuse(
                "NextHopIpAddressRequired",
                f"Route {write.id} with next hop type VirtualAppliance must specify a next hop IP address.",
            )
        if hop != APPLIANCE and address:
            refuse(
                "NextHopIpAddressNotAllowed",
                f"Route {write.id} specifies a next hop IP address. It is only allowed when the next hop type is VirtualAppliance.",
            )
        if address and (
            not addresses.is_address(address) or any(addresses.holds(one, address) for one in FORBIDDEN_HOPS)
        ):
            refuse(
                "InvalidNextHopIpAddress",
                f"The next hop IP address '{address}' of route {write.id} is not valid for the next hop type '{hop}'.",
            )
        prefix = mine["addressPrefix"]
        written = addresses.aligned(str(prefix))
        if written is None and not (isinstance(prefix, str) and prefix != "*" and is_tag(prefix)):
            refuse(
                "InvalidAddressPrefixFormat",
                f"Address prefix {prefix} of resource {write.id} is not formatted correctly. It should follow CIDR notation, "
                "for example 10.0.0.0/24.",
            )
        if written is not None and written != prefix and addresses.family(str(prefix)) == 4:
            refuse(
                "InvalidCIDRNotation",
                f"The address prefix {prefix} in resource {write.id} has an invalid CIDR notation. For the given prefix length, "
                f"the address prefix should be {written}.",
            )


class RouteFilters(NetworkType):
    """Which BGP communities an ExpressRoute circuit takes over."""

    type = "Microsoft.Network/routeFilters"
    defaults = {"properties": {"rules": []}}
    patch = "merge"


class RouteFilterRules(Child):
    """One rule of a route filter."""

    type = "Microsoft.Network/routeFilters/routeFilterRules"
    part_of = "properties.rules"
    required = ("properties.access", "properties.communities")
    choices = {"properties.access": ("Allow", "Deny"), "properties.routeFilterRuleType": ("Community",)}
    defaults = {"properties": {"routeFilterRuleType": "Community"}}
