"""An account of Cosmos DB in a simulator of its own, and real clients of it."""

from __future__ import annotations

import json
from typing import Any

from azlabs.simulator import SUBSCRIPTION_ID, Principal, Request, Simulator

CAPABILITIES = ("EnableNoSQLVectorSearch", "EnableNoSQLFullTextSearch")
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/store"
HOST = "https://store.documents.azure.com:443/"


def manage(simulator: Simulator, method: str, id: str, body: Any = None, version: str = "2024-11-15") -> Any:
    """A request to the control plane; polls until it is done."""
    headers = {"Authorization": f"Bearer {simulator.owner_token()}", "Content-Type": "application/json"}
    url = f"https://management.azure.com{id}?api-version={version}"
    answer = simulator.handle(Request(method, url, headers, json.dumps(body).encode() if body is not None else None))
    assert answer.status < 300, (answer.status, answer.body)
    poll = answer.headers.get("Azure-AsyncOperation")
    for _ in range(5 if poll else 0):
        simulator.handle(Request("GET", str(poll), headers))
    return answer.json()


def make_account(simulator: Simulator, **properties: Any) -> str:
    """Make the account and return its key."""
    manage(simulator, "PUT", GROUP, {"location": "westeurope"}, "2024-11-01")
    manage(simulator, "PUT", ACCOUNT, {
        "location": "westeurope", "kind": "GlobalDocumentDB",
        "properties": {
            "databaseAccountOfferType": "Standard", "locations": [{"locationName": "westeurope", "failoverPriority": 0}],
            "capabilities": [{"name": name} for name in CAPABILITIES], **properties,
        },
    })  # fmt: skip
    return str(manage(simulator, "POST", f"{ACCOUNT}/listKeys", {})["primaryMasterKey"])


def handler(simulator: Simulator) -> Any:
    """What an in-process transport calls."""

    def handle(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        answer = simulator.handle(Request(method, url, headers, body))
        return answer.status, answer.headers, answer.body

    return handle


def client(simulator: Simulator, credential: Any) -> Any:
    """The real client of the SDK."""
    from azure.cosmos import CosmosClient

    from azlabs.cloud.transport import InProcessTransport

    return CosmosClient(HOST, credential, transport=InProcessTransport(handler(simulator)), retry_total=0)


def async_client(simulator: Simulator, credential: Any) -> Any:
    """The real aio client."""
    from azure.cosmos.aio import CosmosClient

    from azlabs.cloud.transport import AsyncInProcessTransport

    return CosmosClient(HOST, credential, transport=AsyncInProcessTransport(handler(simulator)))


class Token:
    """A credential of a principal."""

    def __init__(self, simulator: Simulator, principal: Principal) -> None:
        self._simulator, self._principal = simulator, principal

    def get_token(self, *scopes: str, **_options: Any) -> Any:
        from azure.core.credentials import AccessToken

        audience = scopes[0].removesuffix("/.default")
        return AccessToken(self._simulator.token(self._principal, audience), 4102444800)
