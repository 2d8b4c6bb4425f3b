"""Identities of machines and apps get tokens both ways that Azure offers, and every plane gives them what roles give."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from azlabs.simulator import SUBSCRIPTION_ID, Answer, Request, Simulator

from .compute.conftest import Machines
from .library import Arm

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg"
ROLES = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions"
VERSIONS = {
    "Microsoft.ManagedIdentity": "2023-01-31", "Microsoft.Compute": "2024-07-01", "Microsoft.Web": "2024-04-01",
    "Microsoft.App": "2024-03-01", "Microsoft.Storage": "2024-01-01", "Microsoft.KeyVault": "2023-07-01",
    "Microsoft.DocumentDB": "2024-11-15", "Microsoft.ServiceBus": "2024-01-01", "Microsoft.CognitiveServices": "2025-06-01",
    "Microsoft.Authorization": "2022-04-01",
}  # fmt: skip
IMAGE = {"name": "main", "image": "mcr.microsoft.com/k8se/quickstart:latest", "resources": {"cpu": 0.5, "memory": "1Gi"}}
Body = dict[str, Any]


class Place:
    """Everything that holds an identity, and everything that an identity may want."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.arm = simulator, Arm(simulator)
        self.machines = Machines(self.arm)
        self.put("Microsoft.Storage/storageAccounts/idstore", {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
        self.send("PUT", "https://idstore.blob.core.windows.net/logs?restype=container", self.arm.token)
        self.send("PUT", "https://idstore.queue.core.windows.net/jobs", self.arm.token)
        about = {
            "tenantId": "00000000-0000-0000-0000-000000000000",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        }
        self.put("Microsoft.KeyVault/vaults/idvault", {"properties": about})
        secret = "https://idvault.vault.azure.net/secrets/db?api-version=7.4"
        self.send("PUT", secret, self.arm.token, b'{"value": "x"}')
        cosmos = "Microsoft.DocumentDB/databaseAccounts/idcosmos"
        where = [{"locationName": "westeurope", "failoverPriority": 0}]
        account: Body = {"databaseAccountOfferType": "Standard", "locations": where}
        self.put(cosmos, {"kind": "GlobalDocumentDB", "properties": account})
        self.put(f"{cosmos}/sqlDatabases/library", {"properties": {"resource": {"id": "library"}}})
        books = {"id": "books", "partitionKey": {"paths": ["/pk"], "kind": "Hash"}}
        self.put(f"{cosmos}/sqlDatabases/library/containers/books", {"properties": {"resource": books}})
        self.put("Microsoft.ServiceBus/namespaces/idspost", {"sku": {"name": "Standard"}})
        self.put("Microsoft.ServiceBus/namespaces/idspost/queues/jobs", {"properties": {}})
        words = "Microsoft.CognitiveServices/accounts/idwords"
        properties = {"customSubDomainName": "idwords"}
        self.put(words, {"kind": "OpenAI", "sku": {"name": "S0"}, "properties": properties})
        model = {"format": "OpenAI", "name": "text-embedding-3-small"}
        capacity = {"name": "Standard", "capacity": 10}
        self.put(f"{words}/deployments/small", {"sku": capacity, "properties": {"model": model}})

    def put(self, path: str, body: Body) -> Body:
        id = f"{GROUP}/providers/{path}"
        top = path.count("/") == 2
        version = VERSIONS[path.partition("/")[0]]
        answer = self.arm("PUT", id, {"location": "westeurope", **body} if top else body, version=version)
        assert answer.status < 300, (path, answer.body)
        poll = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location")
        for _ in range(5 if poll else 0):
            self.arm("GET", str(poll))
        found: Body = self.arm("GET", id, version=version).json()
        return found

    def send(self, method: str, url: str, authorization: str, body: bytes | None = None) -> Answer:
        authorization = authorization if "%" in authorization else f"Bearer {authorization}"
        headers = {"Authorization": authorization, "Content-Type": "application/json", "x-ms-version": "2024-11-04"}
        headers |= {"x-ms-date": "Sat, 21 Nov 2026 12:00:00 GMT"} if "%" in authorization else {}
        return self.simulator.handle(Request(method, url, headers, body))

    def grant(self, principal: str, role: str) -> None:
        """A role at the group; for Cosmos DB, a role of the account's own."""
        if role == COSMOS_ROLE:
            account = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/idcosmos"
            about = {"roleDefinitionId": f"{account}/sqlRoleDefinitions/{role}", "scope": account, "principalId": principal}
            path = f"Microsoft.DocumentDB/databaseAccounts/idcosmos/sqlRoleAssignments/{uuid.uuid4()}"
        else:
            about = {"roleDefinitionId": f"{ROLES}/{role}", "principalId": principal, "principalType": "ServicePrincipal"}
            path = f"Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        version = VERSIONS[path.partition("/")[0]]
        answer = self.arm("PUT", f"{GROUP}/providers/{path}", {"properties": about}, version=version)
        assert answer.status < 300, answer.body


def virtual_machine(place: Place, identity: Body) -> Body:
    return place.machines.make("vm", {**place.machines.request("vm"), "identity": identity})


def web_app(place: Place, identity: Body, kind: str = "app") -> Body:
    plan = place.put("Microsoft.Web/serverfarms/plan", {"sku": {"name": "B1", "tier": "Basic"}, "properties": {}})
    site = {"kind": kind, "identity": identity, "properties": {"serverFarmId": plan["id"]}}
    return place.put("Microsoft.Web/sites/idsapp", site)


def function_app(place: Place, identity: Body) -> Body:
    return web_app(place, identity, "functionapp")


def container_app(place: Place, identity: Body) -> Body:
    environment = place.put("Microsoft.App/managedEnvironments/env", {"properties": {}})
    properties = {"environmentId": environment["id"], "template": {"containers": [IMAGE]}}
    return place.put("Microsoft.App/containerApps/idscapp", {"identity": identity, "properties": properties})


HOLDERS: dict[str, Callable[[Place, Body], Body]] = {
    "virtual machine": virtual_machine,
    "web app": web_app,
    "function app": function_app,
    "container app": container_app,
}
COSMOS_ROLE = "00000000-0000-0000-0000-000000000001"
BLOBS = "https://idstore.blob.core.windows.net/logs"
COSMOS = "https://idcosmos.documents.azure.com"
EMBED = "https://idwords.openai.azure.com/openai/deployments/small/embeddings?api-version=2024-10-21"
PLANES: dict[str, tuple[str, str, str, str, bytes | None]] = {
    "ARM": ("https://management.azure.com", "acdd72a7-3385-48ef-bd42-f606fba81ae7", "GET",
            f"https://management.azure.com{GROUP}?api-version=2024-11-01", None),
    "blobs": ("https://storage.azure.com", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "GET",
              f"{BLOBS}?restype=container&comp=list", None),
    "queues": ("https://storage.azure.com", "19e7f393-937e-4f77-808e-94535e297925", "GET",
               "https://idstore.queue.core.windows.net/jobs/messages?peekonly=true", None),
    "vault": ("https://vault.azure.net", "4633458b-17de-408a-b874-0445c86b69e6", "GET",
              "https://idvault.vault.azure.net/secrets/db?api-version=7.4", None),
    "Cosmos DB": (COSMOS, COSMOS_ROLE, "GET", f"{COSMOS}/dbs/library/colls/books/docs", None),
    "Service Bus": ("https://servicebus.azure.net", "090c5cfd-751d-490a-894a-3ce6f1109419", "GET",
                    "https://idspost.servicebus.windows.net/jobs?api-version=2021-05", None),
    "OpenAI": ("https://cognitiveservices.azure.com", "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", "POST", EMBED,
               b'{"input": "words"}'),
}  # fmt: skip
"""(audience, role, method, URL, body) of one reading of each plane."""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with Simulator() as simulator:
        yield Place(simulator)


def token(place: Place, holder: str, audience: str, *, client: str = "", machine: bool = False) -> str:
    """As programs ask: of the metadata service on a machine, of App Service's endpoint in an app."""
    version = "2018-02-01" if machine else "2019-08-01"
    header = place.simulator.identity_header(holder)
    chosen = f"&client_id={client}" if client else ""
    url = f"http://169.254.169.254/metadata/identity/oauth2/token?api-version={version}&resource={quote(audience)}{chosen}"
    headers = {"X-IDENTITY-HEADER": header, **({"Metadata": "true"} if machine else {})}
    answer = place.simulator.handle(Request("GET", url, headers))
    assert answer.status == 200, answer.body
    return str(answer.json()["access_token"])


def ask(place: Place, plane: str, bearer: str) -> int:
    _, _, method, url, body = PLANES[plane]
    authorization = quote(f"type=aad&ver=1.0&sig={bearer}", safe="") if plane == "Cosmos DB" else bearer
    return place.send(method, url, authorization, body).status


@pytest.mark.parametrize("chosen", ["system", "user"])
@pytest.mark.parametrize("holder", HOLDERS)
def test_an_identity_is_refused_everywhere_until_a_role_gives_it_that_plane(
    place: Place, holder: str, chosen: str
) -> None:
    snapshot = place.simulator.snapshot()
    try:
        made = place.put("Microsoft.ManagedIdentity/userAssignedIdentities/worker", {})
        both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {made["id"]: {}}}
        document = HOLDERS[holder](place, both)
        principal = made["properties"]["principalId"] if chosen == "user" else document["identity"]["principalId"]
        client = made["properties"]["clientId"] if chosen == "user" else ""
        machine = holder == "virtual machine"
        bearers = {
            plane: token(place, document["id"], about[0], client=client, machine=machine)
            for plane, about in PLANES.items()
        }
        for plane, bearer in bearers.items():
            claims = base64.urlsafe_b64decode(bearer.split(".")[1] + "==")
            assert principal.encode() in claims
            assert ask(place, plane, bearer) in (401, 403), plane
        for plane, (_, role, *_rest) in PLANES.items():
            before = {other: ask(place, other, bearers[other]) for other in PLANES}
            place.grant(principal, role)
            after = {other: ask(place, other, bearers[other]) for other in PLANES}
            assert after[plane] == 200, (plane, after)
            changed = {other for other in PLANES if (before[other] == 200) != (after[other] == 200)}
            assert changed == {plane}
        wrong = bearers["blobs"]
        assert ask(place, "vault", wrong) == 401
    finally:
        place.simulator.restore(snapshot)
