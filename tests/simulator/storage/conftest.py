"""One simulator with a storage account, and the real SDK clients on it without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from azlabs.cloud.transport import InProcessTransport
from azlabs.simulator import SUBSCRIPTION_ID, Answer, Request, Simulator

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/lab"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/labstore"
VERSION = "2024-01-01"


class Storage:
    """Requests by path; `account` changes the account's properties; `client` makes SDK clients with the account key."""

    id = ACCOUNT

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.token = simulator.owner_token()
        self.send("PUT", f"{GROUP}?api-version=2024-11-01", {"location": "westeurope"})
        body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_RAGRS"}}
        assert self.arm("PUT", ACCOUNT, body).status == 202

    def send(self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        if url.startswith("/"):
            url = "https://management.azure.com" + url
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return self.simulator.handle(
            Request(method, url, {"Authorization": f"Bearer {self.token}", **(headers or {})}, raw)
        )

    def arm(self, method: str, path: str, body: Any = None) -> Answer:
        return self.send(method, f"{path}?api-version={VERSION}", body)

    def blob(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(
            method, f"https://labstore.blob.core.windows.net{path}", body, {"x-ms-version": "2024-11-04", **named}
        )

    def anonymous(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"https://labstore.blob.core.windows.net{path}"
        return self.simulator.handle(Request(method, url, {"x-ms-version": "2024-11-04", **named}, body))

    def account(self, **properties: Any) -> Answer:
        return self.arm("PATCH", ACCOUNT, {"properties": properties})

    def service(self, **properties: Any) -> Answer:
        return self.arm("PUT", f"{ACCOUNT}/blobServices/default", {"properties": properties})

    @property
    def key(self) -> str:
        return str(self.arm("POST", f"{ACCOUNT}/listKeys").json()["keys"][0]["value"])

    def handler(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        answer = self.simulator.handle(Request(method, url, headers, body))
        return answer.status, answer.headers, answer.body

    def client(self, kind: Callable[..., Any], credential: Any = None, **more: Any) -> Any:
        service = "queue" if "Queue" in kind.__name__ else "blob"
        return kind(
            f"https://labstore.{service}.core.windows.net", credential=credential or self.key,
            transport=InProcessTransport(self.handler), retry_total=0, **more,
        )  # fmt: skip


@pytest.fixture
def storage() -> Iterator[Storage]:
    with Simulator() as simulator:
        yield Storage(simulator)


def code(answer: Answer) -> str:
    """Azure's error code of a data-plane answer."""
    return answer.headers.get("x-ms-error-code", "")
