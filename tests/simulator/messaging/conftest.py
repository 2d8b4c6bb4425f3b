"""A Standard namespace of each messaging service in a group."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Answer

from ..library import Arm

VERSION = "2024-01-01"


class Messaging:
    """Requests below a namespace."""

    def __init__(self, arm: Arm, service: str, sku: str = "Standard") -> None:
        self.arm = arm
        self.group = arm.group()
        self.root = f"{self.group}/providers/{service}/namespaces"
        self.path = f"{self.root}/labspace1"
        assert self.namespace("labspace1", sku).status == 201

    def namespace(self, name: str, sku: str = "Standard", location: str = "westeurope", **properties: Any) -> Answer:
        return self(
            "PUT", f"{self.root}/{name}", {"location": location, "sku": {"name": sku}, "properties": properties}
        )

    def __call__(self, method: str, path: str, body: Any = None, version: str = VERSION) -> Answer:
        return self.arm(method, path if path.startswith("/sub") else f"{self.path}{path}", body, version=version)

    def put(self, path: str, **properties: Any) -> Answer:
        return self("PUT", path, {"properties": properties})

    def read(self, path: str) -> dict[str, Any]:
        answer = self("GET", path)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json()["properties"]
        return found

    def refusal(self, answer: Answer) -> str:
        return f"{answer.status} {answer.json()['error']['code']}"


@pytest.fixture
def bus(arm: Arm) -> Messaging:
    return Messaging(arm, "Microsoft.ServiceBus")


@pytest.fixture
def hubs(arm: Arm) -> Messaging:
    return Messaging(arm, "Microsoft.EventHub")
