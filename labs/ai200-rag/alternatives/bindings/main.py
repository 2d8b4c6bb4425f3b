"""Bindings read and write the passages; another container, 1,024 dimensions, a window of an hour."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def solve(lab: Any) -> None:
    """Services, rights, settings, code."""
    do, outputs = runpy.run_path(str(HERE.parent / "common.py")), lab.outputs
    principal, client = outputs["identityPrincipalId"], outputs["identityClientId"]
    do["remake_queue"](lab, duplicateDetectionHistoryTimeWindow="PT1H", lockDuration="PT30S")
    vector = {"path": "/vector", "distanceFunction": "cosine", "dimensions": 1024}
    do["make_container"](lab, "sheets", "/note", vector, "quantizedFlat")
    do["assign"](lab, principal, f"{outputs['namespaceId']}/queues/documents", do["RECEIVER"])
    do["assign"](lab, principal, outputs["openAiId"], do["CALLER"])
    do["assign"](lab, principal, outputs["vaultId"], do["READER"])
    do["assign_data"](lab, principal, "/dbs/library/colls/sheets")
    do["take_contributor_away"](lab)
    do["put_token"](lab, "callers")
    identity = {"properties": {"keyVaultReferenceIdentity": outputs["identityId"]}}
    lab.cloud.run("PATCH", outputs["functionAppId"], do["SITES"], identity)
    settings = {
        "DocumentsBus__fullyQualifiedNamespace": outputs["namespaceHost"],
        "Sheets__accountEndpoint": outputs["cosmosEndpoint"],
        "AZURE_CLIENT_ID": client,
        "SEARCH_TOKEN": f"@Microsoft.KeyVault(SecretUri={outputs['vaultUri'].rstrip('/')}/secrets/callers/)",
    }
    settings |= {f"{name}__credential": "managedidentity" for name in ("DocumentsBus", "Sheets")}
    settings |= {f"{name}__clientId": client for name in ("DocumentsBus", "Sheets")}
    do["change_settings"](lab, **settings)
    do["keys_off"](lab)
    lab.publish(HERE / "app")
