"""How a fault looks to who made the request: the service's own form of an error, a pause, a connection that ends."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from azlabs.simulator.faults import OPERATIONS, Fault
from azlabs.simulator.http import Answer, Dropped, json_answer
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

FORWARDED = "x-azlabs-forwarded"
"""Marks a request that another process of the same simulator has counted already."""


def struck(simulator: Simulator, fault: Fault, host: str, proceed: Callable[[], Answer]) -> Answer:
    """What a request is answered that a fault strikes; `proceed` does what it asks for."""
    if fault.kind in OPERATIONS:
        with simulator.faults.upon(fault):
            return proceed()
    if fault.kind == "delay":
        time.sleep(fault.seconds)
        return proceed()
    if fault.kind == "drop-before":
        return Dropped()
    if fault.kind == "drop-after":
        proceed()
        return Dropped()
    return _written(simulator, fault.refusal(), host)


def _written(simulator: Simulator, refused: Refused, host: str) -> Answer:
    """A refusal in the form of the service behind a host."""
    for domain, form in _FORMS.items():
        if host.endswith(domain):
            return form(simulator, refused)
    identifier = str(uuid.uuid4())
    return json_answer(refused.body(), refused.status, {"x-ms-request-id": identifier, **refused.headers})


def _cosmos(_simulator: Simulator, refused: Refused) -> Answer:
    from azlabs.simulator.data_planes.cosmos import front, throughput

    if refused.status == 429:
        refused = throughput.throttled(float(refused.headers.get("Retry-After", 0)))
    return front.answer_of(refused, str(uuid.uuid4()))


def _storage(simulator: Simulator, refused: Refused) -> Answer:
    from azlabs.simulator.data_planes.storage.asking import error, request_id

    if refused.status == 429:  # storage has no 429: it is busy
        busy = "The server is currently unable to receive requests. Please retry your request."
        refused = Refused(503, "ServerBusy", busy, headers=refused.headers)
    return error(refused, request_id(), simulator.clock.now())


def _service_bus(_simulator: Simulator, refused: Refused) -> Answer:
    from azlabs.simulator.data_planes.service_bus.atom.descriptions import error

    text = error(refused.status, f"{refused.code}: {refused.message}")
    return Answer(refused.status, {"Content-Type": "application/xml; charset=utf-8", **refused.headers}, text.encode())


def _telemetry(_simulator: Simulator, refused: Refused) -> Answer:
    errors = [{"index": 0, "statusCode": refused.status, "message": refused.message}]
    return json_answer({"itemsReceived": 0, "itemsAccepted": 0, "errors": errors}, refused.status, refused.headers)


_FORMS: dict[str, Callable[[Simulator, Refused], Answer]] = {
    ".documents.azure.com": _cosmos,
    ".core.windows.net": _storage,
    ".applicationinsights.azure.com": _telemetry,
    ".servicebus.windows.net": _service_bus,
}
