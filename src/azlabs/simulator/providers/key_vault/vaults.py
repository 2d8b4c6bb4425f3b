"""Key vaults: their properties, soft delete, access policies; the contents are in `data_planes.key_vault`."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault import objects
from azlabs.simulator.providers.key_vault import connections
from azlabs.simulator.resource_manager import deletes
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.records import Deleted, Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

VAULT = "Microsoft.KeyVault/vaults"
NAME = r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]"
RETENTION = (7, 90)
MOST_POLICIES = 1024
ROLES_BY_DEFAULT_SINCE = "2026-02-01"
"""From this version on a new vault that says nothing is governed by roles."""
PERMISSIONS = {
    kind: frozenset(words.split())
    for kind, words in {
        "keys": "all encrypt decrypt wrapkey unwrapkey sign verify get list create update import delete backup restore recover "
        "purge release rotate getrotationpolicy setrotationpolicy",
        "secrets": "all get list set delete backup restore recover purge",
        "certificates": "all get list delete create import update managecontacts getissuers listissuers setissuers deleteissuers "
        "manageissuers recover purge backup restore",
        "storage": "all get list delete set update regeneratekey recover purge backup restore setsas listsas getsas deletesas",
    }.items()
}
"""What access policies can grant, in lower case."""


class Vaults(ResourceType):
    """A vault for secrets, keys and certificates."""

    type = VAULT
    name_rule = NameRule(
        NAME,
        "VaultNameNotValid",
        "The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin "
        "with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more "
        "information: https://go.microsoft.com/fwlink/?linkid=2147742",
    )
    system_data = True
    defaults = {
        "tags": {},
        "properties": {"accessPolicies": [], "enabledForDeployment": False, "publicNetworkAccess": "Enabled"},
    }
    read_only = ("properties.hsmPoolResourceId", "properties.privateEndpointConnections")
    members_since = {
        "properties.publicNetworkAccess": "2021-10-01",
        "properties.softDeleteRetentionInDays": "2019-09-01",
        "systemData": "2020-04-01-preview",
    }
    choices = {
        "properties.sku.name": ("standard", "premium"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled"),
    }
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is invalid. It has to be one of {allowed}.")
    required = ("properties.tenantId", "properties.sku.name")
    required_code = ("BadRequest", "The request message was not properly formed. The parameter {path} is required.")
    creates = Announce(200, "RegisteringDns")
    deletes = Announce(200, body=False)
    soft_delete_days = RETENTION[1]

    def kept_days(self, row: Resource) -> float:
        return int(row.body["properties"].get("softDeleteRetentionInDays") or RETENTION[1])

    def handle(self, call: Call) -> Answer | None:
        """`createMode: recover` brings a deleted vault back; nothing else of such a request counts."""
        if call.method == "PUT" and len(call.route.names) == 1 and call.raw:
            gone = not call.store.exists(call.key) and not call.store.buried(self.key, call.now, call.name)
            if recovers(call) and gone:
                raise deleted_not_found(call.name)
        return None

    def buried(self, call: Call, deleted: Deleted) -> None:
        """The name of a deleted vault is taken until it is recovered or purged."""
        if not recovers(call):
            refuse(
                "ConflictError",
                "A vault with the same name already exists in deleted state. You need to either recover or purge existing key "
                "vault. Follow this link for more information https://go.microsoft.com/fwlink/?linkid=2149745",
                status=409,
            )
        if deleted.key != call.key:
            refuse("BadRequest", f"The deleted vault '{call.name}' belongs to another resource group or subscription.")
        body = deletes.recover(call, deleted).copy()
        call.set_json({name: body[name] for name in ("location", "tags", "properties") if name in body})

    def fill(self, write: Write) -> None:
        """The vault's address, and what follows from defaults that depend on the version of the request."""
        mine: Body = write.body["properties"]
        mine.pop("createMode", None)
        mine["vaultUri"] = f"https://{write.name.lower()}.{objects.DOMAIN}/"
        for member in ("enableSoftDelete", "softDeleteRetentionInDays", "enablePurgeProtection"):
            if mine.get(member) is None and write.old(f"properties.{member}") is not None:
                mine[member] = write.old(f"properties.{member}")
        if write.created:
            mine["enableSoftDelete"] = True  # it cannot be left out any more, whatever a request says
        mine.setdefault("softDeleteRetentionInDays", RETENTION[1])
        roles = write.old("properties.enableRbacAuthorization", write.api_version >= ROLES_BY_DEFAULT_SINCE or None)
        if roles is not None:
            mine.setdefault("enableRbacAuthorization", roles)
        for policy in mine["accessPolicies"]:
            for member in ("tenantId", "applicationId"):
                if isinstance(policy, dict) and isinstance(policy.get(member), str):
                    policy[member] = policy[member].lower()
        rules = mine.get("networkAcls")
        if isinstance(rules, dict):
            completed: Body = {
                "bypass": "AzureServices",
                "defaultAction": "Allow",
                "ipRules": [],
                "virtualNetworkRules": [],
            } | rules
            for rule in completed["ipRules"]:
                if "/" not in str(rule.get("value", "/")):
                    rule["value"] += "/32"
            mine["networkAcls"] = completed

    def validate(self, write: Write) -> None:
        """What can never be taken back, and what a policy has to say."""
        mine: Body = write.body["properties"]
        _guid(write, "tenantId", mine["tenantId"])
        if write.created:
            _unique(write)
        days = mine.get("softDeleteRetentionInDays")
        if days is not None and not (isinstance(days, int) and RETENTION[0] <= days <= RETENTION[1]):
            write.refuse("BadRequest", 'The property "softDeleteRetentionInDays" must be a number between 7 and 90.')
        if write.old("properties.softDeleteRetentionInDays", days) != days:
            write.refuse(
                "BadRequest", 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
            )
        if mine.get("enableSoftDelete") is False:
            write.refuse(
                "BadRequest",
                "The property \"enableSoftDelete\" cannot be set to false. Enabling the 'soft delete' functionality is "
                "irreversible once turned on. Please set this property to true.",
            )
        if mine.get("enablePurgeProtection") is False:
            write.refuse(
                "BadRequest",
                'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an '
                "irreversible action.",
            )
        check_policies(write, mine["accessPolicies"])

    def accepted(self, write: Write, shown: Body) -> None:  # noqa: ARG002
        """The address is there before its name is registered."""
        shown["properties"]["vaultUri"] = shown["properties"]["vaultUri"].rstrip("/")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Rules that let everything in are not shown; connections are those of the endpoints that name the vault."""
        rules = body["properties"].get("networkAcls")
        open_to_all = isinstance(rules, dict) and not rules["ipRules"] and not rules["virtualNetworkRules"]
        if open_to_all and rules["defaultAction"] == "Allow" and rules["bypass"] == "AzureServices":
            del body["properties"]["networkAcls"]
        found = connections.of(reader, body)
        if found:
            body["properties"]["privateEndpointConnections"] = [
                {name: item[name] for name in ("id", "properties")} for item in found
            ]
        return body


def recovers(call: Call) -> bool:
    """Does the request ask for what was deleted, rather than for something new?"""
    return str((call.json().get("properties") or {}).get("createMode", "")).lower() == "recover"


def _unique(write: Write) -> None:
    """Names of vaults are unique in the world."""
    taken = objects.vault_named(write.store, write.name, write.now)
    if taken is not None:
        write.refuse(
            "VaultAlreadyExists",
            f"The vault name '{write.name}' is already in use. Vault names are globally unique so it is possible that the name "
            "is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the same "
            "name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a recoverable "
            "state then the vault will need to be purged before reusing the name. For more information about VaultAlreadyExists, "
            "soft delete and purging a vault follow this link https://go.microsoft.com/fwlink/?linkid=2147740.",
            409,
        )


def _guid(write: Write, member: str, value: Any) -> None:
    try:
        uuid.UUID(str(value))
    except ValueError:
        write.refuse("BadRequest", f"The parameter {member} has an invalid value '{value}'. It has to be a GUID.")


def check_policies(write: Write, policies: Any) -> None:
    """400 for policies that grant nothing to nobody, or unknown permissions."""
    if len(policies) > MOST_POLICIES:
        write.refuse("BadRequest", f"A vault can have at most {MOST_POLICIES} access policies.")
    for policy in policies:
        if not isinstance(policy, dict) or not policy.get("objectId") or not policy.get("tenantId"):
            write.refuse("BadRequest", "An access policy needs a tenantId and an objectId.")
        _guid(write, "objectId", policy["objectId"])
        permissions = policy.get("permissions")
        if not isinstance(permissions, dict):
            write.refuse("BadRequest", "The parameter permissions of an access policy is missing.")
        for kind, words in permissions.items():
            known = PERMISSIONS.get(str(kind).lower())
            unknown = [word for word in words or [] if known is None or str(word).lower() not in known]
            if unknown:
                write.refuse(
                    "BadRequest", f"The access policy has permissions for {kind} that are not known: {unknown[0]}."
                )


def deleted_not_found(name: str) -> Refused:
    """The 404 of a deleted vault that is not there."""
    return Refused(
        404,
        "DeletedVaultNotFound",
        f"The specified deleted vault '{name}' does not exist. Ensure that the vault was indeed deleted and that it is in "
        "recoverable state. If soft delete was not enabled then the vault is permanently deleted. Follow this link for more "
        "information: https://go.microsoft.com/fwlink/?linkid=2149745",
    )


class AccessPolicies(ResourceType):
    """Adds, replaces or removes some access policies of a vault: PUT .../accessPolicies/{add|replace|remove}."""

    type = f"{VAULT}/accessPolicies"
    located = tagged = False
    methods = frozenset({"PUT"})

    def handle(self, call: Call) -> Answer | None:
        """Work out the vault's new list and write the vault."""
        if call.method != "PUT" or call.name.lower() not in ("add", "replace", "remove"):
            return None
        from azlabs.simulator.http import json_answer

        vault_id = call.route.path_of(1)
        with call.store.writing():
            row = call.store.get(vault_id.lower())
            if row is None:
                call.manager.require_group(call)
                raise Refused(
                    404, "ParentResourceNotFound", f"The vault '{vault_id}' of the access policies was not found."
                )
            body = row.copy()
            asked = ((call.json().get("properties") or {}).get("accessPolicies")) or []
            body["properties"]["accessPolicies"] = _changed(
                body["properties"]["accessPolicies"], asked, call.name.lower()
            )
            wanted: Body = {name: body[name] for name in ("location", "tags", "properties") if name in body}
            answer = call.internal("PUT", row.id, call.api_version, wanted)
            if answer.status >= 300:
                error = answer.json()["error"]
                raise Refused(answer.status, error["code"], error["message"])
        policies = answer.json()["properties"]["accessPolicies"]
        return json_answer({
            "id": f"{row.id}/accessPolicies/", "type": self.type, "location": row.location,
            "properties": {"accessPolicies": policies},
        })  # fmt: skip


def _changed(policies: list[Body], asked: list[Body], operation: str) -> list[Body]:
    """Policies are told apart by tenant, object and application."""

    def key(policy: Body) -> tuple[str, ...]:
        return tuple(str(policy.get(name) or "").lower() for name in ("tenantId", "objectId", "applicationId"))

    found = {key(policy): policy for policy in policies}
    for policy in asked:
        known = found.get(key(policy))
        if operation == "replace" or (known is None and operation == "add"):
            found[key(policy)] = policy
        elif known is not None:
            _merge(known, policy.get("permissions") or {}, remove=operation == "remove")
    return [policy for policy in found.values() if any(policy["permissions"].values())]


def _merge(policy: Body, permissions: Body, *, remove: bool) -> None:
    for kind, words in permissions.items():
        mine = policy["permissions"].setdefault(kind, [])
        wanted = {str(word).lower() for word in words or []}
        if remove:
            mine[:] = [word for word in mine if str(word).lower() not in wanted]
        else:
            have = {str(word).lower() for word in mine}
            mine += [word for word in words or [] if str(word).lower() not in have]


NAME_FORM = re.compile(NAME)
