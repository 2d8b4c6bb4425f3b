"""Namespaces of Event Hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.messaging.base import Body, Child, bad, namespace_of
from azlabs.simulator.providers.messaging.keys import AuthorizationRules
from azlabs.simulator.providers.messaging.namespaces import Namespace
from azlabs.simulator.providers.messaging.network_rules import NetworkRuleSets
from azlabs.simulator.providers.messaging.pairing import PairingRules, Pairings
from azlabs.simulator.providers.service_bus import namespaces as service_bus
from azlabs.simulator.resource_manager.locations import normalized, regions
from azlabs.simulator.resource_manager.resource_type import Announce, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write

NAMESPACE = "Microsoft.EventHub/namespaces"
MOST_UNITS = 40
FAILOVER = Announce(202, headers=("azure-asyncoperation",), body=False)


class Namespaces(Namespace):
    """Units of throughput, that may grow by themselves in the Standard tier."""

    type = NAMESPACE
    silent = frozenset({"2023-01-01-preview", "2024-05-01-preview"})
    updates = Announce(200, "Updating")
    defaults = {
        "sku": {"name": "Standard", "capacity": 1},
        "properties": {
            "minimumTlsVersion": "1.2",
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": False,
            "isAutoInflateEnabled": False,
            "maximumThroughputUnits": 0,
        },
    }
    choices = {
        "sku.name": ("Basic", "Standard", "Premium"),
        "sku.tier": ("Basic", "Standard", "Premium"),
        "properties.minimumTlsVersion": ("1.0", "1.1", "1.2"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
    }
    references = (
        Reference(
            "properties.clusterArmId",
            "Microsoft.EventHub/clusters",
            "BadRequest",
            "The cluster '{id}' of namespace {source} was not found.",
        ),
    )
    members_since = {
        "properties.disableLocalAuth": "2018-01-01-preview",
        "properties.zoneRedundant": "2018-01-01-preview",
        "properties.minimumTlsVersion": "2018-01-01-preview",
        "properties.publicNetworkAccess": "2018-01-01-preview",
        "properties.geoDataReplication": "2024-01-01",
    }

    def fill(self, write: Write) -> None:
        """Units and how far they grow; Premium is spread over zones where there are any."""
        if write.get("sku.name", "").lower() == "premium":
            zones = bool(regions().get(write.location, {}).get("zones"))
            write.body["properties"].setdefault("zoneRedundant", zones)
        super().fill(write)
        sku, mine = write.body["sku"], write.body["properties"]
        mine["kafkaEnabled"] = sku["tier"] != "Basic"
        if type(sku["capacity"]) is not int or not 0 <= sku["capacity"] <= MOST_UNITS:
            bad(f"The capacity of a namespace has to be between 1 and {MOST_UNITS} units.")
        if mine["isAutoInflateEnabled"]:
            if sku["tier"] != "Standard":
                bad("Auto-inflate is supported in Standard namespaces only.")
            if not sku["capacity"] <= mine["maximumThroughputUnits"] <= MOST_UNITS:
                bad(
                    f"The maximumThroughputUnits have to be between the capacity and {MOST_UNITS} when auto-inflate is enabled."
                )
        elif mine["maximumThroughputUnits"]:
            bad("The maximumThroughputUnits can only be set when auto-inflate is enabled.")

    @action("failover", announce=FAILOVER)
    def failover(self, call: Call, body: Body) -> None:
        """Another location of the namespace's own becomes the primary one."""
        asked = call.json().get("properties") or call.json()
        place = normalized(str(asked.get("primaryLocation", "")))
        row = call.store.get(body["id"].lower())
        if row is None:
            return
        document = row.copy()
        places = document["properties"]["geoDataReplication"]["locations"]
        if place not in [one["locationName"] for one in places]:
            bad(f"The location '{place}' is not one of the namespace's locations.")
        for one in places:
            one["roleType"] = "Primary" if one["locationName"] == place else "Secondary"
        row.body = document
        call.store.update(row)


class NamespaceRules(AuthorizationRules):
    """Keys for everything in a namespace."""

    type = f"{NAMESPACE}/authorizationRules"


class RuleSets(NetworkRuleSets):
    """Standard and Premium can be closed to the network."""

    type = f"{NAMESPACE}/networkRuleSets"
    tiers = ("Standard", "Premium")


class Configurations(Pairings):
    """Standard and Premium can be paired."""

    type = f"{NAMESPACE}/disasterRecoveryConfigs"
    tiers = ("Standard", "Premium")


class ConfigurationRules(PairingRules):
    """Rules seen through an alias."""

    type = f"{NAMESPACE}/disasterRecoveryConfigs/authorizationRules"


class Connections(service_bus.Connections):
    """Private endpoints that stand for the namespace."""

    type = f"{NAMESPACE}/privateEndpointConnections"


class SchemaGroups(Child):
    """Schemas of one kind, with a rule for how they may change."""

    type = f"{NAMESPACE}/schemagroups"
    etag = True
    defaults = {"properties": {"schemaCompatibility": "None", "groupProperties": {}}}
    choices = {
        "properties.schemaCompatibility": ("None", "Backward", "Forward"),
        "properties.schemaType": ("Avro", "Json", "ProtoBuf"),
    }
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    required = ("properties.schemaType",)
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")

    def fill(self, write: Write) -> None:
        """Not in Basic namespaces; fixed once it is made."""
        super().fill(write)
        if namespace_of(write, write.key).body["sku"]["tier"] == "Basic":
            bad("Schema groups are not supported in Basic namespaces.")
        for member in ("schemaType", "schemaCompatibility"):
            if write.before is not None and write.old(f"properties.{member}") != write.get(f"properties.{member}"):
                bad(f"The {member} of a schema group cannot be changed.")
        mine = write.body["properties"]
        mine["createdAtUtc"] = write.old("properties.createdAtUtc") or stamp(write.now)
        mine["updatedAtUtc"] = stamp(write.now)


ENDPOINTS = service_bus.endpoints("Microsoft.EventHub")
