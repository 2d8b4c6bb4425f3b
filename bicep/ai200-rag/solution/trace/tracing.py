"""One trace from the editors' system to the database, with the note's id on it."""

from collections.abc import Iterator
from contextlib import contextmanager

import azure.functions as func
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import propagate, trace

_tracer = trace.get_tracer(__name__)


def start() -> None:
    """Send spans to Application Insights, also those of the SDKs' own requests.

    The setting APPLICATIONINSIGHTS_CONNECTION_STRING says where to.
    """
    configure_azure_monitor(enable_live_metrics=False)


@contextmanager
def part_of(context: func.Context, name: str) -> Iterator[None]:
    """A span that continues the trace of the function's own request."""
    parent = propagate.extract({"traceparent": context.trace_context.trace_parent})
    with _tracer.start_as_current_span(name, context=parent):
        yield


def say(document: str) -> None:
    """Put on the span which note it is."""
    trace.get_current_span().set_attribute("document.id", document)
