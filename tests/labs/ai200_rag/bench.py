"""A sandbox of the lab with its first four tasks solved, to be broken in one place and judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azlabs.catalog.labs import load_lab
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.solve import apply_steps
from azlabs.sandbox.up import up
from azlabs.verify import load_checks, run

CONFIGURATION = ("queue", "vector-store", "keyless", "secret")
API = {"bus": "2024-01-01", "cosmos": "2024-11-15", "models": "2024-10-01", "web": "2024-04-01", "roles": "2022-04-01"}
ROLES = {
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Data Owner": "090c5cfd-751d-490a-894a-3ce6f1109419",
    "Data Receiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
    "DocumentDB Account Contributor": "5bd9cd88-fe45-4216-938b-f97437e15450",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
}


class Bench:
    """One scratch cloud; `again` goes back to the solved state."""

    def __init__(self, cloud: ScratchCloud, folder: Path) -> None:
        self.cloud = cloud
        self.lab = load_lab("ai200-rag")
        self.checks = load_checks(self.lab.checks_file, self.lab.tasks)
        self.ledger = Ledger(folder)
        made = up(self.lab, cloud, workspace=folder / "w", ledger=self.ledger, identifier="ai200-rag-bench")
        self.sandbox = made.sandbox
        apply_steps(self.sandbox, cloud, [step for step in self.lab.steps if step[0] in CONFIGURATION])
        self.snapshot = cloud.snapshot()

    def again(self) -> Bench:
        self.cloud.restore(self.snapshot)
        return self

    def __getitem__(self, output: str) -> str:
        return str(self.sandbox.outputs[output])

    def done(self, *tasks: str) -> list[str]:
        """Which of these tasks are done."""
        report = run(self.lab, self.sandbox, self.cloud, only=tasks or CONFIGURATION, checks=self.checks)
        wanted = tasks or CONFIGURATION
        self.report = report
        return [task.id for task in report.tasks if task.done and task.id in wanted]

    # --- what a learner does --------------------------------------------------------------------------------------------
    @property
    def group(self) -> str:
        return self.sandbox.group_id(self.sandbox.resource_group)

    def put(self, path: str, api: str, body: dict[str, Any]) -> None:
        self.cloud.run("PUT", path, API[api], body)

    def delete(self, path: str, api: str) -> None:
        self.cloud.run("DELETE", path, API[api])

    def queue(self, **changes: Any) -> None:
        """The queue made again with other settings."""
        path = f"{self['namespaceId']}/queues/documents"
        settings = self.cloud.get(path, API["bus"])["properties"]
        kept = ("maxDeliveryCount", "defaultMessageTimeToLive", "deadLetteringOnMessageExpiration")
        kept += ("requiresDuplicateDetection", "duplicateDetectionHistoryTimeWindow")
        self.delete(path, "bus")
        self.put(path, "bus", {"properties": {**{name: settings[name] for name in kept}, **changes}})
        self.assign("Data Receiver", path)

    def container(self, change: Callable[[dict[str, Any]], None], name: str = "passages", database: str = "library") -> None:
        """The container made again with another body."""
        old = f"{self['cosmosId']}/sqlDatabases/library/containers/passages"
        resource = self.cloud.get(old, API["cosmos"])["properties"]["resource"]
        body = {key: resource[key] for key in ("id", "partitionKey", "vectorEmbeddingPolicy", "indexingPolicy")}
        change(body)
        body["id"] = name
        self.delete(old, "cosmos")
        if database != "library":
            self.put(f"{self['cosmosId']}/sqlDatabases/{database}", "cosmos", {"properties": {"resource": {"id": database}}})
        path = f"{self['cosmosId']}/sqlDatabases/{database}/containers/{name}"
        self.put(path, "cosmos", {"properties": {"resource": body}})

    def assign(self, role: str, scope: str, principal: str = "") -> None:
        definition = f"/subscriptions/{self.sandbox.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
        properties = {
            "roleDefinitionId": f"{definition}/{ROLES[role]}",
            "principalId": principal or self["identityPrincipalId"],
            "principalType": "ServicePrincipal",
        }
        name = uuid5(NAMESPACE_URL, f"{scope}{role}{principal}")
        self.put(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", "roles", {"properties": properties})

    def unassign(self, scope: str) -> None:
        """Take away what the app's identity has on exactly this scope."""
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        for entry in list(self.cloud.items(path, API["roles"])):
            mine = entry["properties"]["principalId"] == self["identityPrincipalId"]
            if mine and entry["properties"]["scope"].lower() == scope.lower():
                self.delete(entry["id"], "roles")

    def cosmos_role(self, scope: str, keep: bool = False) -> None:
        """The data role of the app at another scope of the account ("" for all of it)."""
        account = self["cosmosId"]
        for entry in list(self.cloud.items(f"{account}/sqlRoleAssignments", API["cosmos"])):
            if entry["properties"]["principalId"] == self["identityPrincipalId"] and not keep:
                self.delete(entry["id"], "cosmos")
        properties = {
            "principalId": self["identityPrincipalId"],
            "roleDefinitionId": f"{account}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002",
            "scope": f"{account}{scope}",
        }
        self.put(f"{account}/sqlRoleAssignments/{uuid5(NAMESPACE_URL, scope)}", "cosmos", {"properties": properties})

    @property
    def settings(self) -> dict[str, str]:
        found: dict[str, str] = self.cloud.request(
            "POST", f"{self['functionAppId']}/config/appsettings/list", API["web"]
        ).json["properties"]
        return found

    def set(self, *removed: str, **changes: str) -> None:
        """Change settings of the app."""
        kept = {name: value for name, value in self.settings.items() if name not in removed}
        self.put(f"{self['functionAppId']}/config/appsettings", "web", {"properties": kept | changes})

    def patch(self, path: str, api: str, properties: dict[str, Any]) -> None:
        self.cloud.run("PATCH", path, API[api], {"properties": properties})

    def secret(self, name: str, value: str) -> None:
        url = f"{self['vaultUri'].rstrip('/')}/secrets/{name}?api-version=7.5"
        headers = {"content-type": "application/json"}
        content = json.dumps({"value": value}).encode()
        said = self.cloud.send("PUT", url, headers=headers, content=content, audience="https://vault.azure.net")
        assert said.status == 200
