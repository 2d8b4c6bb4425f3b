from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from azlabs.simulator import SUBSCRIPTION_ID, TENANT_ID, Principal, Request, Simulator

SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
AUTHORIZATION = "/providers/Microsoft.Authorization"


class Azure:
    """A simulator with a group and a network, and short ways to ask it things as anybody."""

    def __init__(self) -> None:
        self.simulator = Simulator()
        self.group = f"{SUBSCRIPTION}/resourceGroups/rg"
        self.network = f"{self.group}/providers/Microsoft.Network/virtualNetworks/v"
        self.ok("PUT", self.group, "2024-11-01", {"location": "westeurope"})
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
        self.ok("PUT", self.network, "2024-05-01", {"location": "westeurope", "properties": space})

    def call(
        self, method: str, path: str, version: str, body: Any = None, principal: Principal | None = None
    ) -> tuple[int, Any]:
        token = self.simulator.token(principal) if principal else self.simulator.owner_token()
        raw = None if body is None else json.dumps(body).encode()
        joint = "&" if "?" in path else "?"
        url = f"https://management.azure.com{path}{joint}api-version={version}"
        answer = self.simulator.handle(Request(method, url, {"Authorization": f"Bearer {token}"}, raw))
        return answer.status, answer.json()

    def ok(self, method: str, path: str, version: str, body: Any = None) -> Any:
        status, answer = self.call(method, path, version, body)
        assert status < 300, answer
        return answer

    def refused(
        self, method: str, path: str, version: str, body: Any = None, principal: Principal | None = None
    ) -> str:
        """ "403 AuthorizationFailed" and the like."""
        status, answer = self.call(method, path, version, body, principal)
        assert status >= 400, answer
        return f"{status} {answer['error']['code']}"

    def assign(self, role: str, principal: Principal, scope: str) -> dict[str, Any]:
        definition = f"{SUBSCRIPTION}{AUTHORIZATION}/roleDefinitions/{role}"
        properties = {
            "roleDefinitionId": definition,
            "principalId": principal.object_id,
            "principalType": "ServicePrincipal",
        }
        path = f"{scope}{AUTHORIZATION}/roleAssignments/{uuid.uuid4()}"
        return dict(self.ok("PUT", path, "2022-04-01", {"properties": properties}))


@pytest.fixture
def azure() -> Azure:
    return Azure()


@pytest.fixture
def ann() -> Principal:
    return Principal("5b2cf2a6-3a39-4d0b-8f0a-111111111111", TENANT_ID, "5b2cf2a6-3a39-4d0b-8f0a-222222222222", "ann")
