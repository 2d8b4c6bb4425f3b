"""Private link services: a load balancer's frontend offered to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network.base import Child, Part, SlowType, properties
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, InUse, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

SERVICE = "Microsoft.Network/privateLinkServices"


class PrivateLinkServices(SlowType):
    """A service that private endpoints of others can connect to."""

    type = SERVICE
    members = frozenset({"extendedLocation"})
    guid = "properties.resourceGuid"
    defaults = {
        "properties": {
            "fqdns": [],
            "enableProxyProtocol": False,
            "loadBalancerFrontendIpConfigurations": [],
            "ipConfigurations": [],
            "privateEndpointConnections": [],
        }
    }
    read_only = ("properties.alias", "properties.networkInterfaces", "properties.privateEndpointConnections")
    references = (
        Reference(
            "properties.loadBalancerFrontendIpConfigurations[*]", "Microsoft.Network/loadBalancers/frontendIPConfigurations"
        ),
        Reference("properties.ipConfigurations[*].properties.subnet", "Microsoft.Network/virtualNetworks/subnets"),
    )
    back_references = (
        BackReference(
            "properties.privateEndpointConnections",
            tuple(
                f"properties.{kind}[*].properties.privateLinkServiceId"
                for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
            ),
        ),
    )
    in_use = InUse(
        "PrivateLinkServiceCannotBeDeletedSinceItHasPrivateEndpointConnections",
        "Private link service {id} cannot be deleted since it has private endpoint connections: {user}.",
    )

    def fill(self, write: Write) -> None:
        """The alias is how others name the service; a network interface comes with it."""
        mine = write.body["properties"]
        mine["alias"] = write.old("properties.alias") or (
            f"{write.name}.{write.guid()}.{write.location}.azure.privatelinkservice"
        )
        group = write.id.partition("/providers/")[0]
        mine.setdefault(
            "networkInterfaces",
            [{"id": f"{group}/providers/Microsoft.Network/networkInterfaces/{write.name}.nic.{write.guid()}"}],
        )
        configurations = mine.get("ipConfigurations") or []
        if configurations and not any(properties(item).get("primary") for item in configurations):
            configurations[0].setdefault("properties", {})["primary"] = True

    def validate(self, write: Write) -> None:
        """A frontend of a load balancer, or a destination address, has to be named, not both."""
        mine = properties(write.body)
        if bool(mine["loadBalancerFrontendIpConfigurations"]) == bool(mine.get("destinationIPAddress")):
            refuse(
                "EitherOneLoadBalancerFrontendIpConfigurationOrDestinationIPAddressRequiredOnPrivateLinkService",
                f"Private Link Service {write.name} requires either one LoadBalancerFrontendIpConfiguration if PLS with LB based "
                "scenario or DestinationIPAddress if PLS UDR and NSG scenario.",
            )


class LinkConfigurations(Part):
    """An address that traffic of a private link service comes from."""

    type = f"{SERVICE}/ipConfigurations"
    part_of = "properties.ipConfigurations"
    state_follows = False
    defaults = {
        "properties": {"privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4", "primary": False}
    }


class LinkConnections(Child):
    """A private endpoint that uses the service."""

    type = f"{SERVICE}/privateEndpointConnections"
    part_of = "properties.privateEndpointConnections"
