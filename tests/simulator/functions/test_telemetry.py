"""What the host and the app's code send to Application Insights, found again by query."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage

from azlabs.simulator import Request

from .running import Packages, code
from .scene import Scene, eventually
from .test_service_bus_trigger import Harbour

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
OPEN = '{"version": "2.0", "telemetryMode": "OpenTelemetry"}'
APP = code(
    """
@app.route("ok")
def ok(req: func.HttpRequest) -> str:
    logging.warning("a warning of mine")
    return "ok"

@app.route("fails")
def fails(req: func.HttpRequest) -> str:
    raise KeyError("lost")

@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")
def ingest(msg: func.ServiceBusMessage, context: func.Context) -> None:
    print("parent", context.trace_context.trace_parent)
"""
)


class Watched(Harbour):
    """A harbour with a workspace and a component, and an app that sends to it."""

    def __init__(self, scene: Scene, packages: Packages) -> None:
        super().__init__(scene, packages)
        self.workspace = f"{scene.root}/Microsoft.OperationalInsights/workspaces/log-harbour"
        place = {"location": "westeurope"}
        made = scene.arm("PUT", self.workspace, "2025-07-01", {**place, "properties": {"sku": {"name": "PerGB2018"}}})
        self.customer = made["properties"]["customerId"]
        component = f"{scene.root}/Microsoft.Insights/components/appi-harbour"
        properties = {"Application_Type": "web", "WorkspaceResourceId": self.workspace}
        body = {**place, "kind": "web", "properties": properties}
        self.text = str(scene.arm("PUT", component, "2020-02-02", body)["properties"]["ConnectionString"])
        self.site = scene.dedicated("func-tele", {"Bus": self.key(), "APPLICATIONINSIGHTS_CONNECTION_STRING": self.text})

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query."""
        headers = {"Authorization": f"Bearer {self.scene.simulator.owner_token()}", "Content-Type": "application/json"}
        body = json.dumps({"query": query}).encode()
        url = f"https://api.loganalytics.io/v1/workspaces/{self.customer}/query"
        answer = self.scene.simulator.handle(Request("POST", url, headers, body))
        assert answer.status == 200, answer.body
        [table] = answer.json()["tables"]
        return [dict(zip([one["name"] for one in table["columns"]], row, strict=True)) for row in table["rows"]]


@pytest.fixture
def watched(scene: Scene, packages: Packages) -> Watched:
    return Watched(scene, packages)


def test_each_invocation_is_a_request_with_its_lines_and_its_exception(watched: Watched) -> None:
    watched.packages.put(watched.site, {"function_app.py": APP})
    watched.scene.call("func-tele", "/api/ok", traceparent=PARENT)
    watched.scene.call("func-tele", "/api/fails")
    rows = eventually(lambda: found if len(found := watched.ask("AppRequests | order by TimeGenerated asc")) == 2 else None)
    assert [(row["Name"], row["Success"], row["ResultCode"]) for row in rows] == [("ok", True, "200"), ("fails", False, "500")]
    assert (rows[0]["OperationId"], rows[0]["ParentId"]) == (TRACE, "b7ad6b7169203331")
    assert rows[0]["AppRoleName"] == "func-tele"
    assert rows[0]["Url"] == "https://func-tele.azurewebsites.net/api/ok"
    lines = watched.ask(f"AppTraces | where OperationId == '{TRACE}' | order by TimeGenerated asc")
    assert ("a warning of mine", 2) in [(row["Message"], row["SeverityLevel"]) for row in lines]
    [failure] = watched.ask("AppExceptions")
    assert (failure["ExceptionType"], failure["OperationName"]) == ("KeyError", "fails")


