"""Lifecycle management, inventory, object replication, encryption scopes, local users."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer
from azlabs.simulator.providers.storage.base import ACCOUNT, Body, StorageType, account_key, account_of, guid, invalid
from azlabs.simulator.providers.storage.signatures import store_hidden
from azlabs.simulator.resource_manager import writes
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

ONLY_DEFAULT = NameRule("default", "InvalidPolicyName", "The policy's name has to be 'default', not '{name}'.")
ACTIONS = {
    "baseBlob": ("tierToCool", "tierToCold", "tierToArchive", "tierToHot", "delete", "enableAutoTierToHotFromCool"),
    "snapshot": ("tierToCool", "tierToCold", "tierToArchive", "tierToHot", "delete"),
    "version": ("tierToCool", "tierToCold", "tierToArchive", "tierToHot", "delete"),
}
CONDITIONS = {
    "daysAfterModificationGreaterThan", "daysAfterCreationGreaterThan", "daysAfterLastAccessTimeGreaterThan",
    "daysAfterLastTierChangeGreaterThan",
}  # fmt: skip


class Policy(StorageType):
    """One policy per account, answered in full; lists are not Azure's."""

    name_rule = ONLY_DEFAULT
    shown_name = ""

    def accepted(self, write: Write, shown: Body) -> None:
        """Answered as it is."""

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """The document's name is not the one in its URL."""
        body["name"] = self.shown_name
        return body

    def rules(self, write: Write) -> list[Body]:
        """The rules of the policy, each with a name of its own."""
        policy = write.get("properties.policy")
        rules = policy.get("rules") if isinstance(policy, dict) else None
        if not isinstance(rules, list) or not rules or len(rules) > 100:
            invalid("policy.rules")
        names = [str(rule.get("name") or "") for rule in rules]
        if not all(name.replace("-", "").replace("_", "").isalnum() for name in names) or len(set(names)) < len(names):
            invalid("policy.rules.name")
        return rules


class ManagementPolicies(Policy):
    """Lifecycle rules: tiers and deletion by age."""

    type = f"{ACCOUNT}/managementPolicies"
    shown_name = "DefaultManagementPolicy"
    not_found = ("ManagementPolicyNotFound", "No ManagementPolicy found for account")

    def validate(self, write: Write) -> None:
        """Every rule has blob types and at least one action with one age."""
        account = write.find(account_key(write.key)) or {}
        if account.get("kind") == "Storage":
            refuse(
                "ManagementPolicyNotSupportedForAccount",
                "The management policy is not supported for accounts of kind Storage.",
                status=409,
            )
        for rule in self.rules(write):
            rule.setdefault("enabled", True)
            if rule.get("type") != "Lifecycle":
                invalid("policy.rules.type")
            definition = rule["definition"]
            if not (definition.get("filters") or {}).get("blobTypes"):
                invalid("policy.rules.definition.filters.blobTypes")
            actions = {name: value for name, value in definition["actions"].items() if value}
            if not actions or not set(actions) <= set(ACTIONS):
                invalid("policy.rules.definition.actions")
            for part, steps in actions.items():
                for step, when in steps.items():
                    if step not in ACTIONS[part]:
                        invalid(f"policy.rules.definition.actions.{part}.{step}")
                    _age(part, step, when)
        write.put("properties.lastModifiedTime", stamp(write.now))


def _age(part: str, step: str, when: object) -> None:
    if step == "enableAutoTierToHotFromCool":
        return
    ages = {name: value for name, value in when.items() if value is not None} if isinstance(when, dict) else {}
    whole = all(isinstance(value, int | float) and value >= 0 and value == int(value) for value in ages.values())
    if not ages or not set(ages) <= CONDITIONS or not whole:
        invalid(f"policy.rules.definition.actions.{part}.{step}")


class InventoryPolicies(Policy):
    """Reports about what is in containers."""

    type = f"{ACCOUNT}/inventoryPolicies"
    shown_name = "DefaultInventoryPolicy"
    not_found = ("BlobInventoryPolicyNotFound", "Blob inventory policy does not exist for the storage account.")

    def validate(self, write: Write) -> None:
        """A rule has a destination, a format, a schedule and fields."""
        for rule in self.rules(write):
            rule.setdefault("enabled", True)
            definition = rule["definition"]
            if not rule.get("destination"):
                invalid("policy.rules.destination")
            if definition.get("format") not in ("Csv", "Parquet") or definition.get("schedule") not in (
                "Daily",
                "Weekly",
            ):
                invalid("policy.rules.definition")
            if definition.get("objectType") not in ("Blob", "Container") or "Name" not in (
                definition.get("schemaFields") or []
            ):
                invalid("policy.rules.definition.schemaFields")
        write.put("properties.lastModifiedTime", stamp(write.now))


