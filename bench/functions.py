"""Function apps: how soon an app with heavy imports answers, how soon it is started again, calls and messages a second, memory.

    .venv/bin/python -m bench.functions

Limits: a first answer within 4 s, a start after a change within 0.3 s, 400 MB for the host, its zygote and a worker.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from azlabs.cloud.memory import scratch
from azlabs.simulator import Request
from azlabs.simulator.data_planes.service_bus.local import Client, Outgoing
from azlabs.simulator.functions.model import Package

CALLS, MESSAGES, RESTARTS = 500, 500, 10
FIRST_SECONDS, RESTART_SECONDS, MEGABYTES = 4.0, 0.3, 400
REQUIREMENTS = "azure-functions\nazure-identity\nazure-cosmos\nopenai\nazure-monitor-opentelemetry\n"
APP = """
import azure.functions as func
from azure.cosmos import CosmosClient
from azure.identity import DefaultAzureCredential
from azure.monitor.opentelemetry import configure_azure_monitor
from openai import AzureOpenAI

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen = 0


@app.route("seen")
def show(req: func.HttpRequest) -> str:
    return str(seen)


@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")
def listen(msg: func.ServiceBusMessage) -> None:
    global seen
    seen += 1
"""
WEB, BUS = "2024-04-01", "2024-01-01"


def _memory(pids: list[int]) -> float:
    """Megabytes that these processes hold together; pages that they share count once."""
    found = 0
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        found += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return found / 1024


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> bool:
    """Measure; True when a limit was not kept."""
    with tempfile.TemporaryDirectory() as name, scratch() as cloud:
        folder = Path(name)
        for file, text in {"host.json": '{"version": "2.0"}', "function_app.py": APP, "requirements.txt": REQUIREMENTS}.items():
            (folder / file).write_text(text)
        (folder / "oryx-manifest.toml").write_text("")
        root = f"{cloud.resource_group('rg', 'westeurope')}/providers"
        place: dict[str, Any] = {"location": "westeurope"}
        bus, plan, site = (f"{root}/{one}" for one in (
            "Microsoft.ServiceBus/namespaces/sb-bench", "Microsoft.Web/serverfarms/b1", "Microsoft.Web/sites/func-bench",
        ))  # fmt: skip
        cloud.run("PUT", bus, BUS, {**place, "sku": {"name": "Standard", "tier": "Standard"}})
        cloud.run("PUT", f"{bus}/queues/documents", BUS, {"properties": {}})
        rule = f"{bus}/AuthorizationRules/RootManageSharedAccessKey"
        key = cloud.run("POST", f"{rule}/listKeys", BUS).json["primaryConnectionString"]
        cloud.run("PUT", plan, WEB, {**place, "kind": "linux", "sku": {"name": "B1"}, "properties": {"reserved": True}})
        settings = {"Bus": key, "FUNCTIONS_WORKER_RUNTIME": "python"}
        pairs = [{"name": one, "value": value} for one, value in settings.items()]
        properties = {"serverFarmId": plan, "siteConfig": {"appSettings": pairs}}
        cloud.run("PUT", site, WEB, {**place, "kind": "functionapp,linux", "properties": properties})
        host = cloud.station().functions
        host.package_of = lambda _simulator, _site: Package(folder, "bench")
        cloud.simulator.store.changes += 1

        def call() -> str:
            url = "https://func-bench.azurewebsites.net/api/seen"
            answer = cloud.simulator.handle(Request("GET", url, {}, None))
            assert answer.status == 200, answer.headers
            return answer.body.decode()

        first = _timed(call)
        restarts = []
        for number in range(RESTARTS):
            new = {"properties": {**settings, "NUMBER": str(number)}}
            cloud.run("PUT", f"{site}/config/appsettings", WEB, new)
            restarts.append(_timed(call))
        calls = CALLS / _timed(lambda: [call() for _ in range(CALLS)])
        client = Client.from_connection_string(cloud.simulator, key)

        def messages() -> None:
            client.send("documents", [Outgoing(json.dumps({"id": number}).encode()) for number in range(MESSAGES)])
            while int(call()) < MESSAGES:
                time.sleep(0.01)

        rate = MESSAGES / _timed(messages)
        app = host.app(site)
        assert app is not None
        pids = [os.getpid(), *(zygote.pid for zygote in host._zygotes.values()), *(one.pid for one in app._crew._all)]  # type: ignore[union-attr]
        megabytes = _memory(pids)
    restart = statistics.median(restarts)
    print(f"first answer {first:.2f} s, after a change of settings {restart * 1000:.0f} ms (median of {RESTARTS})")
    print(f"{calls:.0f} calls a second, one at a time; {rate:.0f} messages a second; {megabytes:.0f} MB in {len(pids)} processes")
    return first > FIRST_SECONDS or restart > RESTART_SECONDS or megabytes > MEGABYTES


if __name__ == "__main__":
    raise SystemExit(main())
