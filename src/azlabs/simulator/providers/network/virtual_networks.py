"""Virtual networks and their subnets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network import addresses, peering_states, usage
from azlabs.simulator.providers.network.base import Child, NetworkType, Part, properties, same_region, updating
from azlabs.simulator.providers.network.delegations import ACTIONS, DEFAULT_ACTIONS
from azlabs.simulator.providers.network.peering_states import address_space
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, InUse, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
REGIONAL_SERVICES = frozenset({"microsoft.sql"})
"""Service endpoints that Azure limits to the network's own region; others answer with `*`."""
IN_USE = InUse(
    "InUseSubnetCannotBeDeleted",
    "Subnet {name} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the resources "
    "within the subnet. See aka.ms/deletesubnet.",
)
SMALLEST = {4: 29, 6: 64}
"""Longest prefix of a subnet per address family."""
SUBNET = "properties.subnets[*].properties."
KEPT_WHEN_ABSENT = ("subnets", "virtualNetworkPeerings")


class VirtualNetworks(NetworkType):
    """An address space, cut into subnets."""

    type = "Microsoft.Network/virtualNetworks"
    members = frozenset({"extendedLocation"})
    guid = "properties.resourceGuid"
    creates, updates = updating(201, 3), updating(200, 3)
    defaults = {
        "properties": {
            "addressSpace": {"addressPrefixes": []},
            "subnets": [],
            "virtualNetworkPeerings": [],
            "enableDdosProtection": False,
            "enableVmProtection": False,
            "privateEndpointVNetPolicies": "Disabled",
        }
    }
    members_since = {"properties.privateEndpointVNetPolicies": "2024-03-01"}
    references = (
        Reference("properties.ddosProtectionPlan", "Microsoft.Network/ddosProtectionPlans"),
        Reference(SUBNET + "networkSecurityGroup", "Microsoft.Network/networkSecurityGroups"),
        Reference(SUBNET + "routeTable", "Microsoft.Network/routeTables"),
        Reference(SUBNET + "natGateway", "Microsoft.Network/natGateways"),
        Reference(SUBNET + "serviceEndpointPolicies[*]", "Microsoft.Network/serviceEndpointPolicies"),
        Reference("properties.virtualNetworkPeerings[*].properties.remoteVirtualNetwork", type, link=False),
    )

    def fill(self, write: Write) -> None:
        """Subnets and peerings stay when an update does not speak of them; an empty list takes them away."""
        mine = write.body["properties"]
        if write.before is not None:
            asked = properties(write.request)
            for name in KEPT_WHEN_ABSENT:
                if name not in asked:
                    mine[name] = write.old(f"properties.{name}", [])
        if "dhcpOptions" in mine:
            mine["dhcpOptions"].setdefault("dnsServers", [])

    def validate(self, write: Write) -> None:
        """The address space has to be well formed and free of overlaps; subnets in use cannot be left out."""
        space = address_space(write.body)
        check_prefixes(write.id, space)
        for index, prefix in enumerate(space):
            pair = addresses.first_overlap([prefix], space[:index])
            if pair is not None:
                refuse(
                    "NetcfgInvalidVirtualNetworkSite",
                    f"Virtual network site is not valid as specified with the name '{write.name}'. Address prefixes "
                    f"{pair[1]} and {pair[0]} overlap.",
                )
        if not space:
            refuse(
                "VirtualNetworkAddressSpaceIsEmpty",
                f"Virtual network {write.id} must have at least one address prefix in its address space.",
            )
        same_region(write, SUBNET + "networkSecurityGroup", SUBNET + "routeTable", SUBNET + "natGateway")
        part = write.part.id if write.part is not None else None
        check_subnets(write.name, write.body, only=part)
        if write.focus is None:
            peering_states.keep(write)
        self._check_left_out(write)

    def _check_left_out(self, write: Write) -> None:
        """A subnet that an update leaves out is deleted, unless somebody uses it."""
        present = {item["name"].lower() for item in properties(write.body)["subnets"]}
        for subnet in write.old("properties.subnets") or []:
            if subnet["name"].lower() not in present and write.removed is None:
                for link in write.linked(subnet["id"]):
                    refuse(IN_USE.code, IN_USE.message.replace("{name}", subnet["name"]).replace("{user}", link.holder))

    def written(self, write: Write) -> None:
        """The other halves of the peerings hear of it."""
        peering_states.settle(write)

    def deleting(self, write: Write) -> None:
        """The other halves of the peerings are left alone."""
        peering_states.leave(write)

    def shown(self, body: Body, reader: Reader) -> Body:
        """Newer api-versions no longer know the protection of machines."""
        if reader.api_version >= "2020-11-01":
            body["properties"].pop("enableVmProtection", None)
        return body

    @action("checkIPAddressAvailability", method="GET")
    def check_address(self, call: Call, body: Body) -> Body:
        """May an interface take this address?"""
        wanted = call.query.get("ipaddress", "")
        subnet = next((item for item in properties(body)["subnets"] if holds(item, wanted)), None)
        if subnet is None:
            refuse(
                "PrivateIPAddressNotInAnySubnet",
                f"Private IP address {wanted} does not belong to the range of any subnet of virtual network {body['name']}.",
            )
        taken = {address: owner for item in properties(body)["subnets"] for address, owner in usage.taken(call, item["id"])}
        kept = any(addresses.reserved(prefix, wanted) for prefix in prefixes_of(subnet))
        answer: Body = {"available": wanted not in taken and not kept, "isPlatformReserved": kept}
        if not answer["available"]:
            free = (address for address in addresses.usable(prefixes_of(subnet)) if address not in taken)
            answer["availableIPAddresses"] = [address for address, _ in zip(free, range(5), strict=False)]
        return answer

    @action("usages", method="GET")
    def usages(self, call: Call, body: Body) -> Body:
        """How full every subnet is."""
        return {
            "value": [
                {
                    "id": subnet["id"],
                    "currentValue": len(list(usage.taken(call, subnet["id"]))),
                    "limit": sum(addresses.capacity(prefix) for prefix in prefixes_of(subnet)),
                    "name": {"localizedValue": "Subnet size and usage", "value": "SubnetSpace"},
                    "unit": "Count",
                }
                for subnet in properties(body)["subnets"]
            ]
        }


