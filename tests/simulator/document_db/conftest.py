"""An account of the SQL API in a group."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.simulator import Answer

from ..library import Arm

VERSION = "2024-11-15"


class Cosmos:
    """Requests below an account."""

    def __init__(self, arm: Arm) -> None:
        self.arm, self.group = arm, arm.group()
        self.root = f"{self.group}/providers/Microsoft.DocumentDB/databaseAccounts"
        self.path = f"{self.root}/shop"
        assert self.account("shop").status == 200

    def account(self, name: str, *, kind: str = "GlobalDocumentDB", **properties: Any) -> Answer:
        body = {
            "location": "westeurope",
            "kind": kind,
            "properties": {"locations": [{"locationName": "westeurope"}], **properties},
        }
        return self("PUT", f"{self.root}/{name}", body)

    def __call__(self, method: str, path: str, body: Any = None, version: str = VERSION) -> Answer:
        return self.arm(method, path if path.startswith("/sub") else f"{self.path}{path}", body, version=version)

    def resource(self, path: str, options: dict[str, Any] | None = None, **resource: Any) -> Answer:
        """PUT something below the account whose document is `properties.resource`."""
        document = {"id": path.rpartition("/")[2], **resource}
        return self("PUT", path, {"properties": {"resource": document, "options": options or {}}})

    def read(self, path: str) -> dict[str, Any]:
        answer = self("GET", path)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json()["properties"]
        resource: dict[str, Any] = found.get("resource", found)
        return resource

    def refusal(self, answer: Answer) -> str:
        return f"{answer.status} {answer.json()['error']['code']}"


@pytest.fixture
def cosmos(arm: Arm) -> Cosmos:
    return Cosmos(arm)
