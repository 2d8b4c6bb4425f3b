"""Network rule sets: from where a namespace may be reached. There is one, called "default"."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from azlabs.simulator.providers.messaging.base import Body, Child, bad, namespace_of, new_row, tier
from azlabs.simulator.resource_manager import registry
from azlabs.simulator.resource_manager.resource_type import NameRule, Reference

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Write

OPEN: Body = {
    "publicNetworkAccess": "Enabled",
    "defaultAction": "Allow",
    "virtualNetworkRules": [],
    "ipRules": [],
    "trustedServiceAccessEnabled": False,
}


class NetworkRuleSets(Child):
    """Addresses and subnets."""

    name_rule = NameRule("default", "BadRequest", "The network rule set has to be called 'default', not '{name}'.")
    methods = frozenset({"GET", "PUT"})
    tiers: tuple[str, ...] = ("Premium",)
    """Tiers that can be closed to the network."""
    defaults = {"properties": OPEN}
    choices = {
        "properties.defaultAction": ("Allow", "Deny"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
    }
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    references = (
        Reference(
            "properties.virtualNetworkRules[*].subnet", "Microsoft.Network/virtualNetworks/subnets", must_exist=False
        ),
    )
    members_since = {
        "properties.publicNetworkAccess": "2021-01-01",
        "properties.trustedServiceAccessEnabled": "2021-01-01",
    }

    def fill(self, write: Write) -> None:
        """Rules as Azure writes them."""
        super().fill(write)
        mine = write.body["properties"]
        if (
            write.before is not None
            and tier(write, write.key) not in self.tiers
            and (mine["ipRules"] or mine["virtualNetworkRules"])
        ):
            bad(f"Network rules are supported by namespaces of these tiers only: {', '.join(self.tiers)}.")
        mine["ipRules"] = [_address(one) for one in mine["ipRules"]]
        mine["virtualNetworkRules"] = [_subnet(write, one) for one in mine["virtualNetworkRules"]]

    def written(self, write: Write) -> None:
        """The namespace shows whether the public network reaches it."""
        namespace = namespace_of(write, write.key)
        document = namespace.copy()
        document["properties"]["publicNetworkAccess"] = write.body["properties"]["publicNetworkAccess"]
        namespace.body = document
        write.store.update(namespace)


def _address(rule: Body) -> Body:
    mask = rule.get("ipMask")
    try:
        ipaddress.ip_network(str(mask), strict=False)
    except ValueError:
        bad(f"The IP mask '{mask}' is no IPv4 address or range in CIDR form.")
    return {"ipMask": mask, "action": "Allow"}


def _subnet(write: Write, rule: Body) -> Body:
    id = (rule.get("subnet") or {}).get("id")
    missing = bool(rule.get("ignoreMissingVnetServiceEndpoint", False))
    if not isinstance(id, str) or not id.startswith("/"):
        bad("The subnet of a virtual network rule needs an id.")
    if not missing:
        subnet = write.find(id)
        if subnet is None:
            bad(f"The subnet '{id}' was not found.")
        services = {str(one.get("service", "")).lower() for one in subnet["properties"].get("serviceEndpoints") or ()}
        if write.kind.key.partition("/")[0] not in services:
            bad(f"The subnet '{id}' has no service endpoint for {write.kind.type.partition('/')[0]}.")
    return {"subnet": {"id": id}, "ignoreMissingVnetServiceEndpoint": missing}


def make_default(write: Write, namespace: Resource, type_name: str) -> None:
    """The open rule set of a new namespace."""
    kind = registry.find(type_name.lower())
    if kind is not None:
        access = namespace.body["properties"].get("publicNetworkAccess", "Enabled")
        new_row(write, kind, namespace, "default", {"properties": {**OPEN, "publicNetworkAccess": access}})
