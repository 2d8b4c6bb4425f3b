"""Microsoft.OperationalInsights: workspaces and what is in them, query packs, clusters."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.providers.insights.base import each, new_etag
from azlabs.simulator.resource_manager import deletes, reads
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import (
    Announce,
    Body,
    Endpoint,
    InUse,
    NameRule,
    Reference,
    ResourceType,
    action,
)

if TYPE_CHECKING:
    from azlabs.simulator.records import Deleted, Resource
    from azlabs.simulator.resource_manager.calls import Call, Write

WORKSPACE = "Microsoft.OperationalInsights/workspaces"
SKUS = ("Free", "Standard", "Premium", "PerNode", "PerGB2018", "Standalone", "CapacityReservation", "LACluster")
RETENTION = (30, 730)
KEPT_DAYS = 14
PATHS = ("operationStatuses", "operationResults")


def _next_reset(now: float) -> str:
    """The daily cap starts again at a full hour."""
    return stamp((int(now) // 3600 + 1) * 3600).partition(".")[0] + "Z"


def _new_keys() -> list[str]:
    return [base64.b64encode(secrets.token_bytes(64)).decode() for _ in range(2)]


def _shown_keys(call: Call) -> Body:
    row = call.store.get(call.key)
    first, second = row.hidden["keys"] if row is not None else ("", "")
    return {"primarySharedKey": first, "secondarySharedKey": second}


class Workspaces(ResourceType):
    """A place for logs."""

    type = WORKSPACE
    name_rule = NameRule(
        r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
        "InvalidResourceName",
        "The workspace name '{name}' is invalid. It has to be 4 to 63 letters, digits and hyphens, and to begin and end with a "
        "letter or digit.",
    )
    members = frozenset({"identity"})
    defaults = {
        "properties": {
            "sku": {"name": "PerGB2018"}, "retentionInDays": 30,
            "features": {"legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": True},
            "workspaceCapping": {"dailyQuotaGb": -1.0},
            "publicNetworkAccessForIngestion": "Enabled", "publicNetworkAccessForQuery": "Enabled",
        }
    }  # fmt: skip
    choices = {
        "properties.sku.name": SKUS,
        "properties.publicNetworkAccessForIngestion": ("Enabled", "Disabled", "SecuredByPerimeter"),
        "properties.publicNetworkAccessForQuery": ("Enabled", "Disabled", "SecuredByPerimeter"),
    }
    choices_code = ("InvalidParameter", "The value '{value}' of '{path}' is not one of {allowed}.")
    read_only = ("properties.customerId", "properties.createdDate", "properties.modifiedDate", "properties.source")
    creates = Announce(201, "Creating", headers=("azure-asyncoperation",))
    updates = patched = Announce(200, "Updating", headers=("azure-asyncoperation", "location"))
    deletes = Announce(200, body=False)
    soft_delete_days = KEPT_DAYS
    operation_paths = PATHS

    def fill(self, write: Write) -> None:
        """Ids, dates and the state of the daily cap."""
        mine, now = write.body["properties"], stamp(write.now)
        write.body["etag"] = new_etag()
        mine["customerId"] = write.old("properties.customerId") or write.guid()
        same = str(write.old("properties.sku.name", "")).lower() == str(mine["sku"]["name"]).lower()
        mine["sku"]["lastSkuUpdate"] = write.old("properties.sku.lastSkuUpdate") if same else now
        mine["workspaceCapping"] |= {
            "quotaNextResetTime": _next_reset(write.now),
            "dataIngestionStatus": "RespectQuota",
        }
        mine["createdDate"] = write.old("properties.createdDate") or now
        mine["modifiedDate"] = now
        write.hidden.setdefault("keys", _new_keys())

    def validate(self, write: Write) -> None:
        """How long data may be kept."""
        mine = write.body["properties"]
        days = mine["retentionInDays"]
        shortest = 7 if mine["sku"]["name"] == "Free" else RETENTION[0]
        if isinstance(days, bool) or not isinstance(days, int) or not shortest <= days <= RETENTION[1]:
            write.refuse("InvalidParameter", f"'retentionInDays' has to be between {shortest} and {RETENTION[1]} days.")

    def buried(self, call: Call, deleted: Deleted) -> None:
        """A workspace of the same name, group and region comes back with its data; elsewhere the name is free."""
        if deleted.key != call.key:
            return
        if "".join(str(call.json().get("location", "")).split()).lower() != deleted.location:
            refuse(
                "Conflict",
                f"The workspace '{call.name}' was deleted in '{deleted.location}' and has to be recovered there.",
                status=409,
            )
        deletes.recover(call, deleted)

    def deleting(self, write: Write) -> None:
        """`force` leaves nothing to recover."""
        if write.call.query.get("force", "").lower() == "true" and write.resource is not None:
            write.resource.hidden_text = dumps({**write.hidden, "forced": True})

    def kept_days(self, row: Resource) -> float:
        return 0.0 if row.hidden.get("forced") else KEPT_DAYS

    @action("sharedKeys")
    def shared_keys(self, call: Call, _body: Body) -> Body:
        """The two keys with which agents send data."""
        return _shown_keys(call)

    @action("regenerateSharedKey")
    def regenerate(self, call: Call, _body: Body) -> Body:
        """Two new keys."""
        row = call.store.get(call.key)
        if row is not None:
            row.hidden_text = dumps({**row.hidden, "keys": _new_keys()})
            call.store.update(row)
        return _shown_keys(call)

    @action("usages", method="GET")
    def usages(self, call: Call, _body: Body) -> Body:
        """Nothing was analyzed today."""
        name = {"value": "DataAnalyzed", "localizedValue": "Data Analyzed"}
        usage = {
            "name": name,
            "unit": "Bytes",
            "currentValue": 0.0,
            "limit": -1.0,
            "nextResetTime": _next_reset(call.now),
            "quotaPeriod": "P1D",
        }
        return {"value": [usage]}

    @action("managementGroups", method="GET")
    def management_groups(self, _call: Call, _body: Body) -> Body:
        """Operations Manager groups: none are connected."""
        return {"value": []}

    @action("availableServiceTiers", method="GET")
    def tiers(self, _call: Call, body: Body) -> Answer:
        """What the workspace could be billed as."""
        limits = {"enabled": True, "minimumRetention": 30, "maximumRetention": 730}
        shown = [
            {"serviceTier": "PerGB2018", **limits, "defaultRetention": 30},
            {
                "serviceTier": "CapacityReservation", **limits, "defaultRetention": 31,
                "lastSkuUpdate": body["properties"]["sku"]["lastSkuUpdate"],
            },
        ]  # fmt: skip
        return Answer(200, {"Content-Type": "application/json; charset=utf-8"}, dumps(shown).encode())


class _Inside(ResourceType):
    """Something inside a workspace."""

    located = tagged = False
    state: ClassVar[str | None] = None
    creates = Announce(200)


class Tables(_Inside):
    """A table of a workspace; only custom ones can be made, those of the service are not modelled."""

    type = f"{WORKSPACE}/tables"
    state = "properties.provisioningState"
    shows_type = False
    defaults = {"properties": {"plan": "Analytics"}}
    choices = {"properties.plan": ("Analytics", "Basic", "Auxiliary")}
    creates = updates = patched = Announce(202, "Updating", headers=("azure-asyncoperation", "location"), body=False)
    deletes = Announce(202, headers=("azure-asyncoperation", "location"), body=False)
    operation_paths = PATHS

    def fill(self, write: Write) -> None:
        """Columns in full, and how long rows stay where the request does not say."""
        if not write.name.endswith("_CL"):
            raise not_modelled(f"the table {write.name} of Log Analytics workspaces")
        mine = write.body["properties"]
        workspace = write.find(write.key.rpartition("/tables/")[0]) or {}
        usual = (workspace.get("properties") or {}).get("retentionInDays", RETENTION[0])
        mine["retentionInDaysAsDefault"] = mine.get("retentionInDays") in (None, -1)
        mine["totalRetentionInDaysAsDefault"] = mine.get("totalRetentionInDays") in (None, -1)
        if mine["retentionInDaysAsDefault"]:
            mine["retentionInDays"] = usual
        if mine["totalRetentionInDaysAsDefault"]:
            mine["totalRetentionInDays"] = mine["retentionInDays"]
        mine["archiveRetentionInDays"] = mine["totalRetentionInDays"] - mine["retentionInDays"]
        mine["lastPlanModifiedDate"] = write.old("properties.lastPlanModifiedDate") or stamp(write.now)
        hidden = {"isDefaultDisplay": False, "isHidden": False}
        given = mine.get("schema") or write.old("properties.schema") or {}
        mine["schema"] = {
            "tableSubType": "DataCollectionRuleBased", "tableType": "CustomLog",
            "standardColumns": [{"name": "TenantId", "type": "guid", **hidden}], "solutions": ["LogManagement"],
            "isTroubleshootingAllowed": True, **given, "columns": [{**hidden, **one} for one in each(given.get("columns"))],
        }  # fmt: skip

    def validate(self, write: Write) -> None:
        """Every table has the time at which rows were made; rows are kept 4 days to 12 years."""
        mine = write.body["properties"]
        names = {str(one.get("name")) for one in mine["schema"]["columns"]}
        if "TimeGenerated" not in names:
            write.refuse(
                "InvalidParameter", f"The table '{write.name}' needs the column TimeGenerated of the type datetime."
            )
        if mine["schema"].get("name", write.name) != write.name:
            write.refuse("InvalidParameter", "The name of the schema has to be the name of the table.")
        if (
            not 4 <= mine["retentionInDays"] <= RETENTION[1]
            or not mine["retentionInDays"] <= mine["totalRetentionInDays"] <= 4383
        ):
            write.refuse("InvalidParameter", "The retention of the table is out of range.")


class DataSources(_Inside):
    """What agents collect for a workspace."""

    type = f"{WORKSPACE}/dataSources"
    tagged = True
    members = frozenset({"kind"})
    required = ("kind",)

    def fill(self, write: Write) -> None:
        write.body["etag"] = f"W/\"datetime'{stamp(write.now).replace(':', '%3A')}'\""

    def handle(self, call: Call) -> Answer | None:
        """A list is of one kind."""
        if call.method != "GET" or len(call.route.names) != 1:
            return None
        reads.missing_above(call, self)
        kind = call.query.get("$filter", "").lower().partition(" eq ")[2].strip("' ")
        found = [row.body for row in call.store.at_scope(call.key, self.key)]
        return json_answer(
            {"__metadata": None, "value": [one for one in found if not kind or str(one["kind"]).lower() == kind]}
        )


class SavedSearches(_Inside):
    """A query that is kept, or a function."""

    type = f"{WORKSPACE}/savedSearches"
    defaults = {"properties": {"version": 2}}
    required = ("properties.category", "properties.displayName", "properties.query")

    def fill(self, write: Write) -> None:
        write.body["etag"] = f"W/\"datetime'{stamp(write.now).replace(':', '%3A')}'\""


class LinkedServices(_Inside):
    """A cluster or an automation account that belongs to a workspace."""

    type = f"{WORKSPACE}/linkedServices"
    state = "properties.provisioningState"
    tagged = True
    references = tuple(
        Reference(f"properties.{name}", code="InvalidParameter", message="The linked resource '{id}' was not found.")
        for name in ("resourceId", "writeAccessResourceId")
    )

    def validate(self, write: Write) -> None:
        """One of the two has to be named."""
        if not write.get("properties.resourceId") and not write.get("properties.writeAccessResourceId"):
            write.refuse("InvalidParameter", "A linked service needs a resourceId or a writeAccessResourceId.")


class LinkedStorageAccounts(_Inside):
    """Storage accounts of one's own for data of one kind; the kind is the name."""

    type = f"{WORKSPACE}/linkedStorageAccounts"
    references = (
        Reference(
            "properties.storageAccountIds[*]", "Microsoft.Storage/storageAccounts", "InvalidParameter",
            "The storage account '{id}' was not found.",
        ),
    )  # fmt: skip

    def fill(self, write: Write) -> None:
        write.put("properties.dataSourceType", write.name)


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


class Queries(_Inside):
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
    creates = Announce(202, "ProvisioningAccount", headers=("azure-asyncoperation", "location"), body=False)
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


def deleted_workspaces(call: Call) -> dict[str, Any]:
    """The workspaces of a subscription or group that can be recovered."""
    scope = call.path().lower().partition("/providers/")[0] + "/"
    found = [json.loads(one.text) for one in call.store.buried(Workspaces.key, call.now) if one.key.startswith(scope)]
    return {"value": found}


ENDPOINTS = [
    Endpoint(
        "GET",
        f"/subscriptions/{{subscription}}{group}/providers/Microsoft.OperationalInsights/deletedWorkspaces",
        deleted_workspaces,
    )
    for group in ("", "/resourceGroups/{group}")
]
