"""Network interfaces of machines: those that exist, and those that are made with the machine."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.compute.base import absent, id_of, invalid, missing, properties
from azlabs.simulator.providers.compute.machine_disks import through
from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.errors import refuse

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

Body = dict[str, Any]
CARDS = "properties.networkProfile.networkInterfaces[*]"
API_VERSION = "2024-05-01"
COPIED = ("subnet", "privateIPAddressVersion", "primary", "loadBalancerBackendAddressPools", "applicationSecurityGroups",
          "applicationGatewayBackendAddressPools")  # fmt: skip


def check(write: Write, mine: Body) -> None:
    """The interfaces are there, in the region, in one network, nobody else's, and one is the primary one."""
    network = mine.get("networkProfile") or {}
    cards = network.get("networkInterfaces") or []
    if not cards and not network.get("networkInterfaceConfigurations"):
        missing("networkProfile")
    for card in cards:
        if card.get("properties") == {}:
            del card["properties"]
        id = id_of(card)
        document = write.find(id)
        if document is None:
            raise absent(id)
        if document.get("location") != write.location:
            refuse(
                "InvalidResourceReference",
                f"Resource {id} referenced by resource {write.id} was not found. Please make sure that the referenced resource exists, "
                "and that both resources are in the same region.",
                details=[],
            )
        other = next((link.source for link in write.linked(id) if link.path == CARDS and link.source != write.key), None)
        if other is not None:
            refuse("NicInUse", f"Network Interface {id} is used by existing resource {other}. In order to delete the network interface, "
                   "it must be dissociated from the resource. To learn more, see aka.ms/deletenic.", details=[])  # fmt: skip
    if len(cards) > 1 and sum(bool(properties(card).get("primary")) for card in cards) != 1:
        refuse("VirtualMachineMustHaveOneNetworkInterfaceAsPrimary",
               f"Virtual machine {write.name} must have one network interface set as the primary.")  # fmt: skip
    networks = {_network(write, id_of(card)) for card in cards}
    if len(networks) > 1:
        refuse("SubnetsNotInSameVnet", f"Network interfaces of virtual machine {write.name} are not in the same virtual network.")


def _network(write: Write, id: str) -> str:
    configurations = properties(write.find(id) or {}).get("ipConfigurations") or [{}]
    return id_of(properties(configurations[0]).get("subnet")).lower().rpartition("/subnets/")[0]


def make(write: Write, mine: Body) -> None:
    """Make the interfaces that `networkInterfaceConfigurations` describes; the machine then refers to them."""
    network = mine["networkProfile"]
    configurations = network.pop("networkInterfaceConfigurations", None) or []
    network.pop("networkApiVersion", None)
    cards = network.setdefault("networkInterfaces", [])
    scope = write.id.partition("/providers/")[0]
    for configuration in configurations:
        if not configuration.get("name"):
            missing("networkInterfaceConfiguration.name")
        wanted = paths.fresh(properties(configuration))
        name = f"{configuration['name']}-{uuid.uuid4().hex[:8]}"
        body: Body = {"location": write.location, "properties": {
            "ipConfigurations": [_address(write, item, f"{scope}/providers/Microsoft.Network/publicIPAddresses", name)
                                 for item in wanted.get("ipConfigurations") or []],
            **{member: wanted[member] for member in ("networkSecurityGroup", "enableAcceleratedNetworking", "enableIPForwarding")
               if wanted.get(member) is not None},
        }}  # fmt: skip
        id = f"{scope}/providers/Microsoft.Network/networkInterfaces/{name}"
        through(write.call.internal("PUT", id, API_VERSION, body))
        primary = wanted.get("primary", len(configurations) == 1)
        cards.append({"id": id, "properties": {"primary": primary, "deleteOption": wanted.get("deleteOption", "Detach")}})


def _address(write: Write, item: Body, addresses: str, card: str) -> Body:
    wanted = properties(item)
    if not id_of(wanted.get("subnet")):
        invalid(f"IP configuration '{item.get('name')}' must reference a subnet.", "ipConfigurations")
    mine = {member: wanted[member] for member in COPIED if wanted.get(member)}
    public = wanted.get("publicIPAddressConfiguration")
    if public:
        id = f"{addresses}/{public.get('name', 'publicip')}-{card.rpartition('-')[2]}"
        sku = public.get("sku") or {"name": "Standard"}
        body = {"location": write.location, "sku": sku, "properties": {"publicIPAllocationMethod": "Static"}}
        mine["publicIPAddress"] = {"id": through(write.call.internal("PUT", id, API_VERSION, body))["id"]}
    return {"name": item.get("name"), "properties": mine}
