"""A namespace with a running broker, and the real SDK against it."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from azlabs.simulator import SUBSCRIPTION_ID, Request, Simulator
from azlabs.simulator.data_planes.service_bus.service import ServiceBus

servicebus = pytest.importorskip("azure.servicebus")
logging.getLogger("azure").setLevel(logging.CRITICAL)
API = "2024-01-01"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/post"
NAME = "skerrybank"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK looks every 50 ms whether a link is open, every second whether its connection is closed: let it look more often."""
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep({0.05: 0.002, 1: 0.02}.get(seconds, seconds)))
    nap = asyncio.sleep

    def shorter(seconds: float, *more: Any) -> Any:
        of_the_broker = threading.current_thread().name.startswith("azlabs")
        return nap(seconds if of_the_broker else {0.05: 0.002, 1: 0.02}.get(seconds, seconds), *more)

    monkeypatch.setattr(asyncio, "sleep", shorter)


class Namespace:
    """A Service Bus namespace of a simulator, and the SDK's ways into it."""

    def __init__(self, simulator: Simulator, name: str = NAME, sku: str = "Standard") -> None:
        self.simulator, self.name, self.id = (
            simulator,
            name,
            f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/{name}",
        )
        self.arm("PUT", GROUP, {"location": "westeurope"}, "2024-11-01")
        self.arm("PUT", self.id, {"location": "westeurope", "sku": {"name": sku}})
        self.key = self.keys(self.id)
        self.bus = ServiceBus(simulator)

    def arm(self, method: str, id: str, body: Any = None, version: str = API) -> Any:
        raw = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.simulator.owner_token()}", "Content-Type": "application/json"}
        answer = self.simulator.handle(
            Request(method, f"https://management.azure.com{id}?api-version={version}", headers, raw)
        )
        assert answer.status < 400, answer.body
        return answer.json()

    def keys(self, id: str, rule: str = "RootManageSharedAccessKey") -> str:
        return str(self.arm("POST", f"{id}/authorizationRules/{rule}/listKeys")["primaryKey"])

    def queue(self, name: str, **properties: Any) -> str:
        self.arm("PUT", f"{self.id}/queues/{name}", {"properties": properties})
        return name

    def topic(self, name: str, **subscriptions: dict[str, Any]) -> str:
        self.arm("PUT", f"{self.id}/topics/{name}", {"properties": {}})
        for subscription, properties in subscriptions.items():
            self.arm("PUT", f"{self.id}/topics/{name}/subscriptions/{subscription}", {"properties": properties})
        return name

    def rule(self, topic: str, subscription: str, name: str, **properties: Any) -> None:
        self.arm(
            "PUT", f"{self.id}/topics/{topic}/subscriptions/{subscription}/rules/{name}", {"properties": properties}
        )

    def without_rules(self, topic: str, subscription: str) -> None:
        self.arm("DELETE", f"{self.id}/topics/{topic}/subscriptions/{subscription}/rules/$Default")

    def connection_string(self, name: str = "RootManageSharedAccessKey", key: str = "") -> str:
        return (
            f"Endpoint=sb://127.0.0.1:{self.bus.port};SharedAccessKeyName={name};SharedAccessKey={key or self.key};"
            "UseDevelopmentEmulator=true;"
        )

    def client(self, text: str = "") -> Any:
        options = {"retry_total": 0, "socket_timeout": 0.02}
        return servicebus.ServiceBusClient.from_connection_string(text or self.connection_string(), **options)

    def restart(self) -> None:
        self.bus.close()
        self.bus = ServiceBus(self.simulator)


@pytest.fixture
def namespaces() -> Iterator[Callable[..., Namespace]]:
    """Makes namespaces, each in a fresh simulator."""
    made: list[Namespace] = []

    def make(path: Any = None, **options: Any) -> Namespace:
        made.append(Namespace(Simulator(path), **options))
        return made[-1]

    yield make
    for one in made:
        one.bus.close()
        one.simulator.close()


@pytest.fixture
def namespace(namespaces: Callable[..., Namespace]) -> Namespace:
    return namespaces()
