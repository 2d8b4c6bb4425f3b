"""A resource group with storage, an identity and function apps of every plan, to publish to and to run."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from azlabs.cloud.memory import ScratchCloud, scratch
from azlabs.simulator import Answer, Request

WEB = "2024-04-01"
STORAGE = "2025-01-01"
IDENTITY = "2024-11-30"
ROLES = "2022-04-01"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
QUEUE_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
HOST = json.dumps({"version": "2.0", "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}})
HELLO = """import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("hello")
def hello(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("hello from the harbour")
"""


class Scene:
    """A cloud in memory with a group `rg`: storage `stharbour`, identity `id-app`, plans `flex` and `b1`."""

    def __init__(self) -> None:
        self.cloud: ScratchCloud = scratch()
        self.simulator = self.cloud.simulator
        self.group = self.cloud.resource_group("rg", "westeurope")
        self.root = f"{self.group}/providers"
        self.storage = f"{self.root}/Microsoft.Storage/storageAccounts/stharbour"
        self.identity = f"{self.root}/Microsoft.ManagedIdentity/userAssignedIdentities/id-app"
        place = {"location": "westeurope"}
        self.arm("PUT", self.storage, STORAGE, {**place, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
        self.arm("PUT", f"{self.storage}/blobServices/default/containers/releases", STORAGE, {})
        made = self.arm("PUT", self.identity, IDENTITY, place)["properties"]
        self.client_id, self.principal_id = made["clientId"], made["principalId"]

    def __enter__(self) -> Scene:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cloud.close()

    def arm(self, method: str, id: str, version: str, body: Any = None) -> dict[str, Any]:
        """One request to Azure Resource Manager, to its end; its document."""
        found = self.cloud.run(method, id, version, body).json
        return found if isinstance(found, dict) else {}

    def allow(self, role: str, scope: str = "", principal: str = "") -> None:
        """Give the identity (or another principal) a built-in role, at the storage account if nothing else is said."""
        import uuid

        scope = scope or self.storage
        body = {
            "roleDefinitionId": f"/subscriptions/{self.cloud.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal or self.principal_id,
            "principalType": "ServicePrincipal",
        }  # fmt: skip
        self.arm("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", ROLES, {"properties": body})

    def connection_string(self) -> str:
        """Of the storage account."""
        key = self.arm("POST", f"{self.storage}/listKeys", STORAGE)["keys"][0]["value"]
        return f"DefaultEndpointsProtocol=https;AccountName=stharbour;AccountKey={key};EndpointSuffix=core.windows.net"

    def flex(self, name: str = "func-flex", settings: Mapping[str, str] | None = None) -> str:
        """A Flex Consumption app whose packages lie in the container `releases`, read as the identity; its id."""
        plan = f"{self.root}/Microsoft.Web/serverfarms/flex"
        place = {"location": "westeurope", "kind": "functionapp"}
        self.arm("PUT", plan, WEB, {**place, "sku": {"name": "FC1", "tier": "FlexConsumption"}, "properties": {"reserved": True}})
        storage = {
            "type": "blobContainer", "value": "https://stharbour.blob.core.windows.net/releases",
            "authentication": {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": self.identity},
        }  # fmt: skip
        config = {
            "deployment": {"storage": storage}, "runtime": {"name": "python", "version": "3.11"},
            "scaleAndConcurrency": {"instanceMemoryMB": 2048, "maximumInstanceCount": 40},
        }  # fmt: skip
        own = {
            "AzureWebJobsStorage__accountName": "stharbour", "AzureWebJobsStorage__credential": "managedidentity",
            "AzureWebJobsStorage__clientId": self.client_id,
        }  # fmt: skip
        return self._site(name, plan, {**own, **(settings or {})}, functionAppConfig=config)

    def dedicated(self, name: str = "func-b1", settings: Mapping[str, str] | None = None) -> str:
        """An app in a Basic plan; its id."""
        plan = f"{self.root}/Microsoft.Web/serverfarms/b1"
        place = {"location": "westeurope", "kind": "linux"}
        self.arm("PUT", plan, WEB, {**place, "sku": {"name": "B1"}, "properties": {"reserved": True}})
        own = {"AzureWebJobsStorage": self.connection_string(), "FUNCTIONS_EXTENSION_VERSION": "~4", "FUNCTIONS_WORKER_RUNTIME": "python"}
        return self._site(name, plan, {**own, **(settings or {})}, siteConfig={"linuxFxVersion": "Python|3.11"})

    def _site(self, name: str, plan: str, settings: Mapping[str, str], **more: Any) -> str:
        id = f"{self.root}/Microsoft.Web/sites/{name}"
        config = more.pop("siteConfig", {})
        pairs = [{"name": key, "value": value} for key, value in settings.items()]
        identity = {"type": "UserAssigned", "userAssignedIdentities": {self.identity: {}}}
        properties = {"serverFarmId": plan, "siteConfig": {**config, "appSettings": pairs}, **more}
        self.arm("PUT", id, WEB, {"location": "westeurope", "kind": "functionapp,linux", "identity": identity, "properties": properties})
        return id

    def settings(self, id: str, **values: str | None) -> None:
        """Change app settings; None takes one away."""
        now = self.arm("POST", f"{id}/config/appsettings/list", WEB)["properties"]
        new = {name: value for name, value in {**now, **values}.items() if value is not None}
        self.arm("PUT", f"{id}/config/appsettings", WEB, {"properties": new})

    def scm(self, method: str, app: str, path: str, body: bytes | None = None, token: str = "", **headers: str) -> Answer:
        """One request to an app's deployment engine, as the owner unless a token is given."""
        sent = {"Authorization": f"Bearer {token or self.simulator.owner_token()}"}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        return self.simulator.handle(Request(method, f"https://{app}.scm.azurewebsites.net{path}", sent, body))

    def call(self, app: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request to an app itself."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.simulator.handle(Request(method, f"https://{app}.azurewebsites.net{path}", sent, body))

    def publish(self, app: str, files: Mapping[str, str] | bytes, *, build: bool = True, seconds: float = 60.0) -> dict[str, Any]:
        """Publish to a Flex Consumption app as az does, and wait; the deployment."""
        package = files if isinstance(files, bytes) else zipped(files)
        answer = self.scm("POST", app, f"/api/publish?RemoteBuild={build}&Deployer=az_cli", package, Content_Type="application/zip")
        assert answer.status == 202, answer.body
        return self.deployed(app, seconds)

    def deployed(self, app: str, seconds: float = 60.0) -> dict[str, Any]:
        """The latest deployment of an app, when it is over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found: dict[str, Any] = self.scm("GET", app, "/api/deployments/latest").json()
            if found["complete"]:
                return found
            time.sleep(0.02)
        raise AssertionError(f"not deployed after {seconds} s: {found}")


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def hello(**more: str) -> dict[str, str]:
    """The files of a small app."""
    return {"host.json": HOST, "function_app.py": HELLO, "requirements.txt": "azure-functions\n", **more}


def eventually(what: Any, seconds: float = 20.0, pause: float = 0.05) -> Any:
    """The first true answer of a call within a time; raises AssertionError with the last one."""
    until = time.monotonic() + seconds
    found = what()
    while not found and time.monotonic() < until:
        time.sleep(pause)
        found = what()
    assert found, f"not within {seconds} s: {found!r}"
    return found
