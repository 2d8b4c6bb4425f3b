"""Network security groups with their rules, and application security groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.rules.network.security_rules import default_rules
from azlabs.simulator.providers.network import rule_checks
from azlabs.simulator.providers.network.base import Child, NetworkType, properties, same_region, updating
from azlabs.simulator.providers.network.group_members import check_rule
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, InUse, Quota, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

EMPTY_LISTS: dict[str, Any] = {
    f"{side}{member}": [] for side in rule_checks.SIDES for member in ("PortRanges", "AddressPrefixes")
}


class NetworkSecurityGroups(NetworkType):
    """A group filters traffic of the subnets and interfaces that name it."""

    type = "Microsoft.Network/networkSecurityGroups"
    quotas = (
        Quota(
            1000,
            "SecurityRuleCountLimitReached",
            "Network security group {name} cannot have more than {limit} rules.",
            items="properties.securityRules",
        ),
    )
    guid = "properties.resourceGuid"
    creates, updates = updating(201, 1), updating(200, 1)
    defaults = {"properties": {"securityRules": []}}
    read_only = ("properties.defaultSecurityRules", "properties.flowLogs")
    references = tuple(
        Reference(
            f"properties.securityRules[*].properties.{side}ApplicationSecurityGroups[*]",
            "Microsoft.Network/applicationSecurityGroups",
        )
        for side in rule_checks.SIDES
    )
    back_references = (
        BackReference("properties.networkInterfaces", "properties.networkSecurityGroup", holder=False),
        BackReference("properties.subnets", "properties.subnets[*].properties.networkSecurityGroup"),
        BackReference("properties.flowLogs", "properties.targetResourceId", holder=False),
    )
    in_use = InUse(
        "InUseNetworkSecurityGroupCannotBeDeleted",
        "Network security group {id} cannot be deleted because it is in use by the following resources: {user}. In order "
        "to delete the Network security group, remove the association with the resource(s). To learn how to do this, see "
        "aka.ms/deletensg.",
    )

    def fill(self, write: Write) -> None:
        """The default rules come with the group."""
        write.body["properties"]["defaultSecurityRules"] = default_rules()

    def validate(self, write: Write) -> None:
        """No two rules of one direction share a priority."""
        same_region(write, *(reference.path for reference in self.references))
        seen: dict[tuple[Any, Any], str] = {}
        for rule in properties(write.body).get("securityRules") or []:
            key = (properties(rule).get("priority"), properties(rule).get("direction"))
            if key in seen:
                refuse(
                    "SecurityRuleConflict",
                    f"Security rule {rule['name']} conflicts with rule {seen[key]}. Rules cannot have the same Priority and Direction.",
                )
            seen[key] = rule["name"]


class SecurityRules(Child):
    """One rule of a group."""

    type = "Microsoft.Network/networkSecurityGroups/securityRules"
    part_of = "properties.securityRules"
    creates, updates = updating(201, 1), updating(200, 1)
    defaults = {"properties": EMPTY_LISTS}
    required = ("properties.protocol", "properties.access", "properties.direction", "properties.priority")
    choices = {
        "properties.protocol": ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"),
        "properties.access": ("Allow", "Deny"),
        "properties.direction": ("Inbound", "Outbound"),
    }

    def validate(self, write: Write) -> None:
        """Addresses, ports and priority have to make sense; groups on both sides have to be in one network."""
        for code, message in rule_checks.faults(write.id, write.name, properties(write.body)):
            refuse(code, message)
        check_rule(write, write.name, properties(write.body))


class DefaultSecurityRules(Child):
    """A rule that Azure put there: to be read, never written."""

    type = "Microsoft.Network/networkSecurityGroups/defaultSecurityRules"
    part_of = "properties.defaultSecurityRules"
    methods = frozenset({"GET", "HEAD"})


class ApplicationSecurityGroups(NetworkType):
    """A name for a set of interfaces, to be used in rules."""

    type = "Microsoft.Network/applicationSecurityGroups"
    creates, updates = updating(201, 1), updating(200, 1)
    in_use = InUse(
        "InUseApplicationSecurityGroupCannotBeDeleted",
        "Application security group {id} cannot be deleted because it is in use by the following resources: {user}.",
    )
