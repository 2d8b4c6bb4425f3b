"""Azure Firewall with its policies, and Bastion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from azlabs.simulator.providers.network import public_use, usage
from azlabs.simulator.providers.network.base import NetworkType, Part, SlowType, properties, reference_id
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, Body, InUse, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

FIREWALL = "Microsoft.Network/azureFirewalls"
POLICY = "Microsoft.Network/firewallPolicies"
BASTION = "Microsoft.Network/bastionHosts"
POLICY_OPERATIONS = ("nfvOperations", "nfvOperationResults")
CONFIGURATION = "properties.ipConfigurations[*].properties."
ADDRESSES = (
    Reference(CONFIGURATION + "subnet", "Microsoft.Network/virtualNetworks/subnets"),
    Reference(CONFIGURATION + "publicIPAddress", "Microsoft.Network/publicIPAddresses"),
)


def need_subnet(write: Write, name: str, code: str) -> None:
    """The service wants a subnet of its own with a fixed name."""
    for item in properties(write.body).get("ipConfigurations") or []:
        subnet = reference_id(properties(item).get("subnet"))
        if subnet is not None and subnet.rpartition("/")[2].lower() != name.lower():
            refuse(code, f"Subnet {subnet} referenced by {write.id} must be named {name}.")


class AzureFirewalls(SlowType):
    """A firewall between networks."""

    type = FIREWALL
    members = frozenset({"zones", "extendedLocation"})
    defaults = {
        "properties": {
            "sku": {"name": "AZFW_VNet", "tier": "Standard"},
            "threatIntelMode": "Alert",
            "additionalProperties": {},
            "ipConfigurations": [],
            "networkRuleCollections": [],
            "applicationRuleCollections": [],
            "natRuleCollections": [],
        }
    }
    references = (
        *ADDRESSES,
        Reference("properties.managementIpConfiguration.properties.subnet", "Microsoft.Network/virtualNetworks/subnets"),
        Reference("properties.managementIpConfiguration.properties.publicIPAddress", "Microsoft.Network/publicIPAddresses"),
        Reference("properties.firewallPolicy", POLICY),
        Reference("properties.virtualHub", "Microsoft.Network/virtualHubs"),
    )

    def validate(self, write: Write) -> None:
        """The firewall's own subnet, and the lowest free address of it."""
        need_subnet(write, "AzureFirewallSubnet", "AzureFirewallSubnetNameInvalid")
        configurations = properties(write.body)["ipConfigurations"]
        placed = [item for item in configurations if "subnet" in properties(item)]
        usage.assign(write, placed, write.old("properties.ipConfigurations") or [])
        public_use.check(write, configurations)

    def accepted(self, write: Write, shown: Body) -> None:
        """A new firewall has no address yet."""
        if write.created:
            for item in shown["properties"]["ipConfigurations"]:
                item["properties"].pop("privateIPAddress", None)


class FirewallConfigurations(Part):
    """Where a firewall sits, and its public address."""

    type = f"{FIREWALL}/azureFirewallIpConfigurations"
    part_of = "properties.ipConfigurations"
    state_follows = False
    defaults = {"properties": {"privateIPAllocationMethod": "Dynamic"}}


for _name in ("networkRuleCollections", "applicationRuleCollections", "natRuleCollections"):
    type(
        _name[0].upper() + _name[1:],
        (Part,),
        {"__doc__": "Rules of a firewall without a policy.", "type": f"{FIREWALL}/{_name}", "part_of": f"properties.{_name}"},
    )


def size_of(body: Body) -> str:
    """Azure shows how much of the policy's limit is used; the length of its JSON stands for it."""
    return f"{len(json.dumps(properties(body))) / 1_000_000:.9f} MB"


