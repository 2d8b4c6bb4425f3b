"""What a function gets as `context`, and the trace that its spans continue."""

from __future__ import annotations

import contextlib
import sys
from types import SimpleNamespace
from typing import Any

from . import lines


def context_class() -> type:
    """azure.functions.Context made concrete."""
    import azure.functions as azf

    class Context(azf.Context):  # type: ignore[misc]
        def __init__(
            self, function: str, invocation: str, folder: str, trace: dict[str, Any], retry: dict[str, Any] | None
        ) -> None:
            self._values = (function, invocation, folder)
            self._trace = SimpleNamespace(
                trace_parent=trace.get("parent", ""),
                trace_state=trace.get("state", ""),
                attributes=trace.get("attributes", {}),
                Traceparent=trace.get("parent", ""),
                Tracestate=trace.get("state", ""),
            )
            self._retry = SimpleNamespace(
                retry_count=(retry or {}).get("count", 0), max_retry_count=(retry or {}).get("most", 0),
                exception=SimpleNamespace(**((retry or {}).get("exception") or {"source": "", "stack_trace": "", "message": ""})),
            )  # fmt: skip

        @property
        def function_name(self) -> str:
            return self._values[0]

        @property
        def invocation_id(self) -> str:
            return self._values[1]

        @property
        def function_directory(self) -> str:
            return self._values[2]

        @property
        def thread_local_storage(self) -> Any:
            return lines.local

        @property
        def trace_context(self) -> Any:
            return self._trace

        @property
        def retry_context(self) -> Any:
            return self._retry

    return Context


def out_class() -> type:
    """azure.functions.Out made concrete."""
    import azure.functions as azf

    class Out(azf.Out):  # type: ignore[misc]
        value: Any = None

        def set(self, val: Any) -> None:
            self.value = val

        def get(self) -> Any:
            return self.value

    return Out


def attach_trace(parent: str) -> Any:
    """Make the invocation's trace the current one, as the worker does where it was told to use OpenTelemetry."""
    if not parent:
        return None
    try:
        from opentelemetry import context, propagate

        return context.attach(propagate.extract({"traceparent": parent}))
    except ImportError:
        return None


def start_telemetry(settings: dict[str, str]) -> str:
    """Start Azure Monitor's distribution where a setting asks the worker to; returns what went wrong."""
    if settings.get("PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", "").lower() not in ("1", "true", "yes"):
        return ""
    try:
        from azure.monitor.opentelemetry import configure_azure_monitor

        configure_azure_monitor(
            connection_string=settings.get("APPLICATIONINSIGHTS_CONNECTION_STRING"),
            logger_name=settings.get("PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME", ""),
        )
    except ImportError:
        return "The setting PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY needs azure-monitor-opentelemetry in requirements.txt."
    except Exception as problem:
        return f"Azure Monitor's OpenTelemetry distribution could not be started: {problem}."
    return ""


def flush_telemetry() -> None:
    """Give exporters that were started a moment to send what they hold."""
    trace = sys.modules.get("opentelemetry.trace")
    logs = sys.modules.get("opentelemetry._logs")
    for provider in (trace and trace.get_tracer_provider(), logs and logs.get_logger_provider()):
        flush = getattr(provider, "force_flush", None)
        if flush is not None:
            with contextlib.suppress(Exception):
                flush(1000)
