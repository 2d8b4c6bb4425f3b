"""Events that are published to a topic, and where they go."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from azure.servicebus import ServiceBusClient
from azure.storage.queue import QueueServiceClient

from azlabs.simulator import Answer, Request
from azlabs.simulator.data_planes.event_grid import delivery, filters

from ..functions.running import Packages, code
from ..functions.scene import STORAGE, Scene, eventually

GRID = "2025-02-15"
SENDER = "d5a91429-5739-47e2-a06b-3470a27159e7"
URL = "https://arrivals.westeurope-1.eventgrid.azure.net/api/events"
APP = """
@app.event_grid_trigger("event")
@app.queue_output("out", queue_name="seen", connection="HarbourStore")
def arrived(event: func.EventGridEvent, out: func.Out[str]) -> None:
    ship = event.get_json()
    if ship["name"] == "ghost":
        raise ValueError("no such ship")
    out.set(f"{event.event_type} {ship['name']}")


@app.route("tell/{name}")
@app.event_grid_output("event", topic_endpoint_uri="GridUri", topic_key_setting="GridKey")
def tell(req: func.HttpRequest, event: func.Out[func.EventGridOutputEvent]) -> str:
    event.set(func.EventGridOutputEvent(id="1", data={"name": req.route_params["name"]}, subject="/berths/4", event_type="Arrived",
                                        event_time=None, data_version="1"))
    return "ok"
"""


class Grid:
    """A topic `arrivals`, and ways to subscribe to it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.topic = f"{scene.root}/Microsoft.EventGrid/topics/arrivals"
        scene.arm("PUT", self.topic, GRID, {"location": "westeurope", "properties": {}})
        self.key = scene.arm("POST", f"{self.topic}/listKeys", GRID)["key1"]

    def subscribe(self, kind: str, properties: dict[str, Any], name: str = "one-sub", **more: Any) -> None:
        body = {"properties": {"destination": {"endpointType": kind, "properties": properties}, **more}}
        self.scene.arm("PUT", f"{self.topic}/providers/Microsoft.EventGrid/eventSubscriptions/{name}", GRID, body)

    def send(self, *events: dict[str, Any], **headers: str) -> Answer:
        sent = {"Content-Type": "application/json", "aeg-sas-key": self.key, **headers}
        return self.scene.simulator.handle(Request("POST", URL, sent, json.dumps(list(events)).encode()))

    def queued(self, name: str) -> list[str]:
        transport = self.scene.cloud.open_transport()
        queue = QueueServiceClient.from_connection_string(self.scene.connection_string(), transport=transport).get_queue_client(name)
        try:
            return [base64.b64decode(one.content).decode() for one in queue.peek_messages(32)]
        except Exception:
            return []


@pytest.fixture
def grid() -> Any:
    with Scene() as scene:
        yield Grid(scene)


def event(name: str, kind: str = "Arrived", subject: str = "/berths/4", **data: Any) -> dict[str, Any]:
    return {
        "id": name, "subject": subject, "eventType": kind, "eventTime": "2026-01-01T00:00:00Z", "dataVersion": "1",
        "data": {"name": name, **data},
    }  # fmt: skip


def test_events_go_to_a_storage_queue_by_the_filter(grid: Grid) -> None:
    deep = {"operatorType": "NumberGreaterThan", "key": "data.depth", "value": 5}
    wanted = {"includedEventTypes": ["Arrived"], "advancedFilters": [deep]}
    grid.subscribe("StorageQueue", {"resourceId": grid.scene.storage, "queueName": "ships"}, filter=wanted)
    assert grid.send(event("a", depth=9), event("b", depth=2), event("c", "Sailed", depth=9)).status == 200
    found = [json.loads(text) for text in grid.queued("ships")]
    assert [one["id"] for one in found] == ["a"]
    assert found[0]["topic"] == grid.topic


def test_events_go_to_service_bus(grid: Grid) -> None:
    scene = grid.scene
    bus = f"{scene.root}/Microsoft.ServiceBus/namespaces/sb-harbour"
    scene.arm("PUT", bus, "2024-01-01", {"location": "westeurope", "sku": {"name": "Standard", "tier": "Standard"}})
    scene.arm("PUT", f"{bus}/queues/ships", "2024-01-01", {"properties": {}})
    grid.subscribe("ServiceBusQueue", {"resourceId": f"{bus}/queues/ships"})
    assert grid.send(event("a")).status == 200
    client = scene.cloud.client(ServiceBusClient, fully_qualified_namespace="sb-harbour.servicebus.windows.net")
    with client.get_queue_receiver("ships") as receiver:
        assert [json.loads(str(one))["id"] for one in receiver.peek_messages(5)] == ["a"]


