"""A workspace and a component in a simulator of its own, and the real SDKs against them."""

from __future__ import annotations

import gzip
import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from azlabs.simulator import SUBSCRIPTION_ID, Answer, Principal, Request, Simulator
from azlabs.simulator.clock import stamp

logging.getLogger("azure").setLevel(logging.CRITICAL)
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/watch"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logbook"
COMPONENT = f"{GROUP}/providers/Microsoft.Insights/components/harbour"
PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
LOG_READER = "73c42c96-874c-492b-b04d-ab87d138a893"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@dataclass
class Place:
    """The simulator with its workspace and component."""

    simulator: Simulator

    def manage(self, method: str, id: str, body: Any = None, version: str = "2024-11-01") -> Any:
        """A request of the owner to the control plane."""
        headers = {"Authorization": f"Bearer {self.simulator.owner_token()}", "Content-Type": "application/json"}
        raw = json.dumps(body).encode() if body is not None else None
        answer = self.simulator.handle(Request(method, f"https://management.azure.com{id}?api-version={version}", headers, raw))
        assert answer.status < 300, (answer.status, answer.body)
        return answer.json()

    def component(self, **properties: Any) -> Any:
        """Make or change the component."""
        given = {"Application_Type": "web", "WorkspaceResourceId": WORKSPACE, **properties}
        body = {"location": "westeurope", "kind": "web", "properties": given}
        return self.manage("PUT", COMPONENT, body, "2020-02-02")["properties"]

    def workspace(self, **properties: Any) -> Any:
        """Make or change the workspace."""
        return self.manage("PUT", WORKSPACE, {"location": "westeurope", "properties": properties}, "2023-09-01")["properties"]

    @property
    def facts(self) -> Any:
        """Properties of the component."""
        return self.manage("GET", COMPONENT, None, "2020-02-02")["properties"]

    @property
    def customer(self) -> str:
        """The id by which queries name the workspace."""
        return str(self.manage("GET", WORKSPACE, None, "2023-09-01")["properties"]["customerId"])

    def envelope(
        self, base_type: str = "RequestData", *, ago: float = 0.0, tags: Any = None, key: str = "", **data: Any
    ) -> dict[str, Any]:
        """An item of telemetry."""
        defaults = {
            "RequestData": {"id": "1" * 16, "name": "GET /", "duration": "0.00:00:00.250", "responseCode": "200", "success": True},
            "MessageData": {"message": "hello"},
        }  # fmt: skip
        return {
            "ver": 1, "name": "x", "time": stamp(self.simulator.clock.now() - ago), "iKey": key or self.facts["InstrumentationKey"],
            "tags": {"ai.operation.id": "ab" * 16, "ai.cloud.role": "quay", **(tags or {})},
            "data": {"baseType": base_type, "baseData": {"ver": 2, **defaults.get(base_type, {}), **data}},
        }  # fmt: skip

    def send(self, *items: Any, token: str = "", host: str = "westeurope-0.in.applicationinsights.azure.com", path: str = "/v2.1/track",
             raw: bytes | None = None, zipped: bool = False) -> Answer:  # fmt: skip
        """Telemetry as an exporter sends it."""
        body = raw if raw is not None else "\n".join(json.dumps(item) for item in items).encode()
        headers = {"Content-Type": "application/x-json-stream"} | ({"Authorization": f"Bearer {token}"} if token else {})
        if zipped:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        return self.simulator.handle(Request("POST", f"https://{host}{path}", headers, body))

    def someone(self, role: str = "", scope: str = "", name: str = "ann") -> Principal:
        """A principal, with a role at a scope."""
        principal = Principal(str(uuid.uuid4()), self.simulator.tokens.owner.tenant_id, str(uuid.uuid4()), name)
        if role:
            definition = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{role}"
            given = {"roleDefinitionId": definition, "principalId": principal.object_id, "principalType": "ServicePrincipal"}
            body = {"properties": given}
            self.manage("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", body, "2022-04-01")
        return principal

    def ask(self, query: str, path: str = "", *, host: str = "api.loganalytics.io", token: str | None = None, prefer: str = "",
            method: str = "POST", **more: Any) -> Answer:  # fmt: skip
        """A query by its REST address."""
        headers = {"Content-Type": "application/json", "Prefer": prefer}
        if token != "":
            headers["Authorization"] = f"Bearer {token or self.simulator.owner_token()}"
        path = path or f"/v1/workspaces/{self.customer}/query"
        return self.simulator.handle(Request(method, f"https://{host}{path}", headers, json.dumps({"query": query, **more}).encode()))

    def rows(self, query: str, path: str = "", **more: Any) -> list[list[Any]]:
        """The rows of its first table."""
        answer = self.ask(query, path, **more)
        assert answer.status == 200, answer.body
        rows: list[list[Any]] = answer.json()["tables"][0]["rows"]
        return rows

    def classic(self, query: str) -> list[list[Any]]:
        """Rows by the component's own names."""
        return self.rows(query, f"/v1/apps/{self.facts['AppId']}/query", host="api.applicationinsights.io")

    def handler(self) -> Any:
        """What an in-process transport calls."""

        def handle(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, str], bytes]:
            answer = self.simulator.handle(Request(method, url, headers, body))
            return answer.status, answer.headers, answer.body

        return handle


@pytest.fixture
def place() -> Iterator[Place]:
    with Simulator() as simulator:
        found = Place(simulator)
        found.manage("PUT", GROUP, {"location": "westeurope"})
        found.workspace()
        found.component()
        yield found
