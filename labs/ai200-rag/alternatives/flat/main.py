"""The app's own system-assigned identity, a database of its own, 256 dimensions in a flat index, compared by distance."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def solve(lab: Any) -> None:
    """The identity of the start stays for the host's storage and keeps no other right."""
    do, outputs = runpy.run_path(str(HERE.parent / "common.py")), lab.outputs
    app = outputs["functionAppId"]
    identity = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {outputs["identityId"]: {}}}
    lab.cloud.run("PATCH", app, do["SITES"], {"identity": identity})
    principal = lab.cloud.get(app, do["SITES"])["identity"]["principalId"]
    do["remake_queue"](lab, duplicateDetectionHistoryTimeWindow="P1D")
    vector = {"path": "/vectors/text", "distanceFunction": "euclidean", "dimensions": 256}
    do["make_container"](lab, "leaves", "/note/id", vector, "flat", "archive")
    do["assign_data"](lab, principal, "/dbs/archive/colls/leaves")
    do["assign"](lab, principal, f"{outputs['namespaceId']}/queues/documents", do["RECEIVER"])
    do["assign"](lab, principal, outputs["openAiId"], do["CALLER"])
    do["assign"](lab, principal, outputs["vaultId"], do["READER"])
    do["take_contributor_away"](lab)
    do["put_token"](lab, "leaf-token")
    do["change_settings"](
        lab, DocumentsBus__fullyQualifiedNamespace=outputs["namespaceHost"],
        SEARCH_TOKEN=f"@Microsoft.KeyVault(VaultName={outputs['vaultName']};SecretName=leaf-token)",
    )  # fmt: skip
    do["keys_off"](lab)
    lab.publish(HERE / "app")
