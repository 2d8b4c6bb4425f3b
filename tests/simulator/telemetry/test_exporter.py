"""The unmodified exporters of Azure Monitor OpenTelemetry, and what an operator then finds by query."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from tests.simulator.telemetry.conftest import COMPONENT, PUBLISHER, Place

from azlabs.cloud.transport import InProcessTransport

exporter = pytest.importorskip("azure.monitor.opentelemetry.exporter")
EDITORS = "0af7651916cd43dd8448eb211c80319c"
SENDER = "b7ad6b7169203331"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the exporter does beside sending has tests of its own with a real connection."""
    for name in ("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
                 "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED"):  # fmt: skip
        monkeypatch.setenv(name, "true")


@pytest.fixture
def tracer(place: Place) -> Iterator[Any]:
    """A tracer whose spans are sent when the provider is shut down."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "func-docs", "service.instance.id": "one"}))
    sender = exporter.AzureMonitorTraceExporter(
        connection_string=place.facts["ConnectionString"], transport=InProcessTransport(place.handler()), disable_offline_storage=True
    )
    provider.add_span_processor(SimpleSpanProcessor(sender))
    yield provider.get_tracer("test")
    provider.shutdown()


def remote() -> Any:
    """The context that came with a message."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": f"00-{EDITORS}-{SENDER}-01"})


def test_a_message_is_followed_from_its_trace_id_through_the_function_the_model_and_the_database(place: Place, tracer: Any) -> None:
    from opentelemetry.trace import SpanKind

    with tracer.start_as_current_span("ingest", context=remote(), kind=SpanKind.CONSUMER, attributes={"document.id": "ops-014"}):
        call = {
            "http.request.method": "POST", "url.full": "https://oai-x.openai.azure.com/embeddings", "server.port": 443,
            "server.address": "oai-x.openai.azure.com", "http.response.status_code": 200,
        }  # fmt: skip
        with tracer.start_as_current_span("embed", kind=SpanKind.CLIENT, attributes=call):
            pass
        store = {"db.system": "cosmosdb", "server.address": "cosmos-x.documents.azure.com"}
        with tracer.start_as_current_span("upsert", kind=SpanKind.CLIENT, attributes=store):
            pass
    (request,) = place.rows(
        f"AppRequests | where OperationId == '{EDITORS}' | project Id, ParentId, Name, AppRoleName, AppRoleInstance, Properties, SDKVersion"
    )
    assert request[1:5] == [SENDER, "ingest", "func-docs", "one"]
    assert json.loads(request[5])["document.id"] == "ops-014" and ":otel" in request[6]
    found = place.rows(
        f"AppRequests | where OperationId == '{EDITORS}' | join kind=inner (AppDependencies) on $left.Id == $right.ParentId "
        "| project Name1, Target, DependencyType, OperationId1 | order by Name1 asc"
    )
    assert [row[3] for row in found] == [EDITORS] * 2
    assert {row[1].partition(":")[0].partition("|")[0] for row in found} == {"oai-x.openai.azure.com", "cosmos-x.documents.azure.com"}


def test_a_batch_names_the_messages_it_came_from_as_links(place: Place, tracer: Any) -> None:
    from opentelemetry import trace

    context = trace.get_current_span(remote()).get_span_context()
    with tracer.start_as_current_span("ingest", kind=trace.SpanKind.CONSUMER, links=[trace.Link(context)]):
        pass
    linked = (
        "AppRequests | mv-expand link = parse_json(tostring(Properties['_MS.links'])) "
        "| project op = tostring(link.operation_Id), id = link.id"
    )
    assert place.rows(f"{linked} | where op == '{EDITORS}'") == [[EDITORS, SENDER]]
    assert place.classic("requests | project tostring(customDimensions['_MS.links']) has '" + EDITORS + "'") == [[True]]
    assert place.rows(f"AppRequests | where OperationId == '{EDITORS}' | count") == [[0]]


def test_logs_exceptions_and_metrics(place: Place) -> None:
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    options: dict[str, Any] = {"connection_string": place.facts["ConnectionString"], "disable_offline_storage": True}
    logs = LoggerProvider()
    logs.add_log_record_processor(
        SimpleLogRecordProcessor(exporter.AzureMonitorLogExporter(transport=InProcessTransport(place.handler()), **options))
    )
    logger = logging.Logger("harbour")
    logger.addHandler(LoggingHandler(logger_provider=logs))
    logger.warning("tide is %s", "high", extra={"berth": 7})
    logger.warning("moored", extra={"microsoft.custom_event.name": "arrival"})
    try:
        raise ValueError("no berth")
    except ValueError:
        logger.exception("failed")
    logs.shutdown()
    reader = PeriodicExportingMetricReader(
        exporter.AzureMonitorMetricExporter(transport=InProcessTransport(place.handler()), **options), export_interval_millis=3_600_000
    )
    meter = MeterProvider([reader])
    meter.get_meter("m").create_counter("ships").add(3, {"kind": "ferry"})
    meter.force_flush()
    meter.shutdown()
    assert place.rows("AppTraces | project Message, SeverityLevel, tostring(Properties.berth)") == [["tide is high", 2, "7"]]
    assert place.rows("AppEvents | project Name") == [["arrival"]]
    assert place.rows("AppExceptions | project ExceptionType, OuterMessage") == [["ValueError", "failed"]]
    assert place.rows("AppMetrics | where Name == 'ships' | project Sum, tostring(Properties.kind) | take 1") == [[3.0, "ferry"]]


def test_a_credential_with_the_role_is_enough_where_keys_are_off(place: Place) -> None:
    from azure.core.credentials import AccessToken
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    place.component(DisableLocalAuth=True)

    class Credential:
        def __init__(self, role: str) -> None:
            self.principal = place.someone(role, COMPONENT, name=role or "none")

        def get_token(self, scope: str, **_options: Any) -> Any:
            return AccessToken(place.simulator.token(self.principal, scope.removesuffix("/.default")), 2**33)

    for role, expected in (("", 0), (PUBLISHER, 1)):
        provider = TracerProvider()
        sender = exporter.AzureMonitorTraceExporter(
            connection_string=place.facts["ConnectionString"], credential=Credential(role), disable_offline_storage=True,
            transport=InProcessTransport(place.handler()),
        )  # fmt: skip
        provider.add_span_processor(SimpleSpanProcessor(sender))
        with provider.get_tracer("t").start_as_current_span("work"):
            pass
        provider.shutdown()
        assert place.rows("AppDependencies | where Name == 'work' | count") == [[expected]]
