"""Namespaces: what holds queues, topics or event hubs under a name that is unique in the world."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.providers.messaging import keys, network_rules
from azlabs.simulator.providers.messaging.base import BOTH, Body, bad
from azlabs.simulator.resource_manager import registry
from azlabs.simulator.resource_manager.locations import normalized, regions
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

NAME = r"(?=.{6,50}\Z)[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])(?<!-sb)(?<!-mgmt)"
OTHERS = ("microsoft.servicebus/namespaces", "microsoft.eventhub/namespaces")
"""Namespaces of both services share one zone of names."""
REPLICATED_SINCE = "2023-01-01-preview"


class Namespace(ResourceType):
    """A namespace of either service."""

    name_rule = NameRule(NAME, "BadRequest", "The specified service namespace is invalid: '{name}'.")
    members = frozenset({"sku", "identity"})
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    not_found = ("NamespaceNotFound", "Namespace '{name}' not found")
    creates = Announce(201, "Creating", headers=BOTH)
    deletes = Announce(202, headers=BOTH, body=False, polls=1)
    operation_paths = ("operationStatus", "namespaceOperationResults")
    operation_body = "named"
    operation_waiting = ("Running",)
    silent: ClassVar[frozenset[str]] = frozenset()
    """Versions that announce a creation by the document's state alone."""
    old_state: ClassVar[str] = "2017-04-01"
    """The version that answers 200 and `Created`."""

    def fill(self, write: Write) -> None:
        """Name, tier, endpoint, replication."""
        if write.before is None:
            for other in named(write, write.name):
                if other.key != write.key:
                    bad(f"The specified service namespace is invalid: the name '{write.name}' is not available.")
            write.body["tags"] = write.body.get("tags") or {}
        sku = write.body["sku"]
        sku["tier"] = sku["name"]
        old = write.old("sku.tier")
        if old is not None and "Premium" in (old, sku["tier"]) and old != sku["tier"]:
            bad(f"The tier of a namespace cannot be changed from {old} to {sku['tier']}.")
        mine = write.body["properties"]
        mine.setdefault("zoneRedundant", write.old("properties.zoneRedundant", False))
        mine["metricId"] = f"{write.subscription}:{write.name}"
        mine["serviceBusEndpoint"] = f"https://{write.name}.servicebus.windows.net:443/"
        mine["status"] = "Active"
        mine["createdAt"] = write.old("properties.createdAt") or stamp(write.now)
        mine["updatedAt"] = stamp(write.now)
        self._replication(write, mine)

    def _replication(self, write: Write, mine: Body) -> None:
        """Where the namespace's data are: its own region first."""
        asked = mine.get("geoDataReplication") or write.old("properties.geoDataReplication") or {}
        places = asked.get("locations") or [{"locationName": write.location, "roleType": "Primary"}]
        for place in places:
            place["locationName"] = normalized(str(place.get("locationName", "")))
            if place["locationName"] not in regions():
                bad(f"The location '{place['locationName']}' of the replication is not a region.")
            place.setdefault("roleType", "Secondary")
            place["replicaState"] = "Ready"
        if [place["roleType"] for place in places].count("Primary") != 1:
            bad("The replication of a namespace has to have exactly one primary location.")
        mine["geoDataReplication"] = {
            "maxReplicationLagDurationInSeconds": asked.get("maxReplicationLagDurationInSeconds", 0),
            "locations": places,
        }

    def written(self, write: Write) -> None:
        """A new namespace has a key for everything and lets everybody in."""
        row = write.resource
        if write.before is None and row is not None:
            keys.make_root(write, row, f"{self.type}/authorizationRules")
            network_rules.make_default(write, row, f"{self.type}/networkRuleSets")

    def announced(self, write: Write, announce: Announce) -> Announce:
        """Old versions say less."""
        if write.before is None and write.api_version == self.old_state:
            return Announce(200, "Created")
        if write.api_version in self.silent:
            return replace(announce, headers=())
        return announce

    def accepted(self, write: Write, shown: Body) -> None:
        """The status goes along with the state of the work."""
        state = shown["properties"]["provisioningState"]
        shown["properties"]["status"] = "Activating" if state == "Created" else state
        replication = shown["properties"].get("geoDataReplication") if write.before is None else None
        for place in (replication or {}).get("locations") or ():
            place["replicaState"] = "InBuild"

    def shown(self, body: Body, reader: Reader) -> Body:
        """With the private endpoints that name it."""
        connections = registry.find(f"{self.key}/privateendpointconnections")
        found = connections.of(reader, body["id"].lower()) if isinstance(connections, EndpointConnections) else []
        if found:
            body["properties"]["privateEndpointConnections"] = found
        return body


def named(reader: Reader, name: str) -> list[Resource]:
    """The namespaces of both services with a name (one at most)."""
    marks = ",".join("?" * len(OTHERS))
    return reader.store.select(f"type IN ({marks}) AND key LIKE ?", (*OTHERS, f"%/namespaces/{name.lower()}"))


def check_name(call: Call) -> Body:
    """Is the name of a namespace free in the world?"""
    name = call.json().get("name")
    if not isinstance(name, str) or not name:
        bad("The name of the namespace is required.")
    if re.fullmatch(NAME, name) is None:
        message = "The specified name is not valid. The namespace can contain only letters, numbers and hyphens, begins with a letter."
        return {"nameAvailable": False, "reason": "InvalidName", "message": message}
    if named(call, name):
        return {"nameAvailable": False, "reason": "NameInUse", "message": f"Namespace {name} is already in use."}
    return {"nameAvailable": True, "reason": "None", "message": "Namespace name available"}
