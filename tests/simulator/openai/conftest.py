"""An account with deployments of embedding models, and the real clients of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from azlabs.simulator import SUBSCRIPTION_ID, Principal, Request, Simulator

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/words"
HOST = "https://words-1.openai.azure.com"
MODELS = {"small": "text-embedding-3-small", "large": "text-embedding-3-large", "ada": "text-embedding-ada-002"}
USER_ROLE = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
READER_ROLE = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


class Service:
    """The account, its keys and what is done to it on the control plane."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.manage("PUT", GROUP, {"location": "westeurope"}, "2024-11-01")
        self.make(customSubDomainName="words-1")
        self.key = str(self.manage("POST", f"{ACCOUNT}/listKeys", {})["key1"])
        for name, model in MODELS.items():
            self.deploy(name, model)

    def make(self, name: str = "words", **properties: Any) -> None:
        """Make or change an account."""
        body = {"location": "westeurope", "kind": "OpenAI", "sku": {"name": "S0"}, "properties": properties}
        self.manage("PUT", ACCOUNT.removesuffix("words") + name, body)

    def deploy(self, name: str, model: str, capacity: int = 100) -> None:
        """Deploy a model, or change how much of it there is."""
        body = {"sku": {"name": "Standard", "capacity": capacity}, "properties": {"model": {"format": "OpenAI", "name": model}}}
        self.manage("PUT", f"{ACCOUNT}/deployments/{name}", body)

    def manage(self, method: str, id: str, body: Any, version: str = "2025-06-01") -> Any:
        """A request to the control plane; polls until it is done."""
        headers = {"Authorization": f"Bearer {self.simulator.owner_token()}", "Content-Type": "application/json"}
        url = f"https://management.azure.com{id}?api-version={version}"
        answer = self.simulator.handle(Request(method, url, headers, json.dumps(body).encode()))
        assert answer.status < 300, (answer.status, answer.body)
        for _ in range(3 if "Azure-AsyncOperation" in answer.headers else 0):
            self.simulator.handle(Request("GET", answer.headers["Azure-AsyncOperation"], headers))
        return answer.json()

    def allow(self, object_id: str, role: str = USER_ROLE) -> None:
        """Assign a role at the account."""
        import uuid

        definition = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {"roleDefinitionId": definition, "principalId": object_id, "principalType": "ServicePrincipal"}
        id = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.manage("PUT", id, {"properties": properties}, "2022-04-01")

    def token(self, object_id: str, audience: str = "https://cognitiveservices.azure.com") -> str:
        """A token of a principal."""
        return self.simulator.token(Principal(object_id, self.simulator.tokens.owner.tenant_id), audience)

    def ask(self, request: httpx2.Request) -> httpx2.Response:
        """What a transport of the SDK calls."""
        body = request.read() or None
        answer = self.simulator.handle(Request(request.method, str(request.url), dict(request.headers), body))
        return httpx2.Response(answer.status, headers=answer.headers, content=answer.body)

    def azure(self, *, host: str = HOST, **more: Any) -> Any:
        """`AzureOpenAI` with the account's key, or with what is given."""
        from openai import AzureOpenAI

        if not more.keys() & {"api_key", "azure_ad_token", "azure_ad_token_provider"}:
            more["api_key"] = self.key
        http = httpx2.Client(transport=httpx2.MockTransport(self.ask))
        return AzureOpenAI(
            azure_endpoint=host, **{"api_version": "2024-10-21", "max_retries": 0, **more}, http_client=http
        )

    def v1(self, key: str = "", host: str = HOST, **more: Any) -> Any:
        """`OpenAI` with the address of the v1 path."""
        from openai import OpenAI

        http = httpx2.Client(transport=httpx2.MockTransport(self.ask))
        return OpenAI(base_url=f"{host}/openai/v1/", api_key=key or self.key, max_retries=0, http_client=http, **more)


@pytest.fixture
def service() -> Iterator[Service]:
    """A fresh simulator with the account."""
    with Simulator() as simulator:
        yield Service(simulator)
