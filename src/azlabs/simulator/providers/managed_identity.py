"""Microsoft.ManagedIdentity: user-assigned identities with federated credentials, and the view of system-assigned ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.identity import TENANT_ID
from azlabs.simulator.resource_manager import identities, reads, views
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import NameRule, ResourceType, action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Write

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
MOST_CREDENTIALS = 20


def _lower_groups(id: str) -> str:
    """This provider spells the segment of groups in lower case."""
    return id.replace("/resourceGroups/", "/resourcegroups/")


class UserAssignedIdentities(ResourceType):
    """An identity of its own that resources can be given."""

    type = IDENTITY
    state = None
    name_rule = NameRule(
        r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
        "InvalidResourceName",
        "The resource name '{name}' is invalid. It has to be 3 to 128 letters, digits, hyphens and underscores, and to begin "
        "with a letter or digit.",
    )
    defaults = {"tags": {}}
    read_only = ("properties.tenantId", "properties.principalId", "properties.clientId")
    outlived = True

    def canonical_id(self, call: Call) -> str | None:
        return _lower_groups(f"{call.scope_id}/providers/{IDENTITY}/{call.name}")

    def fill(self, write: Write) -> None:
        """A new identity gets its principal."""
        if write.created:
            principal, client = identities.create(write.store, write.id, write.now, explicit=True)
            mine = {"tenantId": TENANT_ID, "principalId": principal, "clientId": client}
            write.body["properties"] = {**write.body.get("properties", {}), **mine}

    def gone(self, call: Call, row: Resource) -> None:
        """The principal goes with the identity."""
        identities.remove(call.store, row.body["properties"]["principalId"])

    @action("listAssociatedResources")
    def associated(self, call: Call, body: dict[str, Any]) -> dict[str, Any]:
        """The resources that have been given this identity."""
        wanted = str(body["id"]).lower()
        found = []
        for row in call.store.select("subscription<>'' AND instr(lower(body), ?)", [f'"{wanted}":{{"principalid"']):
            name, group = row.name, row.id.split("/")[4] if row.id.count("/") > 4 else ""
            found.append({
                "id": row.id, "name": name, "type": row.body.get("type", row.type), "resourceGroup": group,
                "subscriptionId": row.subscription, "subscriptionDisplayName": "",
            })  # fmt: skip
        return {"totalCount": len(found), "value": found}


class FederatedCredentials(ResourceType):
    """Tokens of another issuer that are good for an identity."""

    type = f"{IDENTITY}/federatedIdentityCredentials"
    state = None
    located = tagged = False
    name_rule = NameRule(
        r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}",
        "BadRequest",
        "The name of the federated identity credential '{name}' is invalid.",
    )
    required = ("properties.issuer", "properties.audiences")
    required_code = ("BadRequest", "The federated identity credential '{name}' needs a value for '{path}'.")

    def validate(self, write: Write) -> None:
        """At most twenty, and no two for the same issuer and subject."""
        pair = [write.get(f"properties.{member}") for member in ("issuer", "subject")]
        if not isinstance(write.get("properties.audiences"), list) or len(write.get("properties.audiences")) != 1:
            write.refuse("BadRequest", "The federated identity credential '{name}' must have exactly one audience.")
        others = [
            row for row in write.store.at_scope(write.key.rpartition("/federated")[0], self.key) if row.key != write.key
        ]
        if write.created and len(others) >= MOST_CREDENTIALS:
            write.refuse(
                "FederatedIdentityCredentialsLimitExceeded",
                f"Too many Federated Identity Credentials are configured. The limit is {MOST_CREDENTIALS}.",
            )
        for row in others:
            if [row.body["properties"].get(member) for member in ("issuer", "subject")] == pair:
                write.refuse(
                    "Conflict", "Issuer and subject combination already exists for this Managed Identity.", 409
                )


class SystemAssigned(ResourceType):
    """The system-assigned identity of a resource, read through the resource."""

    type = "Microsoft.ManagedIdentity/identities"
    scopes = ("extension",)
    state = None
    located = tagged = False
    methods = frozenset({"GET"})

    def handle(self, call: Call) -> Answer | None:
        """Only the one named `default` exists, where the resource has such an identity."""
        if call.method != "GET" or not call.route.names:
            return None
        from azlabs.simulator.directory.kinds import SERVICE_PRINCIPALS
        from azlabs.simulator.directory.objects import Directory
        from azlabs.simulator.http import json_answer

        reads.require_scope(call)
        holder = views.find(call.store, call.route.scope.lower()) or {}
        principal = (holder.get("identity") or {}).get("principalId")
        row = Directory(call.store).get(SERVICE_PRINCIPALS, str(principal)) if principal else None
        if row is None or call.name.lower() != "default":
            raise Refused(
                404, "ResourceNotFound", f"The resource '{call.route.scope}' has no system-assigned identity."
            )
        properties = {
            "tenantId": TENANT_ID, "principalId": row.name, "clientId": row.body["appId"],
            "clientSecretUrl": f"https://control-{holder.get('location', '')}.identity.azure.net{call.route.scope}/credentials",
        }  # fmt: skip
        return json_answer({
            "id": call.path(), "name": "default", "type": self.type, "location": holder.get("location"), "properties": properties,
        })  # fmt: skip
