"""Namespaces of Service Bus and what is the same for both messaging services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.providers.messaging.base import Body, bad, namespace_of
from azlabs.simulator.providers.messaging.keys import AuthorizationRules
from azlabs.simulator.providers.messaging.namespaces import REPLICATED_SINCE, Namespace, check_name
from azlabs.simulator.providers.messaging.network_rules import NetworkRuleSets
from azlabs.simulator.providers.messaging.pairing import PairingRules, Pairings, alias_keys
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

NAMESPACE = "Microsoft.ServiceBus/namespaces"


class Namespaces(Namespace):
    """Basic has queues, Standard topics as well, Premium its own units and network rules."""

    type = NAMESPACE
    silent = frozenset({"2023-01-01-preview"})
    defaults = {
        "sku": {"name": "Standard"},
        "properties": {"minimumTlsVersion": "1.2", "publicNetworkAccess": "Enabled", "disableLocalAuth": False},
    }
    choices = {
        "sku.name": ("Basic", "Standard", "Premium"),
        "sku.tier": ("Basic", "Standard", "Premium"),
        "properties.minimumTlsVersion": ("1.0", "1.1", "1.2"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
    }
    members_since = {
        "properties.disableLocalAuth": "2021-06-01-preview",
        "properties.zoneRedundant": "2018-01-01-preview",
        "properties.minimumTlsVersion": "2022-01-01-preview",
        "properties.publicNetworkAccess": "2022-01-01-preview",
        "properties.premiumMessagingPartitions": "2022-10-01-preview",
        "properties.geoDataReplication": REPLICATED_SINCE,
    }

    def fill(self, write: Write) -> None:
        """Units of Premium."""
        super().fill(write)
        sku, mine = write.body["sku"], write.body["properties"]
        if sku["tier"] == "Premium":
            if sku.setdefault("capacity", write.old("sku.capacity", 1)) not in (1, 2, 4, 8, 16):
                bad("The capacity of a Premium namespace has to be 1, 2, 4, 8 or 16 messaging units.")
            mine.setdefault("premiumMessagingPartitions", write.old("properties.premiumMessagingPartitions", 1))
        else:
            sku.pop("capacity", None)
            mine["premiumMessagingPartitions"] = 0


class NamespaceRules(AuthorizationRules):
    """Keys for everything in a namespace."""

    type = f"{NAMESPACE}/authorizationRules"


class RuleSets(NetworkRuleSets):
    """Only Premium is closed to the network."""

    type = f"{NAMESPACE}/networkRuleSets"


class Configurations(Pairings):
    """Only Premium can be paired."""

    type = f"{NAMESPACE}/disasterRecoveryConfigs"


class ConfigurationRules(PairingRules):
    """Rules seen through an alias."""

    type = f"{NAMESPACE}/disasterRecoveryConfigs/authorizationRules"


class Connections(EndpointConnections):
    """Private endpoints that stand for the namespace."""

    type = f"{NAMESPACE}/privateEndpointConnections"
    deletes = Announce(202, headers=("azure-asyncoperation",), body=False)
    operation_body = "named"

    @classmethod
    def name_of(cls, owner: Resource, endpoint: str, holder: str) -> str:
        """A GUID alone."""
        return super().name_of(owner, endpoint, holder).rpartition(".")[2]

    @classmethod
    def shape(cls, reader: Reader, owner: Resource, name: str, endpoint: str, holder: str, state: Body) -> Body:
        """With the location of the namespace."""
        shown = super().shape(reader, owner, name, endpoint, holder, state)
        shown["properties"]["privateLinkServiceConnectionState"].pop("actionsRequired", None)
        return {**shown, "location": owner.location}


def link_resources(call: Call) -> Body:
    """What private endpoints can stand for: the namespace."""
    namespace = namespace_of(call, call.path())
    return {
        "value": [
            {
                "id": f"{namespace.id}/privateLinkResources/namespace",
                "name": "namespace",
                "type": f"{namespace.body['type']}/privateLinkResources",
                "properties": {
                    "groupId": "namespace",
                    "requiredMembers": ["namespace"],
                    "requiredZoneNames": ["privatelink.servicebus.windows.net"],
                },
            }
        ]
    }


def endpoints(service: str) -> list[Endpoint]:
    """The requests that both services have beside their types."""
    root = f"/subscriptions/{{subscription}}/providers/{service}"
    one = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{service}/namespaces/{{space}}"
    pair = f"{one}/disasterRecoveryConfigs"
    return [
        Endpoint("POST", f"{root}/checkNameAvailability", check_name),
        Endpoint("POST", f"{pair}/{{alias}}/authorizationRules/{{rule}}/listKeys", alias_keys),
        Endpoint("GET", f"{one}/privateLinkResources", link_resources),
    ]


ENDPOINTS = endpoints("Microsoft.ServiceBus")
