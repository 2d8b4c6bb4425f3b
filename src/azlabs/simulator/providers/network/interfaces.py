"""Network interfaces and their IP configurations."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network import public_use, usage
from azlabs.simulator.providers.network.base import (
    BY_LOCATION,
    Child,
    NetworkType,
    only_ids,
    properties,
    reference_id,
    same_region,
    settled,
)
from azlabs.simulator.providers.network.effective import effective_groups, effective_routes
from azlabs.simulator.providers.network.group_members import check_members
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, InUse, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
CONFIGURATION = "properties.ipConfigurations[*].properties."


class NetworkInterfaces(NetworkType):
    """An interface with its addresses in one virtual network."""

    type = "Microsoft.Network/networkInterfaces"
    members = frozenset({"extendedLocation", "kind"})
    guid = "properties.resourceGuid"
    creates, updates = settled(201), settled(200)
    defaults = {
        "kind": "Regular",
        "properties": {
            "ipConfigurations": [],
            "dnsSettings": {"dnsServers": []},
            "enableAcceleratedNetworking": False,
            "vnetEncryptionSupported": False,
            "enableIPForwarding": False,
            "disableTcpStateTracking": False,
            "hostedWorkloads": [],
            "tapConfigurations": [],
            "nicType": "Standard",
            "allowPort25Out": True,
            "auxiliaryMode": "None",
            "auxiliarySku": "None",
        },
    }
    members_since = {
        "kind": "2021-03-01",
        "properties.allowPort25Out": "2021-03-01",
        "properties.auxiliaryMode": "2021-12-01",
        "properties.auxiliarySku": "2023-02-01",
        "properties.disableTcpStateTracking": "2023-02-01",
        "properties.nicType": "2020-03-01",
        "properties.vnetEncryptionSupported": "2020-11-01",
        "properties.hostedWorkloads": "2018-08-01",
        "properties.tapConfigurations": "2018-08-01",
    }
    read_only = (
        "properties.macAddress", "properties.primary", "properties.virtualMachine", "properties.privateEndpoint",
        "properties.dnsSettings.appliedDnsServers", "properties.dnsSettings.internalDomainNameSuffix",
        "properties.hostedWorkloads", "properties.vnetEncryptionSupported", "properties.defaultOutboundConnectivityEnabled",
    )  # fmt: skip
    references = (
        Reference("properties.networkSecurityGroup", "Microsoft.Network/networkSecurityGroups"),
        Reference(CONFIGURATION + "subnet", "Microsoft.Network/virtualNetworks/subnets"),
        Reference(CONFIGURATION + "publicIPAddress", "Microsoft.Network/publicIPAddresses"),
        Reference(CONFIGURATION + "applicationSecurityGroups[*]", "Microsoft.Network/applicationSecurityGroups"),
        Reference(CONFIGURATION + "loadBalancerBackendAddressPools[*]", "Microsoft.Network/loadBalancers/backendAddressPools"),
        Reference(CONFIGURATION + "loadBalancerInboundNatRules[*]", "Microsoft.Network/loadBalancers/inboundNatRules"),
        Reference(
            CONFIGURATION + "applicationGatewayBackendAddressPools[*]",
            "Microsoft.Network/applicationGateways/backendAddressPools",
        ),
    )
    back_references = (
        BackReference(
            "properties.virtualMachine", "properties.networkProfile.networkInterfaces[*]", single=True, holder=False
        ),
    )
    in_use = InUse(
        "NicInUse",
        "Network Interface {id} is used by existing resource {user}. In order to delete the network interface, it must be "
        "dissociated from the resource. To learn more, see aka.ms/deletenic.",
    )

    def fill(self, write: Write) -> None:
        """The internal name suffix belongs to the network; one configuration is the primary one."""
        settings = write.body["properties"].setdefault("dnsSettings", {})
        settings["appliedDnsServers"] = []
        settings["internalDomainNameSuffix"] = write.old(
            "properties.dnsSettings.internalDomainNameSuffix"
        ) or f"{write.guid().replace('-', '')[:26]}.bx.internal.cloudapp.net"
        configurations = properties(write.body).get("ipConfigurations") or []
        for item in configurations:
            only_ids(properties(item), "subnet", "publicIPAddress")
        if configurations and not any(properties(item).get("primary") for item in configurations):
            configurations[0].setdefault("properties", {})["primary"] = True

    def shown(self, body: Body, reader: Reader) -> Body:
        """An interface of a machine has a hardware address, and is its primary one or not."""
        mine = body["properties"]
        machine = reader.store.get(mine["virtualMachine"]["id"].lower()) if "virtualMachine" in mine else None
        if machine is not None:
            cards = properties(machine.body).get("networkProfile", {}).get("networkInterfaces") or []
            own: Body = next((card for card in cards if str(card.get("id", "")).lower() == body["id"].lower()), {})
            mine["primary"] = bool(properties(own).get("primary", len(cards) == 1))
            digits = hashlib.sha256(body["id"].lower().encode()).hexdigest()[:6].upper()
            mine["macAddress"] = f"00-0D-3A-{digits[:2]}-{digits[2:4]}-{digits[4:]}"
        return body

    def validate(self, write: Write) -> None:
        """One primary configuration, one network, free addresses, public addresses that nobody else has."""
        configurations = properties(write.body).get("ipConfigurations") or []
        if not configurations:
            refuse("InvalidRequestFormat", f"Network interface {write.id} must have at least one IP configuration.")
        if sum(bool(properties(item).get("primary")) for item in configurations) != 1:
            refuse(
                "MultiplePrimaryIpConfigurationsNotAllowed",
                f"Network interface {write.id} must have exactly one primary IP configuration.",
            )
        for item in configurations:
            if reference_id(properties(item).get("subnet")) is None:
                refuse("SubnetReferenceRequired", f"IP configuration {item.get('id')} must reference a subnet.")
        same_region(
            write,
            "properties.networkSecurityGroup",
            *(CONFIGURATION + member for member in ("subnet", "publicIPAddress", "applicationSecurityGroups[*]")),
        )
        before = write.old("properties.ipConfigurations") or []
        networks = {usage.network_of(properties(item)["subnet"]["id"]) for item in configurations + before}
        if len(networks) > 1:
            refuse(
                "SubnetsNotInSameVnet",
                f"Subnets of the IP configurations of network interface {write.id} are not in the same virtual network. A "
                "network interface cannot be moved to another virtual network.",
            )
        usage.assign(write, configurations, before)
        public_use.check(write, configurations)
        check_members(write, configurations, networks.pop())

    @action("effectiveNetworkSecurityGroups", announce=BY_LOCATION)
    def effective_groups(self, call: Call, body: Body) -> Body:
        """Rules of all groups on the way to the interface; only for a running machine."""
        return effective_groups(call, body)

    @action("effectiveRouteTable", announce=BY_LOCATION)
    def effective_routes(self, call: Call, body: Body) -> Body:
        """Routes in force at the interface; only for a running machine."""
        return effective_routes(call, body)


class IpConfigurations(Child):
    """A private address of an interface, and what hangs on it."""

    type = "Microsoft.Network/networkInterfaces/ipConfigurations"
    part_of = "properties.ipConfigurations"
    methods = frozenset({"GET", "HEAD"})
    defaults = {
        "properties": {"privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4", "primary": False}
    }
    choices = {
        "properties.privateIPAllocationMethod": ("Dynamic", "Static"),
        "properties.privateIPAddressVersion": ("IPv4", "IPv6"),
    }
