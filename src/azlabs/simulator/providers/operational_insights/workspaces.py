"""Workspaces: places for logs; deleted ones come back by their name."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.providers.insights.base import new_etag
from azlabs.simulator.resource_manager import deletes
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import (
    Announce,
    Body,
    Endpoint,
    NameRule,
    ResourceType,
    action,
)

if TYPE_CHECKING:
    from azlabs.simulator.records import Deleted, Resource
    from azlabs.simulator.resource_manager.calls import Call, Write

WORKSPACE = "Microsoft.OperationalInsights/workspaces"
SKUS = ("Free", "Standard", "Premium", "PerNode", "PerGB2018", "Standalone", "CapacityReservation", "LACluster")
REPLACED = ("Standalone", "PerNode", "Standard", "Premium")
RETENTION, FREE_DAYS = (30, 730), 7
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
            "features": {"enableLogAccessUsingOnlyResourcePermissions": True},
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
        """Ids, dates and the state of the daily cap; tiers of old are billed by volume now."""
        mine, now = write.body["properties"], stamp(write.now)
        if mine["sku"]["name"] in REPLACED:
            mine["sku"]["name"] = "PerGB2018"
        if mine["sku"]["name"] == "Free":
            mine["retentionInDays"] = FREE_DAYS
        mine.pop("portalUrl", None)
        write.body["etag"] = new_etag()
        mine["customerId"] = write.old("properties.customerId") or write.guid()
        mine["features"] |= {"legacy": 0, "searchVersion": 1}
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
        shortest = FREE_DAYS if mine["sku"]["name"] == "Free" else RETENTION[0]
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