class FirewallPolicies(NetworkType):
    """Rules that firewalls share."""

    type = POLICY
    members = frozenset({"identity"})
    operation_paths = POLICY_OPERATIONS
    defaults = {"properties": {"sku": {"tier": "Standard"}, "threatIntelMode": "Alert"}}
    read_only = ("properties.size", "properties.childPolicies", "properties.ruleCollectionGroups", "properties.firewalls")
    references = (Reference("properties.basePolicy", POLICY),)
    back_references = (
        BackReference("properties.childPolicies", "properties.basePolicy", holder=False),
        BackReference("properties.firewalls", "properties.firewallPolicy", holder=False),
    )
    in_use = InUse(
        "FirewallPolicyCannotBeDeletedWhileInUse", "Firewall policy {id} cannot be deleted because it is in use by {user}."
    )

    def fill(self, write: Write) -> None:
        """Empty lists of those that use the policy, and its size."""
        mine = write.body["properties"]
        mine.update(childPolicies=[], firewalls=[], ruleCollectionGroups=mine.get("ruleCollectionGroups") or [])
        mine["size"] = size_of(write.body)


class RuleCollectionGroups(SlowType):
    """Rule collections of one priority."""

    type = f"{POLICY}/ruleCollectionGroups"
    located = tagged = False
    operation_paths = POLICY_OPERATIONS
    defaults = {"properties": {"ruleCollections": []}}

    def fill(self, write: Write) -> None:
        """Collections hold rules, if only none."""
        for collection in write.body["properties"]["ruleCollections"]:
            collection.setdefault("rules", [])
        write.body["properties"]["size"] = size_of(write.body)
        parent = write.store.get(write.key.rpartition("/rulecollectiongroups/")[0])
        if parent is not None:
            write.body["location"] = parent.location

    def written(self, write: Write) -> None:
        """The policy lists its groups."""
        self._list(write, add=True)

    def deleting(self, write: Write) -> None:
        """The policy forgets the group."""
        self._list(write, add=False)

    def _list(self, write: Write, *, add: bool) -> None:
        parent = write.store.get(write.key.rpartition("/rulecollectiongroups/")[0])
        if parent is None:
            return
        body = parent.copy()
        others = [item for item in body["properties"].get("ruleCollectionGroups", []) if item["id"].lower() != write.key]
        body["properties"]["ruleCollectionGroups"] = [*others, {"id": write.id}] if add else others
        parent.body = body
        write.store.update(parent)


class BastionHosts(SlowType):
    """Remote desktop and shell through the portal."""

    type = BASTION
    members = frozenset({"sku", "zones"})
    defaults = {"sku": {"name": "Basic"}, "properties": {"scaleUnits": 2, "ipConfigurations": []}}
    choices = {"sku.name": ("Basic", "Standard", "Developer", "Premium")}
    read_only = ("properties.dnsName", "properties.publicUri")
    references = (*ADDRESSES, Reference("properties.virtualNetwork", "Microsoft.Network/virtualNetworks"))

    def fill(self, write: Write) -> None:
        """The name that browsers connect to."""
        mine = write.body["properties"]
        mine["dnsName"] = write.old("properties.dnsName") or f"bst-{write.guid()}.bastion.azure.com"
        public = next((reference_id(properties(item).get("publicIPAddress")) for item in mine["ipConfigurations"]), None)
        if public is not None:
            mine["publicUri"] = public

    def validate(self, write: Write) -> None:
        """Bastion's own subnet, and a public address that nobody else has."""
        need_subnet(write, "AzureBastionSubnet", "BastionHostSubnetNameInvalid")
        public_use.check(write, properties(write.body)["ipConfigurations"])

    def accepted(self, write: Write, shown: Body) -> None:
        """A new host has no name yet."""
        if write.created:
            shown["properties"].pop("dnsName", None)


class BastionConfigurations(Part):
    """Where a Bastion sits, and its public address."""

    type = f"{BASTION}/bastionHostIpConfigurations"
    part_of = "properties.ipConfigurations"
    state_follows = False
    defaults = {"properties": {"privateIPAllocationMethod": "Dynamic"}}
