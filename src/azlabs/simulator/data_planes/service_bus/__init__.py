"""The data plane of Service Bus: a broker that speaks AMQP 1.0, and the administration API under https.

`handle` answers https requests to <namespace>.servicebus.windows.net. The broker is `service.ServiceBus`; a host process opens
its ports with `doorway.Doorway`. Entities are those of the control plane; messages are in a file of their own beside its store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.http import Answer, Request


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Answer one request of an administration client, or the opening of a WebSocket."""
    if path.lower().startswith("/$servicebus/websocket"):
        from azlabs.simulator.data_planes.service_bus import websocket

        return websocket.answer(simulator, request)
    from azlabs.simulator.data_planes.service_bus.atom import front

    return front.handle(simulator, request, path, query)
