"""Each right where it is needed, the wide one gone, no keys in the settings, none accepted by the services."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROLES = "2022-04-01"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
SERVICE_BUS_DATA_RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
OPENAI_USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
COSMOS_DATA_CONTRIBUTOR = "00000000-0000-0000-0000-000000000002"
OLD_SETTINGS = ("DocumentsBus", "COSMOS_KEY", "OPENAI_KEY")


def solve(lab: Any) -> None:
    """Rights first, then the settings, then the keys: the app works all the time."""
    outputs = lab.outputs
    _assign(lab, f"{outputs['namespaceId']}/queues/documents", SERVICE_BUS_DATA_RECEIVER)
    _assign(lab, outputs["openAiId"], OPENAI_USER)
    cosmos = outputs["cosmosId"]
    assignment = {
        "principalId": outputs["identityPrincipalId"],
        "roleDefinitionId": f"{cosmos}/sqlRoleDefinitions/{COSMOS_DATA_CONTRIBUTOR}",
        "scope": f"{cosmos}/dbs/library/colls/passages",
    }
    name = uuid5(NAMESPACE_URL, assignment["scope"])
    lab.cloud.run("PUT", f"{cosmos}/sqlRoleAssignments/{name}", "2024-11-15", {"properties": assignment})
    _take_away(lab, CONTRIBUTOR)

    app = outputs["functionAppId"]
    settings = lab.cloud.request("POST", f"{app}/config/appsettings/list", "2024-04-01").json["properties"]
    settings = {name: value for name, value in settings.items() if name not in OLD_SETTINGS}
    settings |= {
        "DocumentsBus__fullyQualifiedNamespace": outputs["namespaceHost"],
        "DocumentsBus__credential": "managedidentity",
        "DocumentsBus__clientId": outputs["identityClientId"],
        "AZURE_CLIENT_ID": outputs["identityClientId"],
    }
    lab.cloud.run("PUT", f"{app}/config/appsettings", "2024-04-01", {"properties": settings})

    off = {"properties": {"disableLocalAuth": True}}
    lab.cloud.run("PATCH", outputs["namespaceId"], "2024-01-01", off)
    lab.cloud.run("PATCH", cosmos, "2024-11-15", off)
    lab.cloud.run("PATCH", outputs["openAiId"], "2024-10-01", off)


def _assign(lab: Any, scope: str, role: str) -> None:
    properties = {
        "principalId": lab.outputs["identityPrincipalId"],
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"/subscriptions/{lab.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}",
    }
    name = uuid5(NAMESPACE_URL, f"{scope}/{role}")
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    lab.cloud.run("PUT", path, ROLES, {"properties": properties})


def _take_away(lab: Any, role: str) -> None:
    group = f"/subscriptions/{lab.subscription_id}/resourceGroups/{lab.resource_group}"
    principal = lab.outputs["identityPrincipalId"]
    held = f"{group}/providers/Microsoft.Authorization/roleAssignments?$filter=principalId eq '{principal}'"
    for entry in list(lab.cloud.items(held, ROLES)):
        properties = entry["properties"]
        if properties["roleDefinitionId"].endswith(role) and properties["scope"].lower() == group.lower():
            lab.cloud.run("DELETE", entry["id"], ROLES)
