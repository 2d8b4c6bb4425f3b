"""Peerings between virtual networks: one half on each side, connected when both are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network import addresses
from azlabs.simulator.providers.network.base import Child, properties, reference_id, updating
from azlabs.simulator.providers.network.peering_states import (
    CONNECTED,
    DISCONNECTED,
    INITIATED,
    address_space,
    half_towards,
)
from azlabs.simulator.resource_manager.errors import refuse

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

Body = dict[str, Any]


class VirtualNetworkPeerings(Child):
    """One half of a peering."""

    type = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
    part_of = "properties.virtualNetworkPeerings"
    creates, updates = updating(201, 10), updating(200, 10)
    guid = "properties.resourceGuid"
    defaults = {
        "properties": {
            "allowVirtualNetworkAccess": True,
            "allowForwardedTraffic": False,
            "allowGatewayTransit": False,
            "useRemoteGateways": False,
            "doNotVerifyRemoteGateways": False,
            "peerCompleteVnets": True,
            "routeServiceVips": {},
        }
    }
    members_since = {
        "properties.doNotVerifyRemoteGateways": "2020-11-01",
        "properties.peeringSyncLevel": "2020-11-01",
        "properties.remoteVirtualNetworkAddressSpace": "2020-11-01",
        "properties.resourceGuid": "2020-11-01",
        "properties.peerCompleteVnets": "2023-09-01",
    }
    read_only = (
        "properties.peeringState", "properties.peeringSyncLevel", "properties.remoteAddressSpace",
        "properties.remoteVirtualNetworkAddressSpace", "properties.remoteGateways", "properties.routeServiceVips",
    )  # fmt: skip
    required = ("properties.remoteVirtualNetwork",)

    def fill(self, write: Write) -> None:
        """State and remote addresses come from the other side."""
        mine = write.body["properties"]
        remote = write.find(reference_id(mine.get("remoteVirtualNetwork")) or "")
        if remote is None:
            return
        half = half_towards(remote, network_id(write))
        mine["peeringState"] = CONNECTED if half else INITIATED
        mine["peeringSyncLevel"] = "FullyInSync" if half else "RemoteNotInSync"
        space = {"addressPrefixes": address_space(remote)}
        mine["remoteAddressSpace"], mine["remoteVirtualNetworkAddressSpace"] = space, dict(space)

    def validate(self, write: Write) -> None:
        """No overlap with the other network nor with its neighbours, one peering per network, gateways that exist."""
        mine = properties(write.body)
        target = reference_id(mine.get("remoteVirtualNetwork")) or ""
        own_id, own = network_id(write), write.parent_body or {}
        if target.lower() == own_id:
            refuse(
                "InvalidRequestFormat",
                f"Peering {write.id} cannot reference its parent virtual network as the remote virtual network.",
            )
        for other in properties(own).get("virtualNetworkPeerings") or []:
            same = (reference_id(properties(other).get("remoteVirtualNetwork")) or "").lower() == target.lower()
            if same and other["name"].lower() != write.name.lower():
                refuse(
                    "AnotherPeeringAlreadyReferencesRemoteVnet",
                    f"Cannot create or update peering {write.id} because there is already another peering {other['id']} "
                    f"referencing remote virtual network {target}.",
                )
        remote = write.find(target) or {}
        half = half_towards(remote, own_id)
        if half and properties(half).get("peeringState") == DISCONNECTED:
            refuse(
                "RemotePeeringIsDisconnected",
                f"Cannot create or update peering {write.id} because remote peering {half.get('id')} referencing parent virtual "
                f"network {own.get('id')} is in Disconnected state. Update or re-create the remote peering to get it back to "
                "Initiated state. Peering gets Disconnected when remote vnet or remote peering is deleted and re-created.",
            )
        _check_overlaps(write, own, remote, target)
        _check_gateways(write, mine, remote, half)


def network_id(write: Write) -> str:
    """Key of the virtual network that the half belongs to."""
    return write.key.rpartition("/virtualnetworkpeerings/")[0]


def _check_overlaps(write: Write, own: Body, remote: Body, target: str) -> None:
    pair = addresses.first_overlap(address_space(own), address_space(remote))
    start = (
        f"Cannot create or update peering {write.id}. Virtual networks {own.get('id')} and {target} cannot be peered because "
    )
    if pair is not None:
        refuse("VnetAddressSpacesOverlap", f"{start}their address spaces overlap. Overlapping address prefixes: {pair[0]}, {pair[1]}.")
    for first, second, side in ((own, remote, "first"), (remote, own, "second")):
        for half in properties(second).get("virtualNetworkPeerings") or []:
            third_id = reference_id(properties(half).get("remoteVirtualNetwork")) or ""
            third = write.find(third_id)
            if third is None or third_id.lower() == str(first.get("id", "")).lower() or third_id.lower() == target.lower():
                continue
            pair = addresses.first_overlap(address_space(first), address_space(third))
            if pair is not None:
                refuse(
                    "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
                    f"{start}address space of the {side} virtual network overlaps with address space of virtual network "
                    f"{third_id} already peered with the {'second' if side == 'first' else 'first'} virtual network. "
                    f"Overlapping address prefixes: {pair[0]}. For more information please refer to https://aka.ms/VnetPeeringInfo",
                )


def _check_gateways(write: Write, mine: Body, remote: Body, half: Body | None) -> None:
    if not mine["useRemoteGateways"]:
        return
    if mine["allowGatewayTransit"]:
        refuse(
            "PeeringCannotHaveBothAllowGatewayTransitAndUseRemoteGateways",
            f"Peering {write.id} cannot have both AllowGatewayTransit and UseRemoteGateways flags set to true.",
        )
    if half is not None and not properties(half).get("allowGatewayTransit"):
        refuse(
            "RemotePeeringAllowGatewayTransitIsFalse",
            f"Peering {write.id} cannot have UseRemoteGateways flag set to true because corresponding remote peering "
            f"{half.get('id')} has AllowGatewayTransit flag set to false.",
        )
    subnets = [item["id"] for item in properties(remote).get("subnets") or [] if item.get("name", "").lower() == "gatewaysubnet"]
    if not any(link.source for subnet in subnets for link in write.linked(subnet)):
        refuse(
            "RemoteVnetHasNoGateways",
            f"Peering {write.id} cannot have UseRemoteGateways flag set to true because remote virtual network "
            f"{remote.get('id')} referenced by the peering does not have any gateways.",
        )
