"""Members of application security groups: all interfaces of a group are in one virtual network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network.base import properties, reference_id
from azlabs.simulator.providers.network.usage import network_of
from azlabs.simulator.resource_manager.errors import refuse

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

Body = dict[str, Any]
MEMBERSHIP = "properties.ipConfigurations[*].properties.applicationSecurityGroups[*]"


def networks_of(reader: Reader, group: str, besides: str = "") -> set[str]:
    """Keys of the virtual networks that the members of a group are in, `besides` one interface (its key)."""
    found = set()
    for link in reader.linked(group):
        if link.source != besides and "/networkinterfaces/" in link.source:
            subnet = reference_id(properties(reader.find(link.holder) or {}).get("subnet"))
            if subnet:
                found.add(network_of(subnet))
    return found


def check_members(write: Write, configurations: list[Body], network: str) -> None:
    """Refuse an interface whose groups have members in another virtual network, or differ between its configurations."""
    _check_alike(configurations)
    for item in configurations:
        for reference in properties(item).get("applicationSecurityGroups") or []:
            group = reference_id(reference)
            others = networks_of(write, group, write.key) - {network} if group else set()
            if others:
                refuse(
                    "ApplicationSecurityGroupsNotInSameVnet",
                    f"Network interface {write.id} cannot reference application security group {group}, because other "
                    f"network interfaces of the group are in virtual network {others.pop()}. All network interfaces of an "
                    "application security group must be in the same virtual network.",
                )


def _check_alike(configurations: list[Body]) -> None:
    sets = [
        {(reference_id(one) or "").lower() for one in properties(item).get("applicationSecurityGroups") or []}
        for item in configurations
    ]
    for item, found in zip(configurations, sets, strict=True):
        if found != sets[0]:
            refuse(
                "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups",
                "All IPConfigurations on a Network Interface should reference the same set of Application Security Groups. "
                f"IPConfiguration {configurations[0].get('id')} references ASG(s) {', '.join(sorted(sets[0]))}, whereas "
                f"IPConfiguration {item.get('id')} references ASG(s) {', '.join(sorted(found))}.",
            )


def check_rule(reader: Reader, name: str, rule: Body) -> None:
    """Refuse a rule with groups on both sides whose members are in different virtual networks."""
    sides = []
    for side in ("source", "destination"):
        groups = [reference_id(item) for item in rule.get(f"{side}ApplicationSecurityGroups") or []]
        sides.append(set().union(*(networks_of(reader, group) for group in groups if group)))
    if all(sides) and sides[0] != sides[1]:
        refuse(
            "SourceAndDestinationApplicationSecurityGroupsNotInSameVnet",
            f"Application security groups in source and destination of security rule {name} must have their network "
            "interfaces in the same virtual network.",
        )
