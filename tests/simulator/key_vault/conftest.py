"""A simulator with a vault, and the real Key Vault clients of any principal."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.simulator.library import Arm

from azlabs.cloud.transport import InProcessTransport
from azlabs.simulator import TENANT_ID, Request, Simulator
from azlabs.simulator.tokens import Principal

VERSION = "2023-07-01"
URL = "https://labvault.vault.azure.net"


class Credential:
    """Tokens of a principal for whatever a client asks; `None`: the token of the owner that every host takes."""

    def __init__(self, simulator: Simulator, principal: Principal | None = None) -> None:
        self.simulator, self.principal = simulator, principal
        self.asked: list[str] = []

    def get_token(self, *scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        self.asked += scopes
        text = self.simulator.owner_token()
        if self.principal is not None:
            text = self.simulator.token(self.principal, scopes[0].removesuffix("/.default"))
        return AccessToken(text, int(time.time()) + 3600)


class World:
    """A vault in a resource group."""

    def __init__(self) -> None:
        self.simulator = Simulator()
        self.arm = Arm(self.simulator)
        self.group = self.arm.group()
        self.vault_id = f"{self.group}/providers/Microsoft.KeyVault/vaults/labvault"

    def put(self, name: str = "labvault", location: str = "westeurope", **properties: Any) -> Any:
        """Create or change a vault; the answer."""
        body = {"tenantId": TENANT_ID, "sku": {"family": "A", "name": "standard"}, **properties}
        path = f"{self.group}/providers/Microsoft.KeyVault/vaults/{name}"
        return self.arm("PUT", path, {"location": location, "properties": body}, version=VERSION)

    def client(self, kind: type, principal: Principal | None = None, **options: Any) -> Any:
        """A real client of the vault."""

        def send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Any:
            answer = self.simulator.handle(Request(method, url, headers, body))
            return answer.status, answer.headers, answer.body

        return kind(URL, Credential(self.simulator, principal), transport=InProcessTransport(send), **options)

    def person(self, name: str = "ada") -> Principal:
        """A user of the directory."""
        from azlabs.simulator.directory.kinds import USERS

        body = {"displayName": name, "userPrincipalName": f"{name}@azlabs.onmicrosoft.com"}
        row = self.simulator.directory.create(USERS, body, self.simulator.clock.now())
        return Principal(row.name, TENANT_ID, "", name, "User")

    def assign(self, principal: Principal, role: str, scope: str = "") -> None:
        """Give a built-in role."""
        import uuid

        path = f"{scope or self.vault_id}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        subscription = self.group.partition("/resourceGroups")[0]
        definition = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {
            "properties": {"roleDefinitionId": definition, "principalId": principal.object_id, "principalType": "User"}
        }
        assert self.arm("PUT", path, body, version="2022-04-01").status == 201


@pytest.fixture
def world() -> World:
    made = World()
    assert made.put().status == 200
    return made
