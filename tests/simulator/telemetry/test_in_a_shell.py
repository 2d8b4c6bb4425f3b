"""A program with configure_azure_monitor() and one with LogsQueryClient, under the public names, with DefaultAzureCredential."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlabs.cloud import host
from azlabs.cloud.shell import variables

pytest.importorskip("azure.monitor.opentelemetry")
OUTSIDE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
MAKE = """
import json, urllib.request
from azure.identity import DefaultAzureCredential
token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/watch"
def put(id, body, version):
    url = "https://management.azure.com" + id + "?api-version=" + version
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    return json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers, method="PUT")))
put(group, {"location": "westeurope"}, "2024-11-01")
logs = group + "/providers/Microsoft.OperationalInsights/workspaces/logbook"
workspace = put(logs, {"location": "westeurope", "properties": {}}, "2023-09-01")
component = put(group + "/providers/Microsoft.Insights/components/harbour", {"location": "westeurope", "kind": "web",
                "properties": {"Application_Type": "web", "WorkspaceResourceId": logs}}, "2020-02-02")
print(json.dumps([workspace["properties"]["customerId"], component["properties"]["ConnectionString"], component["properties"]["AppId"]]))
"""
SEND = """
import logging, sys
from azure.monitor.opentelemetry import configure_azure_monitor
configure_azure_monitor(connection_string=CONNECTION, logger_name="harbour", disable_offline_storage=True, sampling_ratio=1.0)
from opentelemetry import trace
with trace.get_tracer("t").start_as_current_span("ingest", kind=trace.SpanKind.SERVER):
    logging.getLogger("harbour").warning("tide is high")
trace.get_tracer_provider().force_flush()
from opentelemetry._logs import get_logger_provider
get_logger_provider().force_flush()
"""
READ = """
import asyncio, datetime
from azure.identity import DefaultAzureCredential
from azure.identity.aio import DefaultAzureCredential as AsyncCredential
from azure.monitor.query import LogsQueryClient
from azure.monitor.query.aio import LogsQueryClient as AsyncClient
text = "AppTraces | join kind=inner (AppRequests) on OperationId | project Message, Name, ParentId == Id"
span = datetime.timedelta(hours=1)
print([list(row) for row in LogsQueryClient(DefaultAzureCredential()).query_workspace(WORKSPACE, text, timespan=span).tables[0].rows])

async def main():
    async with AsyncCredential() as credential, AsyncClient(credential) as client:
        found = await client.query_workspace(WORKSPACE, "AppRequests | count", timespan=span)
        print(found.tables[0].rows[0][0])

asyncio.run(main())
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    host.stop(folder)


def python(home: Path, program: str) -> tuple[str, str]:
    environment = variables("simulator", home, OUTSIDE).apply(OUTSIDE)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip(), done.stderr


def test_the_distribution_sends_quietly_and_the_query_client_reads(home: Path) -> None:
    workspace, connection, _app = json.loads(python(home, MAKE)[0])
    _, complaints = python(home, SEND.replace("CONNECTION", repr(connection)))
    assert complaints == "tide is high\n" or complaints == ""
    key_only = connection.partition(";")[0]
    python(home, SEND.replace("CONNECTION", repr(key_only)))
    assert len(list(home.glob("shell/*/azure/cliextensions/azlabs-queries/azext_azlabs_queries/__init__.py"))) == 1
    found, _ = python(home, READ.replace("WORKSPACE", repr(workspace)))
    assert found.splitlines() == ["[['tide is high', 'ingest', True], ['tide is high', 'ingest', True]]", "2"]


@pytest.mark.skipif(shutil.which("az") is None, reason="the Azure CLI is not installed")
def test_the_query_commands_of_az(home: Path) -> None:
    workspace, connection, app = json.loads(python(home, MAKE)[0])
    python(home, SEND.replace("CONNECTION", repr(connection)))
    environment = variables("simulator", home, OUTSIDE).apply(OUTSIDE)

    def az(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["az", *words, "-o", "json"], env=environment, capture_output=True, text=True, timeout=120, check=False)

    query = "AppRequests | summarize n = count() by Name"
    found = az("monitor", "log-analytics", "query", "-w", workspace, "--analytics-query", query, "-t", "P1D")
    assert json.loads(found.stdout) == [{"TableName": "PrimaryResult", "Name": "ingest", "n": "1"}], found.stderr
    for which in ([app], ["harbour", "-g", "watch"]):
        found = az("monitor", "app-insights", "query", "--app", *which, "--analytics-query", "requests | count", "--offset", "2h")
        assert json.loads(found.stdout)["tables"][0]["rows"] == [[1]], found.stderr
    shown = json.loads(az("monitor", "app-insights", "component", "show", "-g", "watch", "--app", "harbour").stdout)
    assert (shown["name"], shown["appId"], shown["connectionString"]) == ("harbour", app, connection)
    listed = json.loads(az("monitor", "app-insights", "component", "show", "-g", "watch").stdout)
    assert [one["name"] for one in listed] == ["harbour"]
    wrong = az("monitor", "log-analytics", "query", "-w", workspace, "--analytics-query", "Nope")
    assert wrong.returncode and "Failed to resolve table" in wrong.stderr
