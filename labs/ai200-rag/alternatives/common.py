"""What several alternatives do in the same way, each with names and sizes of its own."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROLES, COSMOS, SITES, BUS, MODELS = "2022-04-01", "2024-11-15", "2024-04-01", "2024-01-01", "2024-10-01"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
CALLER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
READER = "4633458b-17de-408a-b874-0445c86b69e6"
DATA_CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"


def remake_queue(lab: Any, **more: Any) -> None:
    """The queue again, with what only its creation can set."""
    queue = f"{lab.outputs['namespaceId']}/queues/documents"
    properties = {
        "maxDeliveryCount": 5, "defaultMessageTimeToLive": "P7D", "deadLetteringOnMessageExpiration": True,
        "requiresDuplicateDetection": True, "duplicateDetectionHistoryTimeWindow": "PT10M", **more,
    }  # fmt: skip
    lab.cloud.run("DELETE", queue, BUS)
    lab.cloud.run("PUT", queue, BUS, {"properties": properties})


def make_container(lab: Any, name: str, key: str, vector: dict[str, Any], index: str, database: str = "library") -> None:
    """The capability, and a container in which policy, index and excluded path agree."""
    cosmos, path = lab.outputs["cosmosId"], vector["path"]
    capabilities = [{"name": "EnableServerless"}, {"name": "EnableNoSQLVectorSearch"}]
    lab.cloud.run("PATCH", cosmos, COSMOS, {"properties": {"capabilities": capabilities}})
    if database != "library":
        lab.cloud.run("PUT", f"{cosmos}/sqlDatabases/{database}", COSMOS, {"properties": {"resource": {"id": database}}})
    resource = {
        "id": name, "partitionKey": {"paths": [key], "kind": "Hash", "version": 2},
        "vectorEmbeddingPolicy": {"vectorEmbeddings": [{"dataType": "float32", **vector}]},
        "indexingPolicy": {
            "includedPaths": [{"path": "/*"}], "excludedPaths": [{"path": f"{path}/*"}],
            "vectorIndexes": [{"path": path, "type": index}],
        },
    }  # fmt: skip
    lab.cloud.run("PUT", f"{cosmos}/sqlDatabases/{database}/containers/{name}", COSMOS, {"properties": {"resource": resource}})


def assign(lab: Any, principal: str, scope: str, role: str) -> None:
    """A role of Azure."""
    definition = f"/subscriptions/{lab.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"principalId": principal, "principalType": "ServicePrincipal", "roleDefinitionId": definition}
    name = uuid5(NAMESPACE_URL, f"{scope}{role}{principal}")
    lab.cloud.run("PUT", f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", ROLES, {"properties": properties})


def assign_data(lab: Any, principal: str, place: str, role: str = DATA_CONTRIBUTOR) -> None:
    """A role of Cosmos DB's own at a container (`/dbs/a/colls/b`)."""
    cosmos = lab.outputs["cosmosId"]
    properties = {
        "principalId": principal, "roleDefinitionId": f"{cosmos}/sqlRoleDefinitions/{role}", "scope": f"{cosmos}{place}",
    }  # fmt: skip
    name = uuid5(NAMESPACE_URL, f"{place}{role}{principal}")
    lab.cloud.run("PUT", f"{cosmos}/sqlRoleAssignments/{name}", COSMOS, {"properties": properties})


def take_contributor_away(lab: Any) -> None:
    """The wide right of the identity of the start."""
    group = f"/subscriptions/{lab.subscription_id}/resourceGroups/{lab.resource_group}"
    for held in list(lab.cloud.items(f"{group}/providers/Microsoft.Authorization/roleAssignments", ROLES)):
        properties = held["properties"]
        mine = properties["principalId"] == lab.outputs["identityPrincipalId"]
        if mine and properties["roleDefinitionId"].endswith(CONTRIBUTOR):
            lab.cloud.run("DELETE", held["id"], ROLES)


def put_token(lab: Any, name: str) -> None:
    """A new token in the vault."""
    lab.cloud.send(
        "PUT", f"{lab.outputs['vaultUri'].rstrip('/')}/secrets/{name}?api-version=7.5",
        headers={"content-type": "application/json"}, content=json.dumps({"value": secrets.token_urlsafe(30)}).encode(),
        audience="https://vault.azure.net",
    )  # fmt: skip


def change_settings(lab: Any, *gone: str, **more: str) -> None:
    """The app's settings without keys and some others, with new ones and the way to Application Insights."""
    app = lab.outputs["functionAppId"]
    component = lab.cloud.get(lab.outputs["componentId"], "2020-02-02")
    settings = lab.cloud.request("POST", f"{app}/config/appsettings/list", SITES).json["properties"]
    drop = {"DocumentsBus", "COSMOS_KEY", "OPENAI_KEY", *gone}
    settings = {name: value for name, value in settings.items() if name not in drop}
    settings |= {"APPLICATIONINSIGHTS_CONNECTION_STRING": component["properties"]["ConnectionString"], **more}
    lab.cloud.run("PUT", f"{app}/config/appsettings", SITES, {"properties": settings})


def keys_off(lab: Any) -> None:
    """No service takes keys any more."""
    for output, version in (("namespaceId", BUS), ("cosmosId", COSMOS), ("openAiId", MODELS)):
        lab.cloud.run("PATCH", lab.outputs[output], version, {"properties": {"disableLocalAuth": True}})
