"""Query packs, and dedicated clusters for workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.insights.base import new_etag
from azlabs.simulator.providers.operational_insights.contents import Inside
from azlabs.simulator.providers.operational_insights.workspaces import PATHS
from azlabs.simulator.resource_manager import reads
from azlabs.simulator.resource_manager.resource_type import (
    Announce,
    InUse,
    ResourceType,
)

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write


class QueryPacks(ResourceType):
    """A set of queries to share."""

    type = "Microsoft.OperationalInsights/queryPacks"
    defaults = {"tags": {}, "kind": None}
    guid = "properties.queryPackId"

    def fill(self, write: Write) -> None:
        """When it was made and changed."""
        write.body["etag"] = new_etag()
        write.put("properties.timeCreated", write.old("properties.timeCreated") or stamp(write.now))
        write.put("properties.timeModified", stamp(write.now))


class Queries(Inside):
    """A query of a pack."""

    type = "Microsoft.OperationalInsights/queryPacks/queries"
    system_data = True
    members_since = {f"properties.{name}": "2023-09-01" for name in ("author", "timeCreated", "timeModified")}
    required = ("properties.displayName", "properties.body")

    def handle(self, call: Call) -> Answer | None:
        """`queries/search` is no query but a search for some."""
        if call.method != "POST" or call.name.lower() != "search":
            return None
        reads.missing_above(call, self)
        return json_answer(search_queries(call))

    def fill(self, write: Write) -> None:
        """When it was made, changed, and by whom."""
        mine = write.body["properties"]
        write.body["etag"] = new_etag()
        mine |= {"id": write.name, "author": write.principal.object_id, "timeModified": stamp(write.now)}
        mine["timeCreated"] = write.old("properties.timeCreated") or stamp(write.now)


class Clusters(ResourceType):
    """A dedicated cluster for workspaces."""

    type = "Microsoft.OperationalInsights/clusters"
    members = frozenset({"sku", "identity"})
    defaults = {
        "tags": {},
        "properties": {
            "billingType": "Cluster", "isDoubleEncryptionEnabled": True, "isAvailabilityZonesEnabled": True,
            "capacityReservationProperties": {"minCapacity": 100}, "associatedWorkspaces": [],
        },
    }  # fmt: skip
    required = ("sku.capacity",)
    read_only = ("properties.clusterId", "properties.createdDate", "properties.lastModifiedDate")
    creates = Announce(202, "ProvisioningAccount", headers=("azure-asyncoperation", "location"), body=False, polls=1)
    operation_paths = PATHS
    guid = "properties.clusterId"
    in_use = InUse("ClusterInUse", "The cluster {name} is linked to the workspace {user}.", 409)

    def fill(self, write: Write) -> None:
        """Dates, as this service writes them."""
        from email.utils import formatdate

        now = formatdate(write.now, usegmt=True)
        write.put("properties.createdDate", write.old("properties.createdDate") or now)
        write.put("properties.lastModifiedDate", now)
        write.put("properties.capacityReservationProperties.lastSkuUpdate", now)

    def validate(self, write: Write) -> None:
        """Capacities come in steps."""
        if write.get("sku.capacity") not in (100, 200, 300, 400, 500, 1000, 2000, 5000, 10000, 25000, 50000):
            write.refuse(
                "InvalidParameter", f"The capacity '{write.get('sku.capacity')}' of the cluster is not offered."
            )


def search_queries(call: Call) -> dict[str, Any]:
    """The queries of a pack that have any of the categories, solutions, resource types and tags that are asked for."""
    asked, found = call.json(), []
    for row in call.store.at_scope(call.key.rpartition("/queries/")[0], Queries.key):
        mine = row.body["properties"]
        pairs = [
            ((mine.get("related") or {}).get(name) or [], words) for name, words in (asked.get("related") or {}).items()
        ]
        pairs += [
            ((mine.get("tags") or {}).get(name) or [], words) for name, words in (asked.get("tags") or {}).items()
        ]
        if all(set(map(str, words)) & set(map(str, have)) for have, words in pairs if words):
            found.append(row.body)
    return {"value": found, "nextLink": None}