class Subnets(Child):
    """A range of a virtual network that interfaces live in."""

    type = "Microsoft.Network/virtualNetworks/subnets"
    part_of = "properties.subnets"
    creates, updates = updating(201, 3), updating(200, 3)
    defaults = {
        "properties": {
            "delegations": [],
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
        }
    }
    members_since = {
        "properties.privateEndpointNetworkPolicies": "2019-04-01",
        "properties.privateLinkServiceNetworkPolicies": "2019-04-01",
    }
    choices = {
        "properties.privateEndpointNetworkPolicies": (
            "Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled",
        ),
        "properties.privateLinkServiceNetworkPolicies": ("Enabled", "Disabled"),
    }  # fmt: skip
    read_only = (
        "properties.purpose", "properties.resourceNavigationLinks", "properties.serviceAssociationLinks",
        "properties.ipConfigurationProfiles",
    )  # fmt: skip
    back_references = (
        BackReference("properties.ipConfigurations", usage.CONFIGURATIONS),
        BackReference("properties.privateEndpoints", usage.ENDPOINTS, holder=False),
    )
    in_use = IN_USE

    def fill(self, write: Write) -> None:
        """One prefix is shown as one; service endpoints get their state and locations."""
        mine = write.body["properties"]
        several = mine.get("addressPrefixes")
        if several and mine.get("addressPrefix") and several == [mine["addressPrefix"]]:
            del mine["addressPrefixes"]
        for endpoint in mine.get("serviceEndpoints") or []:
            endpoint["provisioningState"] = "Succeeded"
            if not endpoint.get("locations"):
                regional = str(endpoint.get("service", "")).lower() in REGIONAL_SERVICES
                endpoint["locations"] = [write.location] if regional else ["*"]

    def validate(self, write: Write) -> None:
        """The range has to be well formed, inside the network, apart from its neighbours, and still hold who lives in it."""
        own = prefixes_of(write.body)
        if not own:
            refuse(
                "SubnetAddressPrefixRequired",
                f"Subnet {write.id} must have at least one address prefix.",
            )
        for prefix in own:
            found = addresses.network(prefix)
            if found is not None and found.prefixlen > SMALLEST[found.version]:
                refuse(
                    "NetcfgInvalidSubnet",
                    f"Subnet '{write.name}' is not valid in virtual network '{network_name(write)}'. "
                    f"The prefix {prefix} is too small.",
                )
        if write.before is not None and own != prefixes_of(write.before):
            for address, _ in usage.taken(write, write.id):
                if not any(addresses.holds(prefix, address) for prefix in own):
                    old = next((one for one in prefixes_of(write.before) if addresses.holds(one, address)), "")
                    refuse(
                        "InUsePrefixCannotBeDeleted",
                        f"IpPrefix {old} on Subnet {write.name} has active allocations and cannot be deleted.",
                    )

    @action("resourceNavigationLinks", method="GET")
    def navigation_links(self, _call: Call, body: Body) -> Body:
        """Services that were put into the subnet from outside."""
        return {"value": properties(body).get("resourceNavigationLinks", [])}

    @action("serviceAssociationLinks", method="GET")
    def association_links(self, _call: Call, body: Body) -> Body:
        """Services that hold the subnet by delegation."""
        return {"value": properties(body).get("serviceAssociationLinks", [])}

    @action("prepareNetworkPolicies")
    def prepare(self, call: Call, body: Body) -> None:
        """Azure adds intent policies of a service; the simulator has none to add."""

    @action("unprepareNetworkPolicies")
    def unprepare(self, call: Call, body: Body) -> None:
        """Azure takes intent policies of a service away."""


