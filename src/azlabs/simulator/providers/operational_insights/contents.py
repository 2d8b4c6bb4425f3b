"""What is in a workspace: tables, data sources, saved searches, what is linked to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.insights.base import each
from azlabs.simulator.providers.operational_insights.workspaces import PATHS, RETENTION, WORKSPACE
from azlabs.simulator.resource_manager import reads
from azlabs.simulator.resource_manager.errors import not_modelled
from azlabs.simulator.resource_manager.resource_type import (
    Announce,
    Reference,
    ResourceType,
)

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write


class Inside(ResourceType):
    """Something inside a workspace."""

    located = tagged = False
    state: ClassVar[str | None] = None
    creates = Announce(200)


class Tables(Inside):
    """A table of a workspace; only custom ones can be made, those of the service are not modelled."""

    type = f"{WORKSPACE}/tables"
    state = "properties.provisioningState"
    shows_type = False
    defaults = {"properties": {"plan": "Analytics"}}
    choices = {"properties.plan": ("Analytics", "Basic", "Auxiliary")}
    creates = updates = patched = Announce(
        202, "Updating", headers=("azure-asyncoperation", "location"), body=False, polls=1
    )
    deletes = Announce(202, headers=("azure-asyncoperation", "location"), body=False)
    operation_paths = PATHS
    operation_waiting = ("Updating",)

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


class DataSources(Inside):
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


class SavedSearches(Inside):
    """A query that is kept, or a function."""

    type = f"{WORKSPACE}/savedSearches"
    defaults = {"properties": {"version": 2}}
    required = ("properties.category", "properties.displayName", "properties.query")

    def fill(self, write: Write) -> None:
        write.body["etag"] = f"W/\"datetime'{stamp(write.now).replace(':', '%3A')}'\""


class LinkedServices(Inside):
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


class LinkedStorageAccounts(Inside):
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
