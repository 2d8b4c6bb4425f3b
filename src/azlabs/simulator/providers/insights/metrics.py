"""Which metrics resources emit, as far as they are known here. Nothing is measured: series are empty.

Source: Microsoft's page "Supported metrics with Azure Monitor".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.resource_manager import reads, routes, views
from azlabs.simulator.resource_manager.errors import Refused, not_modelled
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

_VM = {
    "Percentage CPU": ("Percent", "Average"), "Network In": ("Bytes", "Total"), "Network Out": ("Bytes", "Total"),
    "Network In Total": ("Bytes", "Total"), "Network Out Total": ("Bytes", "Total"), "Disk Read Bytes": ("Bytes", "Total"),
    "Disk Write Bytes": ("Bytes", "Total"), "Disk Read Operations/Sec": ("CountPerSecond", "Average"),
    "Disk Write Operations/Sec": ("CountPerSecond", "Average"), "CPU Credits Remaining": ("Count", "Average"),
    "CPU Credits Consumed": ("Count", "Average"), "Data Disk Read Bytes/sec": ("BytesPerSecond", "Average"),
    "Data Disk Write Bytes/sec": ("BytesPerSecond", "Average"), "Data Disk Read Operations/Sec": ("CountPerSecond", "Average"),
    "Data Disk Write Operations/Sec": ("CountPerSecond", "Average"), "Data Disk Queue Depth": ("Count", "Average"),
    "OS Disk Read Bytes/sec": ("BytesPerSecond", "Average"), "OS Disk Write Bytes/sec": ("BytesPerSecond", "Average"),
    "OS Disk Read Operations/Sec": ("CountPerSecond", "Average"), "OS Disk Write Operations/Sec": ("CountPerSecond", "Average"),
    "OS Disk Queue Depth": ("Count", "Average"), "Inbound Flows": ("Count", "Average"), "Outbound Flows": ("Count", "Average"),
    "Available Memory Bytes": ("Bytes", "Average"), "VmAvailabilityMetric": ("Count", "Average"),
    "VM Cached Bandwidth Consumed Percentage": ("Percent", "Average"),
}  # fmt: skip
METRICS: dict[str, dict[str, tuple[str, str]]] = {
    "microsoft.storage/storageaccounts": {
        "UsedCapacity": ("Bytes", "Average"), "Transactions": ("Count", "Total"), "Ingress": ("Bytes", "Total"),
        "Egress": ("Bytes", "Total"), "SuccessServerLatency": ("Milliseconds", "Average"),
        "SuccessE2ELatency": ("Milliseconds", "Average"), "Availability": ("Percent", "Average"),
    },
    "microsoft.compute/virtualmachines": _VM,
    "microsoft.compute/virtualmachinescalesets": _VM,
    "microsoft.keyvault/vaults": {
        "ServiceApiHit": ("Count", "Count"), "ServiceApiLatency": ("Milliseconds", "Average"), "ServiceApiResult": ("Count", "Count"),
        "SaturationShoebox": ("Percent", "Average"), "Availability": ("Percent", "Average"),
    },
}  # fmt: skip
"""Type to metric to (unit, primary aggregation)."""


def names_of(resource: str) -> frozenset[str]:
    """Lower-case names of the metrics of a resource's type; empty where they are not known."""
    return frozenset(name.lower() for name in METRICS.get(routes.parse(resource).type_key, ()))


def _known(call: Call) -> tuple[str, str, dict[str, tuple[str, str]]]:
    """(id, type, metrics) of the resource in the path."""
    id = call.path().lower().rpartition("/providers/microsoft.insights/")[0]
    document = views.find(call.store, id)
    if document is None:
        call.manager.require_group(call)
        call.route.scope = call.path()[: len(id)]
        reads.require_scope(call)
    kind = routes.parse(id).type_key
    if kind not in METRICS:
        raise not_modelled(f"metrics of {kind}")
    return str((document or {}).get("id", id)), str((document or {}).get("type", kind)), METRICS[kind]


def definitions(call: Call) -> dict[str, Any]:
    """What can be asked for."""
    id, kind, known = _known(call)
    return {"value": [
        {
            "id": f"{id}/providers/microsoft.insights/metricdefinitions/{name}", "resourceId": id, "namespace": kind.lower(),
            "name": {"value": name, "localizedValue": name}, "isDimensionRequired": False, "unit": unit,
            "primaryAggregationType": primary, "supportedAggregationTypes": ["None", "Average", "Minimum", "Maximum", "Total", "Count"],
            "metricAvailabilities": [{"timeGrain": grain, "retention": "P93D"} for grain in ("PT1M", "PT5M", "PT1H", "P1D")],
        }
        for name, (unit, primary) in known.items()
    ]}  # fmt: skip


def namespaces(call: Call) -> dict[str, Any]:
    """The one namespace of a type's own metrics."""
    id, kind, _ = _known(call)
    name = kind.lower().replace("/", "-")
    return {"value": [{
        "id": f"{id}/providers/microsoft.insights/metricNamespaces/{name}", "name": name, "type": "Microsoft.Insights/metricNamespaces",
        "classification": "Platform", "properties": {"metricNamespaceName": kind.lower()},
    }]}  # fmt: skip


def values(call: Call) -> dict[str, Any]:
    """Series of the metrics that were asked for, without points: the simulator measures nothing."""
    id, kind, known = _known(call)
    by_name = {name.lower(): name for name in known}
    asked = [name.strip() for name in call.query.get("metricnames", next(iter(known))).split(",")]
    for name in asked:
        if name.lower() not in by_name:
            namespace, _, rest = kind.partition("/")
            raise Refused(
                400,
                "BadRequest",
                f"Failed to find metric configuration for provider: {namespace}, resource Type: {rest}, metric: {name}, "
                f"Valid metrics: {','.join(known)}",
            )
    series = []
    for name in (by_name[name.lower()] for name in asked):
        series.append({
            "id": f"{id}/providers/Microsoft.Insights/metrics/{name}", "type": "Microsoft.Insights/metrics",
            "name": {"value": name, "localizedValue": name}, "unit": known[name][0], "timeseries": [], "errorCode": "Success",
        })  # fmt: skip
    span = call.query.get("timespan") or f"{stamp(call.now - 3600)}/{stamp(call.now)}"
    document = views.find(call.store, id.lower()) or {}
    return {
        "cost": 0, "timespan": span, "interval": call.query.get("interval", "PT1M"), "value": series, "namespace": kind,
        "resourceregion": document.get("location", "global"),
    }  # fmt: skip


_AT = "/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{type}/{name}/providers/Microsoft.Insights"
_VERSIONS = (
    "2024-02-01", "2023-10-01", "2021-05-01", "2019-07-01", "2018-01-01", "2017-12-01-preview", "2017-05-01-preview", "2016-03-01",
)  # fmt: skip
ENDPOINTS = [
    Endpoint("GET", f"{_AT}/metricDefinitions", definitions, _VERSIONS),
    Endpoint("GET", f"{_AT}/metricNamespaces", namespaces, _VERSIONS),
    Endpoint("GET", f"{_AT}/metrics", values, _VERSIONS),
]