class Delegations(Part):
    """A subnet that was handed to one Azure service."""

    type = "Microsoft.Network/virtualNetworks/subnets/delegations"
    part_of = "properties.delegations"
    state_follows = False

    def fill(self, write: Write) -> None:
        """What the service may do depends on the service."""
        mine = write.body.setdefault("properties", {})
        service = str(mine.get("serviceName", ""))
        mine["actions"] = list(ACTIONS.get(service.lower(), DEFAULT_ACTIONS))


def network_name(write: Write) -> str:
    """Name of the virtual network that a subnet belongs to."""
    return str((write.parent_body or {}).get("name") or write.id.split("/")[8])


def prefixes_of(subnet: Body) -> list[str]:
    """Prefixes of a subnet, whichever of the two members holds them."""
    mine = properties(subnet)
    several = mine.get("addressPrefixes")
    if isinstance(several, list) and several:
        return [prefix for prefix in several if isinstance(prefix, str)]
    return [mine["addressPrefix"]] if isinstance(mine.get("addressPrefix"), str) else []


def holds(subnet: Body, address: str) -> bool:
    """Is the address inside the subnet?"""
    return any(addresses.holds(prefix, address) for prefix in prefixes_of(subnet))


def check_prefixes(owner: str, prefixes: list[str]) -> None:
    """Every prefix is an address, a slash and a length, without host bits."""
    for prefix in prefixes:
        written = addresses.aligned(prefix)
        if written is None:
            refuse(
                "InvalidAddressPrefixFormat",
                f"Address prefix {prefix} of resource {owner} is not formatted correctly. It should follow CIDR notation, "
                "for example 10.0.0.0/24.",
            )
        if written != prefix and addresses.family(prefix) == 4:
            refuse(
                "InvalidCIDRNotation",
                f"The address prefix {prefix} in resource {owner} has an invalid CIDR notation. For the given prefix length, "
                f"the address prefix should be {written}.",
            )


def check_subnets(network: str, body: Body, only: str | None = None) -> None:
    """Subnets lie inside the address space and do not overlap; `only`: the subnet to look at (its id)."""
    space = address_space(body)
    seen: list[Body] = []
    for subnet in properties(body).get("subnets") or []:
        mine = only is None or str(subnet.get("id", "")).lower() == only.lower()
        if mine:
            check_prefixes(str(subnet.get("id")), prefixes_of(subnet))
        for prefix in prefixes_of(subnet) if mine else ():
            if not addresses.inside(prefix, space):
                refuse(
                    "NetcfgSubnetRangeOutsideVnet",
                    f"Subnet '{subnet.get('name')}' is not valid because its IP address range is outside the IP address "
                    f"range of virtual network '{network}'.",
                )
        for other in seen:
            if (mine or str(other.get("id", "")).lower() == str(only).lower()) and addresses.first_overlap(
                prefixes_of(subnet), prefixes_of(other)
            ):
                refuse(
                    "NetcfgSubnetRangesOverlap",
                    f"Subnet '{subnet.get('name')}' is not valid because its IP address range overlaps with that of an "
                    f"existing subnet in virtual network '{network}'.",
                )
        seen.append(subnet)
