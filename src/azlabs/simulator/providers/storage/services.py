"""The four services of an account: cross-origin rules, retention, versioning, the change feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.storage.base import ACCOUNT, Body, StorageType, account_key, account_of, invalid
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import NameRule

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

METHODS = {"DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT", "PATCH", "CONNECT", "TRACE"}
RETENTION = range(1, 366)


class Service(StorageType):
    """A service is there as long as its account; its name is always "default"."""

    name_rule = NameRule("default", "InvalidResourceName", "The service's name has to be 'default', not '{name}'.")
    methods = frozenset({"GET", "HEAD", "PUT", "PATCH"})
    defaults = {"properties": {"cors": {"corsRules": []}}}
    shows_sku = False

    def handle(self, call: Call) -> Answer | None:
        """Nothing is asked of a service whose account is gone."""
        if call.method == "DELETE":
            call.manager.require_group(call)
            account_of(call)
        return None

    def fill(self, write: Write) -> None:
        """Cross-origin rules are five at most, each with origins, methods and headers."""
        rules = write.get("properties.cors.corsRules") or []
        if not isinstance(rules, list) or len(rules) > 5:
            refuse("InvalidXmlDocument", "There are at most five CORS rules.")
        for rule in rules:
            if not rule.get("allowedOrigins") or not set(rule.get("allowedMethods") or ["?"]) <= METHODS:
                refuse("InvalidXmlNodeValue", "The value for one of the XML nodes of the CORS rules is not valid.")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Blobs and files show the account's SKU."""
        account = reader.find(account_key(str(body["id"]).lower())) or {}
        return {"sku": account.get("sku"), **body} if self.shows_sku else body

    def accepted(self, write: Write, shown: Body) -> None:
        """The SKU is not part of the answer to a write, nor is anything when nothing was sent."""
        shown.pop("sku", None)
        if "properties" not in write.request:
            sent = {"name": "default"} if "name" in write.request else {}
            shown.clear()
            shown.update(sent)
            return
        super().accepted(write, shown)


def retention(write: Write, path: str, *, most: range = RETENTION) -> None:
    """A retention policy that is on has days."""
    policy = write.get(f"properties.{path}")
    if isinstance(policy, dict) and policy.get("enabled"):
        days = policy.get("days")
        if type(days) is not int or days not in most:
            invalid(f"{path}.days")


class BlobServices(Service):
    """Versions, soft delete, change feed, restore."""

    type = f"{ACCOUNT}/blobServices"
    shows_sku = True
    defaults = {
        "properties": {
            "cors": {"corsRules": []},
            "deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
        }
    }
    members_since = {"properties.deleteRetentionPolicy.allowPermanentDelete": "2021-09-01"}

    def fill(self, write: Write) -> None:
        """Retention is a year at most; restoring to a point in time needs versions, the change feed and soft delete."""
        super().fill(write)
        mine = write.body["properties"]
        for path in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
            retention(write, path)
        feed = mine.get("changeFeed")
        if (
            isinstance(feed, dict)
            and feed.get("retentionInDays") is not None
            and feed["retentionInDays"] not in range(1, 146001)
        ):
            invalid("changeFeed.retentionInDays")
        tracking = mine.get("lastAccessTimeTrackingPolicy")
        if isinstance(tracking, dict):
            if tracking.get("enable"):
                mine["lastAccessTimeTrackingPolicy"] = {
                    "enable": True, "name": "AccessTimeTracking", "trackingGranularityInDays": 1, "blobType": ["blockBlob"],
                }  # fmt: skip
            else:
                mine.pop("lastAccessTimeTrackingPolicy")
        restore = mine.get("restorePolicy")
        if isinstance(restore, dict) and restore.get("enabled"):
            ready = (
                mine.get("isVersioningEnabled")
                and (feed or {}).get("enabled")
                and mine["deleteRetentionPolicy"].get("enabled")
            )
            if not ready or restore.get("days", 0) >= mine["deleteRetentionPolicy"].get("days", 0):
                refuse(
                    "InvalidRestorePolicy",
                    "Point in time restore needs versioning, the change feed, and soft delete with more days than the restore policy.",
                )
        account = write.find(account_key(write.key)) or {}
        if mine.get("isVersioningEnabled") and (account.get("properties") or {}).get("isHnsEnabled"):
            refuse(
                "FeatureNotSupportedForAccount",
                "Versioning is not supported for accounts with a hierarchical namespace.",
                status=409,
            )


class FileServices(Service):
    """Protocols and soft delete of shares, which is on for seven days unless told otherwise."""

    type = f"{ACCOUNT}/fileServices"
    shows_sku = True
    defaults = {
        "properties": {
            "protocolSettings": {"smb": {}},
            "cors": {"corsRules": []},
            "shareDeleteRetentionPolicy": {"enabled": True, "days": 7},
        }
    }
    members_since = {"properties.shareDeleteRetentionPolicy": "2019-06-01"}

    def fill(self, write: Write) -> None:
        """Retention is a year at most."""
        super().fill(write)
        retention(write, "shareDeleteRetentionPolicy")


class QueueServices(Service):
    """Cross-origin rules only."""

    type = f"{ACCOUNT}/queueServices"


class TableServices(Service):
    """Cross-origin rules only."""

    type = f"{ACCOUNT}/tableServices"
