"""Clusters of Azure Cosmos DB for MongoDB (vCore): machines with a MongoDB of their own, and who may reach them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from azlabs.simulator.providers.document_db.base import BOTH, Body, bad
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, ResourceType, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

CLUSTER = "Microsoft.DocumentDB/mongoClusters"
TIERS = ("Free", "M10", "M20", "M25", "M30", "M40", "M50", "M60", "M80", "M200")
SIZES = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
"""Gigabytes of storage of a shard."""
PATHS = ("mongoClusterAzureAsyncOperation", "mongoClusterOperationResults")
SINCE = ("2026-03-15", "2024-07-01")
"""Versions in which a cluster is described by tiers; the earlier ones had groups of nodes."""


class MongoClusters(ResourceType):
    """A cluster with its administrator."""

    type = CLUSTER
    api_versions = SINCE
    name_rule = NameRule(
        "[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])",
        "BadRequest",
        "The cluster name '{name}' is not valid: 3 to 40 lower-case letters, digits, hyphens.",
    )
    members = frozenset({"identity"})
    system_data = True
    defaults = {
        "tags": {},
        "properties": {
            "publicNetworkAccess": "Enabled",
            "highAvailability": {"targetMode": "Disabled"},
            "sharding": {"shardCount": 1},
            "backup": {},
            "privateEndpointConnections": [],
        },
    }
    choices = {
        "properties.publicNetworkAccess": ("Enabled", "Disabled"),
        "properties.highAvailability.targetMode": ("Disabled", "SameZone", "ZoneRedundantPreferred"),
        "properties.compute.tier": TIERS,
        "properties.serverVersion": ("5.0", "6.0", "7.0", "8.0"),
    }
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    required = ("properties.compute.tier", "properties.storage.sizeGb", "properties.administrator.userName")
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")
    secret = ("properties.administrator.password",)
    read_only = (
        "properties.clusterStatus",
        "properties.connectionString",
        "properties.replica",
        "properties.infrastructureVersion",
    )
    creates = Announce(201, "InProgress", headers=BOTH, polls=1)
    updates = patched = Announce(200, "InProgress", headers=BOTH)
    deletes = Announce(202, headers=BOTH, body=False)
    operation_paths = PATHS
    operation_body = "open"

    def fill(self, write: Write) -> None:
        """Storage, shards, the administrator, how to connect."""
        mine = write.body["properties"]
        if "properties" not in write.hidden:
            bad("The password of the administrator is required.")
        if mine["storage"].get("sizeGb") not in SIZES:
            bad(f"The storage size {mine['storage'].get('sizeGb')} is not one of {', '.join(map(str, SIZES))}.")
        small = mine["compute"]["tier"] in ("Free", "M10", "M20", "M25")
        if small and mine["highAvailability"]["targetMode"] != "Disabled":
            bad(f"High availability is not supported in the tier {mine['compute']['tier']}.")
        count = mine["sharding"]["shardCount"]
        if type(count) is not int or count < 1 or (small and count > 1):
            bad(f"The shardCount {count} is not supported in the tier {mine['compute']['tier']}.")
        if write.old("properties.sharding.shardCount", count) > count:
            bad("The shardCount of a cluster cannot be lowered.")
        if write.old("properties.storage.sizeGb", 0) > mine["storage"]["sizeGb"]:
            bad("The storage of a cluster cannot be made smaller.")
        mine.setdefault("serverVersion", write.old("properties.serverVersion", "7.0"))
        mine["clusterStatus"], mine["infrastructureVersion"] = "Ready", "2.0"
        mine["replica"] = {"role": "Primary", "replicationState": "Active"}
        mine["connectionString"] = (
            f"mongodb+srv://<user>:<password>@{write.name}.global.mongocluster.cosmos.azure.com/?tls=true"
            "&authMechanism=SCRAM-SHA-256&retrywrites=false&maxIdleTimeMS=120000"
        )

    def accepted(self, write: Write, shown: Body) -> None:
        """A new cluster is being made."""
        if write.before is None:
            mine = shown["properties"]
            mine["clusterStatus"], mine["replica"] = "Provisioning", {"role": "Primary"}
            del mine["connectionString"]

    @action("listConnectionStrings")
    def list_connection_strings(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """How programs connect."""
        return {
            "connectionStrings": [
                {"connectionString": body["properties"]["connectionString"], "name": "Self", "description": "default"}
            ]
        }


class FirewallRules(ResourceType):
    """Addresses that reach a cluster from the internet."""

    type = f"{CLUSTER}/firewallRules"
    api_versions = SINCE
    located = tagged = False
    methods = frozenset({"GET", "PUT", "DELETE"})
    required = ("properties.startIpAddress", "properties.endIpAddress")
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")
    creates = updates = Announce(202, headers=BOTH, body="{}")
    deletes = Announce(202, headers=BOTH, body=False)
    operation_paths = PATHS
    operation_body = "open"

    def fill(self, write: Write) -> None:
        """A range of IPv4 addresses, from the lower to the higher one."""
        ends = [write.get(f"properties.{member}") for member in ("startIpAddress", "endIpAddress")]
        try:
            start, end = (ipaddress.IPv4Address(str(one)) for one in ends)
        except ValueError:
            bad(f"The range {ends[0]} - {ends[1]} is no range of IPv4 addresses.")
        if start > end:
            bad("The startIpAddress has to be lower than the endIpAddress, or the same.")

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """Nobody is named as the author of a rule."""
        body["systemData"] = {}
        return body
