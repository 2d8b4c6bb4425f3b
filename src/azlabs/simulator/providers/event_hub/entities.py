"""Event hubs and their consumer groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.event_hub.namespaces import NAMESPACE
from azlabs.simulator.providers.messaging.base import Child, bad, namespace_of, new_row, tier
from azlabs.simulator.providers.messaging.keys import AuthorizationRules
from azlabs.simulator.resource_manager import registry
from azlabs.simulator.resource_manager.resource_type import NameRule

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

HUB = NameRule(
    "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?", "BadRequest", "The event hub name '{name}' is not valid."
)
GROUP = NameRule(
    r"\$Default|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9_])?",
    "BadRequest",
    "The consumer group name '{name}' is not valid.",
)
DAYS = {"Basic": 1, "Standard": 7, "Premium": 90}
"""For how many days events can be kept, by tier."""
PARTITIONS = {"Basic": 32, "Standard": 32, "Premium": 100}
GROUPS = {"Basic": 1, "Standard": 20, "Premium": 100}
"""Consumer groups of one event hub, by tier, with the one that is always there."""


class EventHubs(Child):
    """A log of events in partitions."""

    type = f"{NAMESPACE}/eventhubs"
    name_rule = HUB
    defaults = {"properties": {"partitionCount": 4, "status": "Active"}}
    choices = {"properties.status": ("Active", "Disabled", "SendDisabled")}
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    members_since = {"properties.retentionDescription": "2022-10-01-preview"}

    def fill(self, write: Write) -> None:
        """Partitions and retention, within what the tier allows."""
        super().fill(write)
        mine, level = write.body["properties"], tier(write, write.key)
        self.dated(write)
        count = mine["partitionCount"]
        if type(count) is not int or not 1 <= count <= PARTITIONS[level]:
            bad(f"The partitionCount has to be between 1 and {PARTITIONS[level]} in a {level} namespace.")
        old = write.old("properties.partitionCount", count)
        if old != count and (level != "Premium" or count < old):
            bad("The partitionCount of an existing event hub cannot be changed.")
        mine["partitionIds"] = [str(number) for number in range(count)]
        retention = dict(mine.get("retentionDescription") or {})
        policy = retention.setdefault("cleanupPolicy", "Delete")
        if policy not in ("Delete", "Compact", "DeleteOrCompact"):
            bad(f"The cleanupPolicy '{policy}' is not one of Delete, Compact.")
        hours = retention.get("retentionTimeInHours") or 24 * mine.get(
            "messageRetentionInDays", DAYS[level] if level != "Premium" else 7
        )
        if policy == "Delete":
            if not 1 <= hours <= 24 * DAYS[level]:
                bad(f"Events are kept for {DAYS[level]} days at most in a {level} namespace.")
            retention["retentionTimeInHours"] = hours
            mine["messageRetentionInDays"] = max(1, hours // 24)
        mine["retentionDescription"] = retention
        capture = mine.get("captureDescription")
        if isinstance(capture, dict) and capture.get("enabled"):
            self._capture(write, capture, level)

    def _capture(self, write: Write, capture: dict[str, object], level: str) -> None:
        """Where events are written to: a container of a storage account that exists."""
        if level == "Basic":
            bad("Capture is not supported in Basic namespaces.")
        destination = capture.get("destination")
        account = (
            destination.get("properties", {}).get("storageAccountResourceId") if isinstance(destination, dict) else None
        )
        if not isinstance(account, str) or write.find(account) is None:
            bad(f"The storage account '{account}' of the capture was not found.")
        capture.setdefault("encoding", "Avro")
        if not 60 <= int(str(capture.setdefault("intervalInSeconds", 300))) <= 900:
            bad("The intervalInSeconds of the capture has to be between 60 and 900.")
        if not 10_485_760 <= int(str(capture.setdefault("sizeLimitInBytes", 314_572_800))) <= 524_288_000:
            bad("The sizeLimitInBytes of the capture has to be between 10485760 and 524288000.")

    def written(self, write: Write) -> None:
        """A new event hub has a consumer group."""
        kind = registry.find(ConsumerGroups.key)
        if write.before is None and write.resource is not None and kind is not None:
            times = {name: write.body["properties"][name] for name in ("createdAt", "updatedAt")}
            new_row(write, kind, write.resource, "$Default", {"properties": times})


class ConsumerGroups(Child):
    """A view of an event hub with positions of its own."""

    type = f"{NAMESPACE}/eventhubs/consumergroups"
    name_rule = GROUP

    def fill(self, write: Write) -> None:
        """So many as the tier allows."""
        super().fill(write)
        level = tier(write, write.key)
        above = write.key.rpartition("/")[0].rpartition("/")[0]
        if write.before is None and len(write.store.at_scope(above, self.key)) >= GROUPS[level]:
            bad(f"An event hub of a {level} namespace has {GROUPS[level]} consumer groups at most.")
        mine = write.body["properties"]
        mine["createdAt"] = write.old("properties.createdAt") or stamp(write.now)
        mine["updatedAt"] = stamp(write.now)

    def deleting(self, write: Write) -> None:
        """All but the one that every event hub has."""
        if write.name.lower() == "$default":
            bad("The default consumer group cannot be deleted.")


class HubRules(AuthorizationRules):
    """Keys for one event hub."""

    type = f"{NAMESPACE}/eventhubs/authorizationRules"


class ApplicationGroups(Child):
    """Clients that are told apart by their token, with limits for what they may send."""

    type = f"{NAMESPACE}/applicationGroups"
    defaults = {"properties": {"isEnabled": True, "policies": []}}
    required = ("properties.clientAppGroupIdentifier",)
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")

    def fill(self, write: Write) -> None:
        """Premium only; the identifier names a key or an application."""
        super().fill(write)
        if namespace_of(write, write.key).body["sku"]["tier"] != "Premium":
            bad("Application groups are supported in Premium namespaces only.")
        text = str(write.get("properties.clientAppGroupIdentifier"))
        if not text.startswith(("SASKeyName=", "NamespaceSASKeyName=", "AADAppID=")):
            bad(
                f"The clientAppGroupIdentifier '{text}' has to begin with NamespaceSASKeyName=, SASKeyName= or AADAppID=."
            )
