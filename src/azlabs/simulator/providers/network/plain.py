"""Types that a table says almost everything about: NAT gateways, DDoS plans, IP groups, endpoint policies, profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network.base import Child, NetworkType, Part, reference_id, settled
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, InUse, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

IDLE_MINUTES = range(4, 121)


class NatGateways(NetworkType):
    """Gives the machines of subnets public addresses to reach the internet with."""

    type = "Microsoft.Network/natGateways"
    members = frozenset({"sku", "zones"})
    guid = "properties.resourceGuid"
    defaults = {"sku": {"name": "Standard", "tier": "Regional"}, "properties": {"idleTimeoutInMinutes": 4}}
    choices = {"sku.name": ("Standard", "StandardV2")}
    references = (
        Reference("properties.publicIpAddresses[*]", "Microsoft.Network/publicIPAddresses"),
        Reference("properties.publicIpPrefixes[*]", "Microsoft.Network/publicIPPrefixes"),
    )
    back_references = (BackReference("properties.subnets", "properties.subnets[*].properties.natGateway"),)
    in_use = InUse(
        "NatGatewayInUseBySubnet",
        "Nat Gateway {id} cannot be deleted because it is in use by {user}. Remove the association before deleting it.",
    )

    def validate(self, write: Write) -> None:
        """Idle timeouts are 4 to 120 minutes; public addresses are static ones of the standard sku, used by nobody else."""
        minutes = write.get("properties.idleTimeoutInMinutes")
        if type(minutes) is not int or minutes not in IDLE_MINUTES:
            refuse("NatGatewayIdleTimeoutOutOfRange", f"Idle timeout {minutes} of Nat Gateway {write.id} must be 4 to 120 minutes.")
        for item in write.get("properties.publicIpAddresses") or []:
            id = reference_id(item) or ""
            public = write.find(id) or {}
            if public.get("sku", {}).get("name") == "Basic":
                refuse(
                    "NatGatewayCannotReferenceBasicSkuPublicIPAddress",
                    f"Nat Gateway {write.id} cannot reference Basic sku public IP address {id}.",
                )
            other = next((link.holder for link in write.linked(id) if link.source != write.key), None)
            if other is not None:
                refuse(
                    "PublicIPAddressInUse",
                    f"Resource {write.id} is referencing public IP address {id} that is already allocated to resource {other}.",
                )


class DdosProtectionPlans(NetworkType):
    """Protection of networks and public addresses against floods."""

    type = "Microsoft.Network/ddosProtectionPlans"
    back_references = (
        BackReference("properties.virtualNetworks", "properties.ddosProtectionPlan", holder=False),
        BackReference("properties.publicIPAddresses", "properties.ddosSettings.ddosProtectionPlan", holder=False),
    )
    in_use = InUse(
        "InUseDdosProtectionPlanCannotBeDeleted",
        "DDoS Protection Plan {id} is in use by the following resources and cannot be deleted: {user}.",
    )


class IpGroups(NetworkType):
    """Addresses under one name, for firewall rules."""

    type = "Microsoft.Network/ipGroups"
    defaults = {"properties": {"ipAddresses": []}}


class ServiceEndpointPolicies(NetworkType):
    """Which accounts a service endpoint may reach."""

    type = "Microsoft.Network/serviceEndpointPolicies"
    members = frozenset({"kind"})
    guid = "properties.resourceGuid"
    defaults = {"properties": {"serviceEndpointPolicyDefinitions": []}}
    back_references = (
        BackReference("properties.subnets", "properties.subnets[*].properties.serviceEndpointPolicies[*]"),
    )
    in_use = InUse(
        "InUseServiceEndpointPolicyCannotBeDeleted", "Service endpoint policy {id} is in use by {user} and cannot be deleted."
    )


class ServiceEndpointPolicyDefinitions(Child):
    """Accounts of one service."""

    type = "Microsoft.Network/serviceEndpointPolicies/serviceEndpointPolicyDefinitions"
    part_of = "properties.serviceEndpointPolicyDefinitions"
    required = ("properties.service",)


class NetworkProfiles(NetworkType):
    """How container groups join a subnet."""

    type = "Microsoft.Network/networkProfiles"
    guid = "properties.resourceGuid"
    creates, updates = settled(201), settled(200)
    defaults = {"properties": {"containerNetworkInterfaces": [], "containerNetworkInterfaceConfigurations": []}}
    references = (
        Reference(
            "properties.containerNetworkInterfaceConfigurations[*].properties.ipConfigurations[*].properties.subnet",
            "Microsoft.Network/virtualNetworks/subnets",
        ),
    )


class ContainerInterfaces(Part):
    """An interface configuration of container groups."""

    type = "Microsoft.Network/networkProfiles/containerNetworkInterfaceConfigurations"
    part_of = "properties.containerNetworkInterfaceConfigurations"


class ContainerAddresses(Part):
    """The address configuration of such an interface."""

    type = "Microsoft.Network/networkProfiles/containerNetworkInterfaceConfigurations/ipConfigurations"
    part_of = "properties.ipConfigurations"


class CustomIpPrefixes(NetworkType):
    """A range of one's own that Azure announces."""

    type = "Microsoft.Network/customIpPrefixes"
    members = frozenset({"zones", "extendedLocation"})
    guid = "properties.resourceGuid"
    defaults = {
        "properties": {
            "commissionedState": "Provisioned",
            "failedReason": "OperationNotFailed",
            "childCustomIpPrefixes": [],
        }
    }
    back_references = (BackReference("properties.publicIpPrefixes", "properties.customIPPrefix", holder=False),)
