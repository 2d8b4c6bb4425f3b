"""Diagnostic settings: which logs and metrics of a resource go where; log profiles, their older form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.insights.base import InsightsType, each
from azlabs.simulator.resource_manager import reads, routes
from azlabs.simulator.resource_manager.errors import Refused, not_modelled
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Reference

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Write

SETTINGS = "Microsoft.Insights/diagnosticSettings"
SINKS = ("storageAccountId", "workspaceId", "eventHubAuthorizationRuleId", "marketplacePartnerId", "serviceBusRuleId")
MOST_SETTINGS = 5
METRICS = "AllMetrics"
CATEGORIES: dict[str, tuple[str, ...]] = {
    "microsoft.network/networksecuritygroups": ("NetworkSecurityGroupEvent", "NetworkSecurityGroupRuleCounter"),
    "microsoft.network/publicipaddresses": (
        "DDoSProtectionNotifications", "DDoSMitigationFlowLogs", "DDoSMitigationReports", METRICS,
    ),
    "microsoft.network/virtualnetworks": ("VMProtectionAlerts", METRICS),
    "microsoft.network/loadbalancers": ("LoadBalancerHealthEvent", METRICS),
    "microsoft.network/applicationgateways": (
        "ApplicationGatewayAccessLog", "ApplicationGatewayPerformanceLog", "ApplicationGatewayFirewallLog", METRICS,
    ),
    "microsoft.keyvault/vaults": ("AuditEvent", "AzurePolicyEvaluationDetails", METRICS),
    "microsoft.storage/storageaccounts": ("Transaction", "Capacity"),
    "microsoft.storage/storageaccounts/blobservices": ("StorageRead", "StorageWrite", "StorageDelete", "Transaction", "Capacity"),
    "microsoft.containerregistry/registries": ("ContainerRegistryRepositoryEvents", "ContainerRegistryLoginEvents", METRICS),
}  # fmt: skip
"""Categories of the types whose categories are known here; a category of another type is not checked."""
UNSUPPORTED = frozenset({"microsoft.resources/resourcegroups"})
METRIC_CATEGORIES = frozenset({METRICS, "Transaction", "Capacity"})


def _lower_scope(id: str) -> str:
    """Settings are shown below their resource in lower case."""
    scope, _, rest = id.rpartition("/providers/")
    return f"{scope.lower()}/providers/microsoft.insights/{rest.partition('/')[2]}"


def _supported(scope: str) -> str:
    """The type of what is at a scope; 400 where it has no logs."""
    kind = routes.parse(scope).type_key
    if kind in UNSUPPORTED:
        raise Refused(
            400, "ResourceTypeNotSupported", f"The resource type '{kind}' does not support diagnostic settings."
        )
    return kind


class DiagnosticSettings(InsightsType):
    """Where logs and metrics of a resource go."""

    type = SETTINGS
    scopes = ("extension", "subscription")
    default_location = None
    tagged = False
    defaults = {
        **dict.fromkeys(("location", "kind", "tags", "identity")),
        "properties": {
            **dict.fromkeys(
                ("storageAccountId", "serviceBusRuleId", "workspaceId", "eventHubAuthorizationRuleId", "eventHubName",
                 "logAnalyticsDestinationType")
            ),
            "metrics": [], "logs": [],
        },
    }  # fmt: skip
    members = frozenset({"kind", "identity"})
    references = tuple(
        Reference(
            f"properties.{name}",
            type,
            "ResourceNotFound",
            "The resource '{id}' of the diagnostic setting was not found.",
            404,
        )
        for name, type in (
            ("storageAccountId", "Microsoft.Storage/storageAccounts"),
            ("workspaceId", "Microsoft.OperationalInsights/workspaces"),
        )
    )
    creates = Announce(200)

    def canonical_id(self, call: Call) -> str | None:
        return _lower_scope(f"{call.scope_id}/providers/{SETTINGS}/{call.name}")

    def fill(self, write: Write) -> None:
        """What was not said about a category."""
        mine = write.body["properties"]
        for entry in each(mine["metrics"]) + each(mine["logs"]):
            entry.setdefault("retentionPolicy", {"enabled": False, "days": 0})
        for entry in each(mine["logs"]):
            entry.setdefault("categoryGroup", None)
            entry.setdefault("category", None)

    def validate(self, write: Write) -> None:
        """Somewhere to send to, categories that the resource has, no two settings for the same place."""
        mine = write.body["properties"]
        if mine.get("marketplacePartnerId") and write.find(str(mine["marketplacePartnerId"])) is None:
            write.refuse(
                "BadRequest",
                f"The marketplace partner resource: {str(mine['marketplacePartnerId']).lower()} was not found or does not support "
                "the required functionality.",
            )
        if not any(mine.get(name) for name in SINKS):
            write.refuse("BadRequest", "At least one data sink needs to be specified.")
        if not each(mine["metrics"]) and not each(mine["logs"]):
            write.refuse("BadRequest", "At least one log or metric category needs to be specified.")
        scope = write.key.rpartition("/providers/")[0]
        known = {name.lower() for name in CATEGORIES.get(_supported(scope), ())}
        for entry in each(mine["metrics"]) + each(mine["logs"]):
            category = entry.get("category")
            if known and category and str(category).lower() not in known:
                write.refuse("BadRequest", f"Category '{category}' is not supported.")
        others = [row for row in write.store.at_scope(scope, self.key) if row.key != write.key]
        if write.created and len(others) >= MOST_SETTINGS:
            write.refuse("BadRequest", f"A resource can have at most {MOST_SETTINGS} diagnostic settings.")
        for row in others:
            _check_conflict(write, mine, row.name, row.body["properties"])


def _check_conflict(write: Write, mine: Body, name: str, other: Body) -> None:
    """Two settings may not send the same category to the same place."""
    for sink in SINKS:
        if mine.get(sink) is None or str(mine[sink]).lower() != str(other.get(sink)).lower():
            continue
        theirs = {
            str(entry.get("category")) for entry in each(other["logs"]) + each(other["metrics"]) if entry.get("enabled")
        }
        for entry in each(mine["logs"]) + each(mine["metrics"]):
            if entry.get("enabled") and entry.get("category") and str(entry["category"]) in theirs:
                write.refuse(
                    "Conflict",
                    f"Data sink '{mine[sink]}' is already used in diagnostic setting '{name}' for category '{entry['category']}'. "
                    "Data sinks can't be reused in different settings on the same category for the same resource.",
                    409,
                )


class DiagnosticCategories(InsightsType):
    """What a resource can log."""

    type = "Microsoft.Insights/diagnosticSettingsCategories"
    scopes = ("extension",)
    default_location = None
    tagged = False
    methods = frozenset({"GET"})

    def handle(self, call: Call) -> Answer | None:
        """The categories of the resource's type, where they are known."""
        from azlabs.simulator.http import json_answer

        if call.method != "GET":
            return None
        reads.require_scope(call)
        kind = _supported(call.route.scope)
        if kind not in CATEGORIES:
            raise not_modelled(f"diagnostic categories of {kind}")
        base = f"{call.route.scope.lower()}/providers/microsoft.insights/diagnosticSettingsCategories"
        found = [self._one(base, name) for name in CATEGORIES[kind]]
        if not call.route.names:
            return json_answer({"value": found})
        one = next((item for item in found if item["name"].lower() == call.name.lower()), None)
        if one is None:
            raise Refused(404, "ResourceNotFound", f"The diagnostic category '{call.name}' was not found.")
        return json_answer(one)

    def _one(self, base: str, name: str) -> dict[str, Any]:
        kind = "Metrics" if name in METRIC_CATEGORIES else "Logs"
        empty = dict.fromkeys(("location", "kind", "tags", "identity"))
        return {"id": f"{base}/{name}", "type": self.type, "name": name, **empty, "properties": {"categoryType": kind}}


class LogProfiles(InsightsType):
    """Where the activity log of a subscription goes, in the form from before diagnostic settings."""

    type = "Microsoft.Insights/logProfiles"
    scopes = ("subscription",)
    located = True
    defaults = {
        **dict.fromkeys(("kind", "tags", "identity")),
        "properties": {"serviceBusRuleId": None, "storageAccountId": None},
    }
    members = frozenset({"kind", "identity"})
    required = ("properties.locations", "properties.categories", "properties.retentionPolicy")
    creates = Announce(200)

    def validate(self, write: Write) -> None:
        """One profile for a subscription, and somewhere to send to."""
        if not any(write.get(f"properties.{name}") for name in ("storageAccountId", "serviceBusRuleId")):
            write.refuse("BadRequest", "A log profile needs a storage account or a service bus rule.")
        others = [
            row
            for row in write.store.of_type(self.key)
            if row.key != write.key and row.subscription == write.subscription
        ]
        if write.created and others:
            write.refuse("Conflict", f"The subscription already has the log profile '{others[0].name}'.", 409)
