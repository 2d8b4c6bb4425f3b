"""Telemetry: how much comes in, and how soon 100,000 rows are summarized. Goals: 10,000 items a second, one second a query."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from azlabs.simulator import SUBSCRIPTION_ID, Request, Simulator
from azlabs.simulator.clock import stamp

ROWS, BATCH = 100_000, 1_000
_GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/bench"
_WORKSPACE = f"{_GROUP}/providers/Microsoft.OperationalInsights/workspaces/bench"
_COMPONENT = f"{_GROUP}/providers/Microsoft.Insights/components/bench"
_TRACK = "https://westeurope-0.in.applicationinsights.azure.com/v2.1/track"
QUERIES = {
    "summarize by bin and name": "AppRequests | summarize n = count(), avg(DurationMs), percentile(DurationMs, 95) "
    "by bin(TimeGenerated, 5m), Name",
    "where, count": "AppRequests | where DurationMs > 50 and Success and Name has '7' | count",
    "one operation of many": "AppRequests | where OperationId == '0000000000000000000000000000002a' | project Id, ParentId, Name",
    "a property of each": "AppRequests | summarize count() by tostring(Properties.tier)",
    "join with itself": "AppRequests | join kind=inner (AppRequests | where DurationMs < 2) on Id | count",
    "top 10": "AppRequests | top 10 by DurationMs desc | project Name, DurationMs",
}


def _manage(simulator: Simulator, id: str, body: Any, version: str) -> Any:
    headers = {"Authorization": f"Bearer {simulator.owner_token()}", "Content-Type": "application/json"}
    url = f"https://management.azure.com{id}?api-version={version}"
    return simulator.handle(Request("PUT", url, headers, json.dumps(body).encode())).json()


def _prepare(simulator: Simulator) -> tuple[str, str]:
    _manage(simulator, _GROUP, {"location": "westeurope"}, "2024-11-01")
    workspace = _manage(simulator, _WORKSPACE, {"location": "westeurope", "properties": {}}, "2023-09-01")
    body = {"location": "westeurope", "kind": "web", "properties": {"Application_Type": "web", "WorkspaceResourceId": _WORKSPACE}}
    component = _manage(simulator, _COMPONENT, body, "2020-02-02")
    return workspace["properties"]["customerId"], component["properties"]["InstrumentationKey"]


def _item(number: int, key: str, now: float) -> dict[str, Any]:
    return {
        "ver": 1, "name": "Microsoft.ApplicationInsights.Request", "time": stamp(now - number % 36_000), "iKey": key,
        "sampleRate": 100.0, "tags": {
            "ai.operation.id": f"{number // 4:032x}", "ai.operation.parentId": f"{number // 4:016x}", "ai.cloud.role": "bench",
            "ai.cloud.roleInstance": "one", "ai.internal.sdkVersion": "py3.11:otel1.45:dst1.8.11",
            "ai.operation.name": f"GET /{number % 20}",
        },
        "data": {
            "baseType": "RequestData",
            "baseData": {
                "ver": 2, "id": f"{number:016x}", "name": f"GET /{number % 20}", "duration": f"0.00:00:00.{number % 977:03d}",
                "responseCode": "200", "success": number % 9 != 0,
                "properties": {"tier": f"t{number % 5}", "_MS.links": "[]"}, "measurements": {},
            },
        },
    }  # fmt: skip


def _measure(simulator: Simulator, where: str) -> bool:
    customer, key = _prepare(simulator)
    now = simulator.clock.now()
    bodies = [
        gzip.compress("\n".join(json.dumps(_item(first + number, key, now)) for number in range(BATCH)).encode(), 1)
        for first in range(0, ROWS, BATCH)
    ]
    begun = time.perf_counter()
    for body in bodies:
        answer = simulator.handle(Request("POST", _TRACK, {"Content-Encoding": "gzip"}, body))
        assert answer.status == 200, answer.body
    rate = ROWS / (time.perf_counter() - begun)
    print(f"{where}: {rate:,.0f} items/s come in, in requests of {BATCH}")
    failed = rate < 10_000
    headers = {"Authorization": f"Bearer {simulator.owner_token()}", "Content-Type": "application/json"}
    for name, query in QUERIES.items():
        best = 9.9e9
        for _ in range(3):
            begun = time.perf_counter()
            url = f"https://api.loganalytics.io/v1/workspaces/{customer}/query"
            answer = simulator.handle(Request("POST", url, headers, json.dumps({"query": query}).encode()))
            best = min(best, time.perf_counter() - begun)
            assert answer.status == 200, answer.body
        print(f"{where}: {best * 1000:7.1f} ms  {name} ({len(answer.json()['tables'][0]['rows'])} rows of {ROWS:,})")
        failed |= best > 1.0
    return failed


def main() -> bool:
    """Print figures; True when a goal was missed."""
    with Simulator() as simulator:
        failed = _measure(simulator, "memory")
    with tempfile.TemporaryDirectory() as folder, Simulator(Path(folder) / "state.db") as simulator:
        return _measure(simulator, "file") | failed


if __name__ == "__main__":
    raise SystemExit(main())