@pytest.mark.parametrize(("host", "continued"), [(OPEN, True), ('{"version": "2.0"}', False)])
def test_a_message_is_continued_or_linked_as_the_telemetry_mode_says(watched: Watched, host: str, continued: bool) -> None:
    watched.packages.put(watched.site, {"host.json": host, "function_app.py": APP})
    watched.send("documents", ServiceBusMessage("x", application_properties={"Diagnostic-Id": PARENT, "traceparent": PARENT}))
    [row] = eventually(lambda: watched.ask("AppRequests | where Name == 'ingest'"))
    assert (row["OperationId"] == TRACE) is continued
    links = json.loads(json.loads(row["Properties"]).get("_MS.links", "[]")) if isinstance(row["Properties"], str) else []
    assert links == ([] if continued else [{"operation_Id": TRACE, "id": "b7ad6b7169203331"}])
    [line] = [line for line in watched.packages.lines(watched.site, function="ingest") if line.startswith("parent")]
    assert line.startswith(f"parent 00-{row['OperationId']}-{row['Id']}-")


def test_the_apps_own_spans_join_the_trace_of_the_message(watched: Watched) -> None:
    text = code(
        """
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import trace, propagate

configure_azure_monitor()

@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")
def ingest(msg: func.ServiceBusMessage, context: func.Context) -> None:
    parent = propagate.extract({"traceparent": context.trace_context.trace_parent})
    tracer = trace.get_tracer("ingest")
    with tracer.start_as_current_span("embed", context=parent, kind=trace.SpanKind.CLIENT, attributes={
        "server.address": "oai.openai.azure.com", "http.request.method": "POST", "url.full": "https://oai.openai.azure.com/x"}):
        time.sleep(0.01)
"""
    )
    # The distribution samples by rate: what comes at once with its own first calls may be dropped, here and on Azure.
    watched.scene.settings(watched.site, OTEL_BSP_SCHEDULE_DELAY="100", OTEL_TRACES_SAMPLER="always_on")
    watched.packages.put(watched.site, {
        "host.json": OPEN, "function_app.py": text, "requirements.txt": "azure-functions\nazure-monitor-opentelemetry\n",
        "oryx-manifest.toml": "",
    })  # fmt: skip
    watched.send("documents", ServiceBusMessage("x", application_properties={"Diagnostic-Id": PARENT}))
    [row] = eventually(lambda: watched.ask(f"AppDependencies | where OperationId == '{TRACE}'"), 30)
    [request] = watched.ask("AppRequests | where Name == 'ingest'")
    assert row["Target"].startswith("oai.openai.azure.com")
    assert row["ParentId"] == request["Id"]


def test_the_worker_exports_by_itself_where_a_setting_says_so(watched: Watched) -> None:
    text = code(
        """
from opentelemetry import trace

@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")
def ingest(msg: func.ServiceBusMessage) -> None:
    with trace.get_tracer("mine").start_as_current_span("step"):
        logging.warning("said by me")

@app.service_bus_queue_trigger(arg_name="msg", queue_name="talks", connection="Bus", is_sessions_enabled=True)
async def talk(msg: func.ServiceBusMessage) -> None:
    with trace.get_tracer("mine").start_as_current_span("talked"):
        pass
"""
    )
    watched.scene.settings(
        watched.site, PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY="true", OTEL_BSP_SCHEDULE_DELAY="100", OTEL_BLRP_SCHEDULE_DELAY="100",
        OTEL_TRACES_SAMPLER="always_on",
    )  # fmt: skip
    watched.packages.put(watched.site, {
        "host.json": OPEN, "function_app.py": text, "requirements.txt": "azure-functions\nazure-monitor-opentelemetry\n",
        "oryx-manifest.toml": "",
    })  # fmt: skip
    for queue in ("documents", "talks"):
        watched.send(queue, ServiceBusMessage("x", session_id="s", application_properties={"Diagnostic-Id": PARENT}))
    rows = eventually(lambda: found if len(found := watched.ask(f"AppDependencies | where OperationId == '{TRACE}'")) == 2 else None, 30)
    requests = {row["Name"]: row["Id"] for row in watched.ask("AppRequests")}
    assert {(row["Name"], row["ParentId"]) for row in rows} == {("step", requests["ingest"]), ("talked", requests["talk"])}
    lines = eventually(lambda: watched.ask("AppTraces | where Message == 'said by me'"))
    assert [row["OperationId"] for row in lines] == [TRACE]