class ObjectReplicationPolicies(StorageType):
    """Copies of new blobs in another account; the destination's policy names the id that the source's then has."""

    type = f"{ACCOUNT}/objectReplicationPolicies"
    not_found = ("ObjectReplicationPolicyNotFound", "No object replication policy was found for the account.")

    def accepted(self, write: Write, shown: Body) -> None:
        """Answered as it is."""

    def handle(self, call: Call) -> Answer | None:
        """A policy that is put as "default" gets an id, which is its name from then on."""
        if call.method != "PUT" or call.name.lower() != "default":
            return None
        account_of(call)
        id = guid()
        call.route.names = [*call.route.names[:-1], id]
        call.key = call.key.rpartition("/")[0] + "/" + id
        with call.store.writing():
            return writes.put(call, self)

    def fill(self, write: Write) -> None:
        """Rules get ids."""
        mine = write.body.setdefault("properties", {})
        mine["policyId"] = write.name
        for rule in mine.get("rules") or []:
            rule.setdefault("ruleId", guid())

    def validate(self, write: Write) -> None:
        """Both accounts and at least one pair of containers are named; both accounts keep versions."""
        mine = write.body["properties"]
        if not mine.get("sourceAccount") or not mine.get("destinationAccount"):
            invalid("sourceAccount", "destinationAccount")
        if not mine.get("rules") or not all(
            rule.get("sourceContainer") and rule.get("destinationContainer") for rule in mine["rules"]
        ):
            invalid("rules")
        service = write.find(account_key(write.key) + "/blobservices/default") or {}
        if not (service.get("properties") or {}).get("isVersioningEnabled"):
            refuse(
                "VersioningNotEnabledForAccount",
                "Versioning must be enabled on the storage account to set object replication policies.",
                status=409,
            )


class EncryptionScopes(StorageType):
    """A key for some of the containers and blobs."""

    type = f"{ACCOUNT}/encryptionScopes"
    name_rule = NameRule(
        r"[A-Za-z0-9-]{3,63}", "InvalidEncryptionScopeName", "The encryption scope name {name} is not valid."
    )
    not_found = ("EncryptionScopeNotFound", "The encryption scope does not exist.")
    methods = frozenset({"GET", "HEAD", "PUT", "PATCH"})
    creates = Announce(201, "Succeeded")
    defaults = {"properties": {"source": "Microsoft.Storage", "state": "Enabled"}}
    choices = {
        "properties.source": ("Microsoft.Storage", "Microsoft.KeyVault"),
        "properties.state": ("Enabled", "Disabled"),
    }
    read_only = ("properties.creationTime", "properties.lastModifiedTime")

    def fill(self, write: Write) -> None:
        """A scope with a vault's key names it."""
        mine = write.body["properties"]
        if mine["source"] == "Microsoft.KeyVault" and not (mine.get("keyVaultProperties") or {}).get("keyUri"):
            invalid("keyVaultProperties.keyUri")
        mine["creationTime"] = write.old("properties.creationTime") or stamp(write.now)
        mine["lastModifiedTime"] = stamp(write.now)

    def accepted(self, write: Write, shown: Body) -> None:  # noqa: ARG002
        """The vault's key is shown empty when there is none."""
        shown["properties"].setdefault("keyVaultProperties", {})


class LocalUsers(StorageType):
    """Somebody who signs in over SFTP; the password is shown once, when it is made."""

    type = f"{ACCOUNT}/localUsers"
    name_rule = NameRule(
        r"[a-z0-9][a-z0-9.-]{2,63}", "InvalidLocalUserName", "The local user name {name} is not valid."
    )
    not_found = ("LocalUserNotFound", "The local user does not exist.")
    read_only = ("properties.sid", "properties.userId", "properties.hasSshPassword")
    secret = ("properties.sshAuthorizedKeys",)

    def fill(self, write: Write) -> None:
        """Users are numbered in their account; each has a security identifier."""
        account = write.find(account_key(write.key)) or {}
        if not (account.get("properties") or {}).get("isHnsEnabled"):
            refuse(
                "FeatureNotSupportedForAccount",
                "Local users need an account with a hierarchical namespace.",
                status=409,
            )
        mine = write.body.setdefault("properties", {})
        hidden = write.hidden
        if "number" not in hidden:
            others = write.store.at_scope(write.key.rpartition("/localusers/")[0], self.key)
            hidden["number"] = 1000 + len(others)
            hidden["sid"] = "-".join(str(secrets.randbelow(2**31)) for _ in range(3))
        mine.update(userId=hidden["number"], sid=f"S-1-2-0-{hidden['sid']}-{hidden['number']}")
        mine["hasSshPassword"] = bool(hidden.get("password"))
        for name in ("hasSharedKey", "hasSshKey"):
            mine.setdefault(name, False)

    def accepted(self, write: Write, shown: Body) -> None:  # noqa: ARG002
        """A write does not say whether there is a password."""
        shown["properties"].pop("hasSshPassword", None)

    def canonical_id(self, call: Call) -> str | None:
        """Azure writes the type in lower case here."""
        call.resolve_scope()
        return f"{call.parent_id}/localusers/{call.name}"

    @action("listKeys")
    def list_keys(self, call: Call, body: Body) -> Body:
        """The public keys that were given, and the shared key if the user has one."""
        row = call.store.get(call.key)
        hidden = row.hidden if row is not None else {}
        answer: Body = {}
        keys = (hidden.get("properties") or {}).get("sshAuthorizedKeys")
        if keys:
            answer["sshAuthorizedKeys"] = keys
        if body["properties"].get("hasSharedKey") and row is not None:
            if "shared" not in hidden:
                hidden["shared"] = base64.b64encode(secrets.token_bytes(64)).decode()
                store_hidden(call, row, hidden)
            answer["sharedKey"] = hidden["shared"]
        return answer

    @action("regeneratePassword")
    def regenerate_password(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """A new password."""
        row = call.store.get(call.key)
        password = base64.b64encode(secrets.token_bytes(24)).decode()
        if row is not None:
            document = row.copy()
            document["properties"]["hasSshPassword"] = True
            store_hidden(call, row, {**row.hidden, "password": password}, document)
        return {"sshPassword": password}
