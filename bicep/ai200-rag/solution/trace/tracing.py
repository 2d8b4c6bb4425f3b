"""One trace from the editors' system to the database, with the note's id on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import azure.functions as func
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import context as current
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_tracer = trace.get_tracer(__name__)


def start() -> None:
    """Send spans to Application Insights where the setting APPLICATIONINSIGHTS_CONNECTION_STRING names one."""
    if os.environ.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        configure_azure_monitor()


@contextmanager
def part_of(context: func.Context, name: str) -> Iterator[None]:
    """A span that continues the trace of the function's own request."""
    parent = {"traceparent": context.trace_context.trace_parent, "tracestate": context.trace_context.trace_state}
    found = TraceContextTextMapPropagator().extract({key: value for key, value in parent.items() if value})
    token = current.attach(found)
    try:
        with _tracer.start_as_current_span(name):
            yield
    finally:
        current.detach(token)


def say(document: str, revision: int) -> None:
    """Put on the span which note it is."""
    trace.get_current_span().set_attributes({"document.id": document, "document.revision": revision})


@contextmanager
def call(name: str, url: str) -> Iterator[None]:
    """A span around a call that the distribution does not see by itself."""
    attributes = {"server.address": urlsplit(url).hostname or "", "http.request.method": "POST"}
    with _tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes):
        yield
