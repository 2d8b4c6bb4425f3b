"""512 dimensions in a diskANN index, compared by dot product; a data role of one's own with what is needed and no more."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROLE = "6f1d8a52-0c35-4f0e-9a43-5b1d3f6d7c21"
BELOW = "Microsoft.DocumentDB/databaseAccounts"
ACTIONS = ("readMetadata", "sqlDatabases/containers/executeQuery", *(f"sqlDatabases/containers/items/{one}" for one in (
    "read", "create", "delete", "upsert", "replace",
)))  # fmt: skip


def solve(lab: Any) -> None:
    """Keys off first: everything after it has to work without them."""
    do, outputs = runpy.run_path(str(HERE.parent / "common.py")), lab.outputs
    principal, client, cosmos = outputs["identityPrincipalId"], outputs["identityClientId"], outputs["cosmosId"]
    do["keys_off"](lab)
    do["remake_queue"](lab, lockDuration="PT5M", maxSizeInMegabytes=2048)
    vector = {"path": "/v", "distanceFunction": "dotproduct", "dimensions": 512}
    do["make_container"](lab, "rooms", "/doc", vector, "diskANN")
    definition = {
        "roleName": "Passages", "type": "CustomRole", "assignableScopes": [cosmos],
        "permissions": [{"dataActions": [f"{BELOW}/{one}" for one in ACTIONS]}],
    }  # fmt: skip
    lab.cloud.run("PUT", f"{cosmos}/sqlRoleDefinitions/{ROLE}", do["COSMOS"], {"properties": definition})
    do["assign_data"](lab, principal, "/dbs/library/colls/rooms", ROLE)
    do["assign"](lab, principal, f"{outputs['namespaceId']}/queues/documents", do["RECEIVER"])
    do["assign"](lab, principal, outputs["openAiId"], do["CALLER"])
    do["put_token"](lab, "x-search-token")
    do["assign"](lab, principal, f"{outputs['vaultId']}/secrets/x-search-token", do["READER"])
    do["take_contributor_away"](lab)
    identity = {"properties": {"keyVaultReferenceIdentity": outputs["identityId"]}}
    lab.cloud.run("PATCH", outputs["functionAppId"], do["SITES"], identity)
    settings = {
        "DocumentsBus__fullyQualifiedNamespace": outputs["namespaceHost"], "DocumentsBus__credential": "managedidentity",
        "DocumentsBus__clientId": client, "AZURE_CLIENT_ID": client, "COSMOS_DATABASE": "library", "COSMOS_CONTAINER": "rooms",
        "SEARCH_TOKEN": f"@Microsoft.KeyVault(VaultName={outputs['vaultName']};SecretName=x-search-token)",
    }  # fmt: skip
    do["change_settings"](lab, **settings)
    lab.publish(HERE / "app")
