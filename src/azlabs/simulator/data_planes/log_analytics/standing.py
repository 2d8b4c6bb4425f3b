"""Tables that every workspace has: AzureActivity, filled where a diagnostic setting of the subscription sends it, and others
that stay empty because nothing here sends to them.

Columns: Microsoft's reference of Azure Monitor Logs tables, those that are used most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import dumps
from azlabs.simulator.identity import SUBSCRIPTION_ID, TENANT_ID
from azlabs.simulator.kql import times
from azlabs.simulator.kql.evaluator import Filter
from azlabs.simulator.providers.insights.diagnostics import SETTINGS

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

_SHARED = "TenantId:string SourceSystem:string Type:string _ResourceId:string"


def _columns(text: str) -> list[tuple[str, str]]:
    found = [tuple(one.split(":")) for one in f"TimeGenerated:datetime {text} {_SHARED}".split()]
    return [(name, kind) for name, kind in found]


STANDING: dict[str, list[tuple[str, str]]] = {
    "AzureActivity": _columns(
        "OperationNameValue:string Level:string ActivityStatusValue:string ActivitySubstatusValue:string ResourceGroup:string "
        "SubscriptionId:string CorrelationId:string "
        "Caller:string CallerIpAddress:string CategoryValue:string ResourceProviderValue:string Authorization:string "
        "Claims:string Properties:string EventDataId:string OperationId:string Hierarchy:string EventSubmissionTimestamp:datetime"
    ),
    "AzureDiagnostics": _columns(
        "ResourceId:string Category:string ResourceGroup:string SubscriptionId:string ResourceProvider:string Resource:string "
        "ResourceType:string OperationName:string ResultType:string CorrelationId:string ResultDescription:string Level:string "
        "DurationMs:long CallerIPAddress:string AdditionalFields:dynamic"
    ),
    "AzureMetrics": _columns(
        "ResourceId:string MetricName:string UnitName:string Total:real Count:real Minimum:real Maximum:real Average:real "
        "TimeGrain:string ResourceGroup:string ResourceProvider:string SubscriptionId:string Resource:string"
    ),
    "Heartbeat": _columns(
        "Computer:string ComputerIP:string Category:string OSType:string OSName:string Version:string ResourceGroup:string "
        "Resource:string ResourceId:string SubscriptionId:string ComputerEnvironment:string Solutions:string"
    ),
    "Usage": _columns(
        "DataType:string StartTime:datetime EndTime:datetime Quantity:real QuantityUnit:string IsBillable:bool Solution:string"
    ),
}
"""Columns by table."""


class Standing:
    """One of these tables for a query over workspaces."""

    def __init__(self, simulator: Simulator, name: str, keys: Sequence[str], span: tuple[int | None, int | None]) -> None:
        self._simulator, self._name, self._keys, self._span = simulator, name, keys, span
        self.columns = STANDING[name]

    def read(self, names: Sequence[str], filters: Sequence[Filter], limit: int | None) -> list[tuple[Any, ...]]:  # noqa: ARG002
        """Rows with these columns."""
        if self._name != "AzureActivity" or not self._sent():
            return []
        start, end = self._span
        rows = []
        store = self._simulator.store
        for entry in store.activity(
            f"/subscriptions/{SUBSCRIPTION_ID}", since=times.to_seconds(start) if start is not None else 0.0
        ):
            moment = times.from_seconds(entry["at"])
            if end is None or moment < end:
                cells = _activity(entry, moment)
                rows.append(tuple(cells.get(name, "") for name in names))
        rows.reverse()
        return rows

    def _sent(self) -> bool:
        """Does a diagnostic setting of the subscription send the activity log to one of the workspaces?"""
        for row in self._simulator.store.at_scope(f"/subscriptions/{SUBSCRIPTION_ID}", SETTINGS.lower()):
            mine = row.body["properties"]
            on = any(one.get("enabled") and str(one.get("category")) == "Administrative" for one in mine.get("logs") or ())
            if on and str(mine.get("workspaceId", "")).lower() in self._keys:
                return True
        return False


def _activity(entry: dict[str, Any], moment: int) -> dict[str, Any]:
    key, action = str(entry["key"]), str(entry["action"])
    parts = key.split("/")
    group = parts[4] if len(parts) > 4 and parts[3] == "resourcegroups" else ""
    done = entry["status"] < 400
    return {
        "TimeGenerated": moment, "EventSubmissionTimestamp": moment, "OperationNameValue": action.upper(),
        "Level": "Information" if done else "Error", "ActivityStatusValue": "Success" if done else "Failure",
        "ActivitySubstatusValue": str(entry["status"]), "ResourceGroup": group.upper(), "SubscriptionId": SUBSCRIPTION_ID,
        "CorrelationId": entry["correlation"], "Caller": entry["principal"], "CategoryValue": "Administrative",
        "ResourceProviderValue": action.partition("/")[0].upper(), "Authorization": dumps({"action": action, "scope": key}),
        "Properties": dumps({"entity": key, "message": action}), "Hierarchy": TENANT_ID, "TenantId": TENANT_ID, "SourceSystem": "Azure",
        "Type": "AzureActivity", "_ResourceId": key,
    }  # fmt: skip