def test_who_may_publish(grid: Grid) -> None:
    assert grid.send(event("a"), **{"aeg-sas-key": "wrong"}).status == 401
    nobody = grid.scene.simulator.token(grid.scene.simulator.sign_in_secret(grid.scene.principal_id)[0], "https://eventgrid.azure.net")

    def by_token() -> int:
        body = json.dumps([event("a")]).encode()
        return grid.scene.simulator.handle(Request("POST", URL, {"Authorization": f"Bearer {nobody}"}, body)).status

    assert by_token() == 403
    grid.scene.allow(SENDER, scope=grid.topic)
    assert by_token() == 200
    grid.scene.arm("PATCH", grid.topic, GRID, {"properties": {"disableLocalAuth": True}})
    assert grid.send(event("a")).status == 401


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"[1]", json.dumps([{"id": "1"}]).encode(), json.dumps({"id": "1", "subject": "x"}).encode()]
)
def test_events_that_are_not_good_are_refused(grid: Grid, body: bytes) -> None:
    answer = grid.scene.simulator.handle(Request("POST", URL, {"aeg-sas-key": grid.key}, body))
    assert answer.status == 400


def test_a_function_gets_events_again_until_it_takes_them(grid: Grid, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSES", (0.2, 0.2))
    scene = grid.scene
    packages = Packages(scene, tmp_path)
    site = scene.dedicated(settings={"HarbourStore": scene.connection_string(), "GridUri": URL, "GridKey": grid.key})
    packages.put(site, {"function_app.py": code(APP)})
    assert packages.app(site).problems == {}
    dead = {"endpointType": "StorageBlob", "properties": {"resourceId": scene.storage, "blobContainerName": "dead"}}
    scene.arm("PUT", f"{scene.storage}/blobServices/default/containers/dead", STORAGE, {})
    grid.subscribe(
        "AzureFunction", {"resourceId": f"{site}/functions/arrived"}, deadLetterDestination=dead,
        retryPolicy={"maxDeliveryAttempts": 3, "eventTimeToLiveInMinutes": 60},
    )  # fmt: skip
    assert scene.call("func-b1", "/api/tell/Gull").status == 200
    assert eventually(lambda: grid.queued("seen")) == ["Arrived Gull"]
    assert grid.send(event("ghost")).status == 200
    from azure.storage.blob import BlobServiceClient

    blobs = BlobServiceClient.from_connection_string(scene.connection_string(), transport=scene.cloud.open_transport())
    (blob,) = eventually(lambda: list(blobs.get_container_client("dead").list_blobs()))
    (found,) = json.loads(blobs.get_blob_client("dead", blob.name).download_blob().readall())
    assert (found["id"], found["deliveryAttempts"], found["deadLetterReason"]) == ("ghost", 3, "MaxDeliveryAttemptsExceeded")


@pytest.mark.parametrize(
    ("one", "fits"),
    [
        ({"operatorType": "StringIn", "key": "data.name", "values": ["GULL", "tern"]}, True),
        ({"operatorType": "StringNotIn", "key": "data.name", "values": ["gull"]}, False),
        ({"operatorType": "StringBeginsWith", "key": "subject", "values": ["/berths"]}, True),
        ({"operatorType": "StringNotContains", "key": "subject", "values": ["berth"]}, False),
        ({"operatorType": "NumberInRange", "key": "data.depth", "values": [[1, 5], [8, 9]]}, True),
        ({"operatorType": "NumberNotInRange", "key": "data.depth", "values": [[1, 5]]}, True),
        ({"operatorType": "NumberLessThanOrEquals", "key": "data.depth", "value": 8}, True),
        ({"operatorType": "NumberIn", "key": "data.name", "values": [1]}, False),
        ({"operatorType": "BoolEquals", "key": "data.open", "value": True}, True),
        ({"operatorType": "IsNotNull", "key": "data.nothing"}, False),
        ({"operatorType": "IsNullOrUndefined", "key": "data.nothing.more"}, True),
        ({"operatorType": "StringNotEndsWith", "key": "data.nothing", "values": ["x"]}, True),
    ],
)
def test_advanced_filters(one: dict[str, Any], fits: bool) -> None:
    assert filters.wants({"advancedFilters": [one]}, event("Gull", depth=8, open=True)) is fits


def test_subjects_are_compared_without_case_unless_told_otherwise() -> None:
    assert filters.wants({"subjectBeginsWith": "/BERTHS", "subjectEndsWith": "4"}, event("a"))
    assert not filters.wants({"subjectBeginsWith": "/BERTHS", "isSubjectCaseSensitive": True}, event("a"))
    assert not filters.wants({"includedEventTypes": ["Sailed"]}, event("a"))
    assert filters.wants({"includedEventTypes": ["All"]}, event("a"))
