"""A new token that only the vault knows, and a setting that points at it."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import NAMESPACE_URL, uuid5

SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
NAME = "search-token"


def solve(lab: Any) -> None:
    """The secret, the right to read this one secret, the reference, and who resolves references."""
    outputs = lab.outputs
    content = json.dumps({"value": secrets.token_hex(24)}).encode()
    lab.cloud.send(
        "PUT",
        f"{outputs['vaultUri'].rstrip('/')}/secrets/{NAME}?api-version=7.5",
        headers={"content-type": "application/json"},
        content=content,
        audience="https://vault.azure.net",
    )
    scope = f"{outputs['vaultId']}/secrets/{NAME}"
    properties = {
        "principalId": outputs["identityPrincipalId"],
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"/subscriptions/{lab.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_USER}",
    }
    name = uuid5(NAMESPACE_URL, f"{scope}/{SECRETS_USER}")
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    lab.cloud.run("PUT", path, "2022-04-01", {"properties": properties})

    app = outputs["functionAppId"]
    identity = {"properties": {"keyVaultReferenceIdentity": outputs["identityId"]}}
    lab.cloud.run("PATCH", app, "2024-04-01", identity)
    settings = lab.cloud.request("POST", f"{app}/config/appsettings/list", "2024-04-01").json["properties"]
    settings["SEARCH_TOKEN"] = f"@Microsoft.KeyVault(VaultName={outputs['vaultName']};SecretName={NAME})"
    lab.cloud.run("PUT", f"{app}/config/appsettings", "2024-04-01", {"properties": settings})
