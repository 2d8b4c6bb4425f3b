"""What the host itself sends to Application Insights: a request for each invocation, its log lines, its exceptions.

Sent from a thread, to the ingestion endpoint of the app's connection string, in the form in which Azure's exporters send it.
In OpenTelemetry mode the host keeps lines of the app's own code to itself when the worker exports them (as Azure's does).
"""

from __future__ import annotations

import contextlib
import gzip
import queue
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.tracing import Trace
from azlabs.simulator.http import Request, dumps

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

SETTING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
AUDIENCE = "https://monitor.azure.com"
DEFAULT_ENDPOINT = "https://dc.services.visualstudio.com"
BATCH = 200
MOST_WAITING = 5000
SEVERITIES = {
    "Trace": "Verbose",
    "Debug": "Verbose",
    "Information": "Information",
    "Warning": "Warning",
    "Error": "Error",
    "Critical": "Critical",
}
Envelope = dict[str, Any]


class Telemetry:
    """Sends what one app's host has to tell; does nothing when the app has no connection string."""

    def __init__(self, app: App) -> None:
        self._app = app
        text = app.settings.get(SETTING) or ""
        parts = {
            key.strip().lower(): value.strip() for key, _, value in (one.partition("=") for one in text.split(";"))
        }
        self._key = parts.get("instrumentationkey") or app.settings.get("APPINSIGHTS_INSTRUMENTATIONKEY", "")
        self._endpoint = (parts.get("ingestionendpoint") or DEFAULT_ENDPOINT).rstrip("/")
        self._waiting: queue.Queue[Envelope | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._told = False
        if self._key and urlsplit(self._endpoint).hostname:
            self._thread = threading.Thread(target=self._run, name="azlabs-host-telemetry", daemon=True)
            self._thread.start()

    def request(
        self,
        function: str,
        trace: Trace,
        invocation: str,
        at: float,
        seconds: float,
        ok: bool,
        code: str,
        url: str,
        reason: str,
    ) -> None:
        """One invocation is over."""
        properties = {
            "InvocationId": invocation, "FullName": f"Functions.{function}", "TriggerReason": reason, "Category": "Host.Results",
            "HostInstanceId": self._app.instance, "ProcessId": "1", "LogLevel": "Information" if ok else "Error",
        }  # fmt: skip
        if trace.links:
            properties["_MS.links"] = dumps(
                [{"operation_Id": operation, "id": span} for operation, span in trace.links]
            )
        data = {
            "ver": 2, "id": trace.span, "name": function, "duration": _duration(seconds), "success": ok, "responseCode": code,
            "url": url or None, "properties": {key: value for key, value in properties.items() if value},
        }  # fmt: skip
        tags = {"ai.operation.parentId": trace.parent} if trace.parent else {}
        self._put(
            "Request",
            "RequestData",
            {key: value for key, value in data.items() if value is not None},
            trace,
            function,
            at,
            tags,
        )

    def line(
        self, text: str, level: str, category: str, trace: Trace | None, function: str, invocation: str, at: float
    ) -> None:
        """One line of the log."""
        properties = {
            "Category": category,
            "LogLevel": level,
            "InvocationId": invocation,
            "HostInstanceId": self._app.instance,
        }
        data = {
            "ver": 2, "message": text[:32768], "severityLevel": SEVERITIES.get(level, "Information"),
            "properties": {key: value for key, value in properties.items() if value},
        }  # fmt: skip
        self._put("Message", "MessageData", data, trace, function, at, _below(trace))

    def exception(
        self, kind: str, text: str, stack: str, trace: Trace, function: str, invocation: str, at: float
    ) -> None:
        """An invocation has failed."""
        detail = {
            "typeName": kind or "Exception",
            "message": text[:32768] or kind,
            "hasFullStack": bool(stack),
            "stack": stack[:32768],
        }
        properties = {"Category": "Host.Results", "LogLevel": "Error", "InvocationId": invocation}
        data = {"ver": 2, "exceptions": [detail], "severityLevel": "Error", "properties": properties}
        self._put("Exception", "ExceptionData", data, trace, function, at, _below(trace))

    def _put(
        self,
        name: str,
        kind: str,
        data: Envelope,
        trace: Trace | None,
        function: str,
        at: float,
        tags: Mapping[str, str],
    ) -> None:
        if self._thread is None:
            return
        common = {
            "ai.cloud.role": self._app.name,
            "ai.cloud.roleInstance": self._app.instance,
            "ai.internal.sdkVersion": "azlabsfunc:1.0",
        }
        if trace is not None:
            common["ai.operation.id"] = trace.operation
        if function:
            common["ai.operation.name"] = function
        envelope = {
            "name": f"Microsoft.ApplicationInsights.{name}", "time": datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"),
            "iKey": self._key, "sampleRate": 100.0, "tags": {**common, **tags}, "data": {"baseType": kind, "baseData": data},
        }  # fmt: skip
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(envelope)

    def _run(self) -> None:
        while True:
            first = self._waiting.get()
            if first is None:
                return
            batch, last = [first], False
            with contextlib.suppress(queue.Empty):
                while len(batch) < BATCH:
                    one = self._waiting.get_nowait()
                    if one is None:
                        last = True
                        break
                    batch.append(one)
            self._send(batch)
            if last:
                return

    def _send(self, batch: list[Envelope]) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        authentication = self._app.settings.get(AUTHENTICATION, "")
        try:
            if authentication.lower().startswith("authorization=aad"):
                fields = {
                    key.strip().lower(): value.strip()
                    for key, _, value in (one.partition("=") for one in authentication.split(";"))
                }
                headers["Authorization"] = f"Bearer {self._app.token(AUDIENCE, fields.get('clientid', ''))}"
            body = gzip.compress(dumps(batch).encode("utf-8", "replace"), 1)
            answer = self._app.simulator.handle(Request("POST", f"{self._endpoint}/v2.1/track", headers, body))
            problem = f"the ingestion endpoint answered {answer.status}" if answer.status >= 300 else ""
        except (FunctionProblem, ValueError) as found:
            problem = str(found)
        if problem and not self._told:
            self._told = True
            self._app.log.write("Warning", f"The host's telemetry could not be sent: {problem}.")

    def close(self) -> None:
        """Send what is left."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put(None, timeout=1)
            self._thread.join(3)


def _below(trace: Trace | None) -> dict[str, str]:
    return {"ai.operation.parentId": trace.span} if trace is not None else {}


def _duration(seconds: float) -> str:
    """d.hh:mm:ss.ffffff, as the ingestion endpoint takes it."""
    whole = int(seconds)
    days, rest = divmod(whole, 86400)
    return f"{days}.{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}.{int((seconds - whole) * 1_000_000):06d}"
