"""DNS private resolvers: endpoints in networks, and rules that forward names to other servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network.base import BOTH, NAMES
from azlabs.simulator.resource_manager.resource_type import Announce, Reference, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

RESOLVER = "Microsoft.Network/dnsResolvers"
RULESET = "Microsoft.Network/dnsForwardingRulesets"
NETWORK = Reference("properties.virtualNetwork", "Microsoft.Network/virtualNetworks")


class _ResolverType(ResourceType):
    """The resolver service accepts writes with 202 and an empty object."""

    name_rule = NAMES
    etag = True
    system_data = True
    creates = updates = Announce(202, headers=BOTH, retry_after=5, body="{}", polls=1)
    deletes = Announce(202, headers=BOTH, retry_after=5, body=False, polls=1, lingers=True)
    operation_paths = ("dnsResolverOperationStatuses", "dnsResolverOperationResults")


class DnsResolvers(_ResolverType):
    """A resolver in a network."""

    type = RESOLVER
    guid = "properties.resourceGuid"
    defaults = {"properties": {"dnsResolverState": "Connected"}}
    required = ("properties.virtualNetwork",)
    references = (NETWORK,)


class InboundEndpoints(_ResolverType):
    """Where questions from outside arrive."""

    type = f"{RESOLVER}/inboundEndpoints"
    guid = "properties.resourceGuid"
    references = (
        Reference("properties.ipConfigurations[*].subnet", "Microsoft.Network/virtualNetworks/subnets"),
    )

    def fill(self, write: Write) -> None:
        """Addresses are dynamic unless asked for."""
        for item in write.body["properties"].get("ipConfigurations") or []:
            item.setdefault("privateIpAllocationMethod", "Dynamic")


class OutboundEndpoints(_ResolverType):
    """Where questions leave the network."""

    type = f"{RESOLVER}/outboundEndpoints"
    guid = "properties.resourceGuid"
    required = ("properties.subnet",)
    references = (Reference("properties.subnet", "Microsoft.Network/virtualNetworks/subnets"),)


class DnsForwardingRulesets(_ResolverType):
    """Rules that networks follow."""

    type = RULESET
    guid = "properties.resourceGuid"
    references = (Reference("properties.dnsResolverOutboundEndpoints[*]", f"{RESOLVER}/outboundEndpoints"),)
    not_found = ("NotFound", "DNS forwarding ruleset not found in database. dnsForwardingRulesetResourceId={id}")


class ForwardingRules(_ResolverType):
    """Servers for the names below a domain."""

    type = f"{RULESET}/forwardingRules"
    located = tagged = False
    creates, updates = Announce(201), Announce(200)
    deletes = Announce(200, body=False)
    defaults = {"properties": {"forwardingRuleState": "Enabled"}}
    required = ("properties.domainName", "properties.targetDnsServers")
    not_found = ("NotFound", "Forwarding rule not found in database. forwardingRuleIdentity={id}")


class RulesetLinks(_ResolverType):
    """A network that follows the rules."""

    type = f"{RULESET}/virtualNetworkLinks"
    located = tagged = False
    references = (NETWORK,)
    not_found = ("NotFound", "Virtual network link not found in database. virtualNetworkLinkResourceId={id}")
