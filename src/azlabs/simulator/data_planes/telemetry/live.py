"""Hosts that exporters of Application Insights talk to beside ingestion: live metrics, which nobody watches, and settings of
the SDKs, of which there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, Request, json_answer, split_url

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

_LIVE = frozenset({"/quickpulseservice.svc/ping", "/quickpulseservice.svc/post"})
_SETTINGS = ("/azmonsdkdynamicconfiguration", "/azmonsdkdynamicconfigurationchanges")


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Answer a request to one of them."""
    host, lower = split_url(request.url)[0], path.lower().rstrip("/")
    if host == "dc.services.visualstudio.com":
        from azlabs.simulator.data_planes.telemetry import front

        return front.handle(simulator, request, path, query)
    if lower in _LIVE and request.method.upper() == "POST":
        return Answer(200, {"x-ms-qps-subscribed": "false", "Content-Type": "application/json"}, b"")
    if lower in _SETTINGS and host == "settings.sdk.monitor.azure.com":
        return json_answer({"settings": {}}, 200, {"x-ms-onesetinterval": "1440"})
    if host.endswith(".ods.opinsights.azure.com"):
        message = "The simulator does not model the HTTP Data Collector API. Send telemetry through Application Insights."
        return json_answer({"error": {"code": "NotModelledBySimulator", "message": message}}, 501)
    message = f"The host '{host[:200]}' does not answer {request.method[:10]} {path[:200]}."
    return json_answer({"error": {"code": "NotFound", "message": message}}, 404)
