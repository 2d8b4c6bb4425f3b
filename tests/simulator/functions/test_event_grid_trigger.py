"""Events delivered to an app's webhook, and the messages that its functions send to Service Bus."""

from __future__ import annotations

import json

import pytest
from azure.servicebus import ServiceBusClient

from .running import Packages, code
from .scene import WEB, Scene

BUS = "2024-01-01"
SENDER = "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"
EVENTS = """
@app.event_grid_trigger("event")
@app.service_bus_queue_output("out", queue_name="arrivals", connection="HarbourBus")
def arrived(event: func.EventGridEvent, out: func.Out[str]) -> None:
    ship = event.get_json()
    if ship.get("name") == "ghost":
        raise ValueError("no such ship")
    out.set(f"{event.event_type} {event.subject} {ship['name']}")


@app.event_grid_trigger("event")
@app.service_bus_queue_output("out", queue_name="arrivals", connection="HarbourBus")
def clouds(event: func.CloudEvent, out: func.Out[str]) -> None:
    out.set(f"{event.type} {event.source} {event.get_json()}")
"""


class Harbour:
    def __init__(self, scene: Scene, packages: Packages) -> None:
        self.scene = scene
        self.bus = f"{scene.root}/Microsoft.ServiceBus/namespaces/sb-harbour"
        scene.arm("PUT", self.bus, BUS, {"location": "westeurope", "sku": {"name": "Standard", "tier": "Standard"}})
        scene.arm("PUT", f"{self.bus}/queues/arrivals", BUS, {"properties": {}})
        host = "sb-harbour.servicebus.windows.net"
        fields = {"fullyQualifiedNamespace": host, "credential": "managedidentity", "clientId": scene.client_id}
        self.site = scene.dedicated(settings={f"HarbourBus__{name}": value for name, value in fields.items()})
        packages.put(self.site, {"function_app.py": code(EVENTS)})
        self.app = packages.app(self.site)
        assert self.app.problems == {}
        self.key = scene.arm("POST", f"{self.site}/host/default/listkeys", WEB)["systemKeys"]["eventgrid_extension"]

    def deliver(self, events: object, function: str = "arrived", kind: str = "Notification", key: str = "") -> tuple[int, bytes]:
        path = f"/runtime/webhooks/eventgrid?functionName={function}&code={key or self.key}"
        answer = self.scene.call("func-b1", path, "POST", json.dumps(events).encode(), aeg_event_type=kind)
        return answer.status, answer.body

    def texts(self) -> list[str]:
        client = self.scene.cloud.client(ServiceBusClient, fully_qualified_namespace="sb-harbour.servicebus.windows.net")
        with client.get_queue_receiver("arrivals") as receiver:
            return [str(one) for one in receiver.peek_messages(20)]


@pytest.fixture
def harbour(scene: Scene, packages: Packages) -> Harbour:
    return Harbour(scene, packages)


def event(name: str) -> dict[str, object]:
    return {
        "id": "1", "topic": "t", "subject": "/berths/4", "eventType": "Harbour.Arrived", "eventTime": "2026-01-01T00:00:00Z",
        "dataVersion": "1", "data": {"name": name},
    }  # fmt: skip


def test_the_webhook_proves_itself_in_both_schemas(harbour: Harbour) -> None:
    validation = [{"id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "C0DE"}}]
    status, body = harbour.deliver(validation, kind="SubscriptionValidation")
    assert (status, json.loads(body)) == (200, {"validationResponse": "C0DE"})
    path = f"/runtime/webhooks/eventgrid?functionName=clouds&code={harbour.key}"
    answer = harbour.scene.call("func-b1", path, "OPTIONS", WebHook_Request_Origin="eventgrid.azure.net")
    assert (answer.status, answer.headers["WebHook-Allowed-Origin"]) == (200, "eventgrid.azure.net")
    assert harbour.deliver(validation, key="wrong")[0] == 401
    assert harbour.deliver(validation, function="nobody")[0] == 404


def test_each_event_starts_the_function_which_sends_to_service_bus(harbour: Harbour) -> None:
    assert harbour.deliver([event("Gull")])[0] == 500
    harbour.scene.allow(SENDER, scope=f"{harbour.bus}/queues/arrivals")
    assert harbour.deliver([event("Gull"), event("Tern")])[0] == 202
    cloud = {"specversion": "1.0", "id": "2", "source": "/harbour", "type": "Sailed", "data": "Gull"}
    assert harbour.deliver([cloud], function="clouds")[0] == 202
    assert harbour.texts() == ["Harbour.Arrived /berths/4 Gull", "Harbour.Arrived /berths/4 Tern", "Sailed /harbour Gull"]
    assert harbour.deliver([event("ghost")])[0] == 500
    assert harbour.deliver("nonsense")[0] == 400
