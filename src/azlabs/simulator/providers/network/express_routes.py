"""ExpressRoute circuits, their peerings and connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network.base import Child, NetworkType
from azlabs.simulator.resource_manager.resource_type import Body

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write


class ExpressRouteCircuits(NetworkType):
    """A private line into Azure."""

    type = "Microsoft.Network/expressRouteCircuits"
    members = frozenset({"sku"})
    guid = "properties.resourceGuid"
    defaults = {
        "properties": {
            "peerings": [],
            "authorizations": [],
            "circuitProvisioningState": "Enabled",
            "allowClassicOperations": False,
            "serviceProviderProvisioningState": "NotProvisioned",
            "allowGlobalReach": False,
            "globalReachEnabled": False,
        }
    }
    read_only = ("properties.serviceKey",)
    required = ("sku",)

    def fill(self, write: Write) -> None:
        """The key that the provider asks for."""
        write.body["properties"]["serviceKey"] = write.old("properties.serviceKey") or write.guid()

    def accepted(self, write: Write, shown: Body) -> None:
        """Until the circuit is there it counts as disabled; its key is not known yet."""
        if write.created:
            shown["properties"].update(
                serviceKey="00000000-0000-0000-0000-000000000000", circuitProvisioningState="Disabled"
            )


class ExpressRoutePeerings(Child):
    """A routing domain of a circuit."""

    type = "Microsoft.Network/expressRouteCircuits/peerings"
    part_of = "properties.peerings"
    defaults = {
        "properties": {"azureASN": 12076, "state": "Enabled", "lastModifiedBy": "", "connections": [], "peeredConnections": []}
    }

    def accepted(self, write: Write, shown: Body) -> None:
        """Microsoft's side of a new peering is not there yet."""
        if write.created:
            shown["properties"]["azureASN"] = 0


class ExpressRouteConnections(Child):
    """Global reach between two circuits."""

    type = "Microsoft.Network/expressRouteCircuits/peerings/connections"
    part_of = "properties.connections"
    defaults = {"properties": {"circuitConnectionStatus": "Disconnected"}}
    required = ("properties.expressRouteCircuitPeering", "properties.peerExpressRouteCircuitPeering")


class PeerConnections(Child):
    """The other end of a global reach connection, as the peer circuit sees it."""

    type = "Microsoft.Network/expressRouteCircuits/peerings/peerConnections"
    part_of = "properties.peeredConnections"
    methods = frozenset({"GET", "HEAD"})


class ExpressRouteAuthorizations(Child):
    """Lets another subscription use the circuit."""

    type = "Microsoft.Network/expressRouteCircuits/authorizations"
    part_of = "properties.authorizations"
    defaults = {"properties": {"authorizationUseStatus": "Available"}}

    def fill(self, write: Write) -> None:
        """The key to hand on."""
        write.body["properties"]["authorizationKey"] = write.old("properties.authorizationKey") or write.guid()
