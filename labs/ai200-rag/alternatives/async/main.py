"""Asynchronous clients and blueprints; the app asks the vault for its token by itself, with a right on this one secret."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def solve(lab: Any) -> None:
    """Code last, since it starts with what the settings say."""
    do, outputs = runpy.run_path(str(HERE.parent / "common.py")), lab.outputs
    principal, client = outputs["identityPrincipalId"], outputs["identityClientId"]
    do["take_contributor_away"](lab)
    do["remake_queue"](lab)
    vector = {"path": "/vector", "distanceFunction": "cosine", "dimensions": 1536}
    do["make_container"](lab, "windows", "/documentId", vector, "diskANN")
    do["assign_data"](lab, principal, "/dbs/library/colls/windows")
    do["assign"](lab, principal, f"{outputs['namespaceId']}/queues/documents", do["RECEIVER"])
    do["assign"](lab, principal, outputs["openAiId"], do["CALLER"])
    do["put_token"](lab, "questions")
    do["assign"](lab, principal, f"{outputs['vaultId']}/secrets/questions", do["READER"])
    do["change_settings"](
        lab, "SEARCH_TOKEN", DocumentsBus__fullyQualifiedNamespace=outputs["namespaceHost"],
        DocumentsBus__credential="managedidentity", DocumentsBus__clientId=client, AZURE_CLIENT_ID=client,
        VAULT_URI=outputs["vaultUri"], TOKEN_NAME="questions",
    )  # fmt: skip
    do["keys_off"](lab)
    lab.publish(HERE / "app")
