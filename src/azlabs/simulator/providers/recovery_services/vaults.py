"""Vaults and their configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.recovery_services import policies
from azlabs.simulator.providers.recovery_services.base import (
    BOTH,
    CONFIG,
    JOB,
    POLICY,
    STORAGE,
    VAULT,
    VAULT_PATH,
    Part,
    add,
    items_of,
    registered,
    setting,
    vault_of,
)
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint, NameRule, Reference, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

CONFIG_NAME, STORAGE_NAME = "vaultconfig", "vaultstorageconfig"
CONFIG_DEFAULTS = {
    "enhancedSecurityState": "Enabled",
    "softDeleteFeatureState": "Enabled",
    "softDeleteRetentionPeriodInDays": 14,
    "isSoftDeleteFeatureStateEditable": True,
}
STORAGE_DEFAULTS = {
    "storageModelType": "GeoRedundant",
    "storageType": "GeoRedundant",
    "storageTypeState": "Unlocked",
    "dedupState": "Disabled",
    "xcoolState": "Disabled",
    "crossRegionRestoreFlag": False,
}
REDUNDANCIES = ("GeoRedundant", "LocallyRedundant", "ZoneRedundant")
SOFT_DELETE_WORDS = ("Enabled", "Disabled", "AlwaysON")
FIRST_DAYS, MOST_DAYS = 14, 180


class Vaults(ResourceType):
    """A vault; it cannot be deleted while something is protected in it."""

    type = VAULT
    members = frozenset({"sku", "identity", "etag"})
    etag = True
    keeps_group = True
    name_rule = NameRule(
        r"[a-zA-Z][a-zA-Z0-9-]{1,49}",
        "InvalidVaultName",
        "The vault name '{name}' has to be 2 to 50 letters, digits and hyphens.",
    )
    creates = updates = Announce(201, "Provisioning", headers=("azure-asyncoperation",))
    patched = Announce(202, headers=BOTH, body=False, polls=1)
    deletes = Announce(202, headers=BOTH, body=False, polls=1)
    operation_paths = ("{path}/operationStatus/{id}", "{path}/operationResults/{id}")
    operation_body = "brief"
    required = ("sku.name",)
    choices = {
        "sku.name": ("Standard", "RS0"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled"),
        "properties.encryption.infrastructureEncryption": ("Enabled", "Disabled"),
    }
    read_only = tuple(
        f"properties.{name}"
        for name in (
            "privateEndpointStateForBackup", "privateEndpointStateForSiteRecovery", "secureScore", "bcdrSecurityLevel",
            "backupStorageVersion", "privateEndpointConnections",
        )
    )  # fmt: skip
    defaults = {
        "properties": {
            "privateEndpointStateForBackup": "None",
            "privateEndpointStateForSiteRecovery": "None",
            "redundancySettings": {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Disabled"},
            "secureScore": "None",
            "bcdrSecurityLevel": "Poor",
            "publicNetworkAccess": "Enabled",
            "restoreSettings": {"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"}},
        }
    }
    references = (
        Reference(
            "properties.encryption.kekIdentity.userAssignedIdentity",
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            "UserErrorIdentityNotFound",
            "The identity '{id}' for the encryption of vault {source} was not found.",
        ),
    )

    def fill(self, write: Write) -> None:
        """One identity opens the key; the other one is named as unused. What older writes said about encryption stays."""
        key = write.get("properties.encryption.kekIdentity")
        if not isinstance(key, dict):
            if write.get("properties.encryption") and not write.old("properties.encryption"):
                refuse("CloudInternalError", "The encryption of a vault needs the identity that opens its key.")
            return
        asked = ((write.call.json().get("properties") or {}).get("encryption") or {}).get("kekIdentity") or {}
        if asked.get("userAssignedIdentity"):
            key["useSystemAssignedIdentity"] = False
        elif asked.get("useSystemAssignedIdentity"):
            key["userAssignedIdentity"] = None
        if (
            write.old("properties.encryption.infrastructureEncryption")
            == "Disabled"
            != write.get("properties.encryption.infrastructureEncryption", "Disabled")
        ):
            refuse(
                "CloudInternalError", "The infrastructure encryption of a vault cannot be changed once its key was set."
            )
        write.body["properties"]["encryption"].setdefault("infrastructureEncryption", "Disabled")

    def validate(self, write: Write) -> None:
        """The identity that opens the key has to be one of the vault's; a key once set cannot be taken away."""
        encryption = write.get("properties.encryption")
        if write.old("properties.encryption") and not encryption:
            refuse("CloudInternalError", "A vault that is encrypted with the customer's key cannot go back.")
        if not encryption:
            return
        identity = write.body.get("identity") or {}
        named = str((encryption.get("kekIdentity") or {}).get("userAssignedIdentity") or "").lower()
        if named and named not in {id.lower() for id in identity.get("userAssignedIdentities") or {}}:
            refuse("UserErrorIdentityNotAssigned", f"The identity '{named}' is not assigned to the vault.")
        if not named and "systemassigned" not in str(identity.get("type", "")).lower():
            refuse("UserErrorIdentityNotAssigned", "The vault has no system-assigned identity.")

    def written(self, write: Write) -> None:
        """A new vault has its configuration and three policies; what a write says about them is passed on."""
        call = write.call
        if write.before is None:
            add(call, CONFIG, write.key, f"{write.id}/backupconfig/{CONFIG_NAME}", dict(CONFIG_DEFAULTS))
            add(call, STORAGE, write.key, f"{write.id}/backupstorageconfig/{STORAGE_NAME}", dict(STORAGE_DEFAULTS))
            for name, policy in policies.first(write.now).items():
                add(call, POLICY, write.key, f"{write.id}/backupPolicies/{name}", policy)
        asked = call.json().get("properties") or {}
        soft = (asked.get("securitySettings") or {}).get("softDeleteSettings") or {}
        wanted = {
            "softDeleteFeatureState": soft.get("softDeleteState"),
            "softDeleteRetentionPeriodInDays": soft.get("softDeleteRetentionPeriodInDays"),
            "enhancedSecurityState": soft.get("enhancedSecurityState"),
        }
        _change(call, f"{write.key}/backupconfig/{CONFIG_NAME}", wanted)
        redundancy = asked.get("redundancySettings") or {}
        kind, across = redundancy.get("standardTierStorageRedundancy"), redundancy.get("crossRegionRestore")
        wanted = {
            "storageModelType": kind,
            "storageType": kind,
            "crossRegionRestoreFlag": None if across is None else across == "Enabled",
        }
        _change(call, f"{write.key}/backupstorageconfig/{STORAGE_NAME}", wanted)

    def accepted(self, write: Write, shown: Body) -> None:  # noqa: ARG002
        """The first answer knows nothing of backups yet."""
        for name in ("backupStorageVersion", "securitySettings"):
            shown["properties"].pop(name, None)

    def deleting(self, write: Write) -> None:
        """Refused while items are protected, or soft-deleted and kept."""
        rows = items_of(write, write.key)
        if not rows:
            rows = registered(write, write.key)
        if not rows:
            return
        names = ", ".join(sorted({str(row.body["properties"]["friendlyName"]) for row in rows}))
        if all(row.hidden.get("purge") for row in rows):
            write.refuse(
                "ServiceResourceNotEmptyWithBackendMessage",
                "Recovery Services vault cannot be deleted as there are backup items in soft deleted state in the vault. The soft "
                f"deleted items are permanently deleted after their retention period. Items: {names}",
            )
        write.refuse(
            "ServiceResourceNotEmptyWithContainerDetails",
            f"Vault cannot be deleted as there are existing resources within the vault. : {names}\n"
            "Unregister all containers from the vault and then retry to delete vault.",
        )

    def shown(self, body: Body, reader: Reader) -> Body:
        """With what the configuration of backups says."""
        key, mine = body["id"].lower(), body["properties"]
        config, storage = setting(reader, key, CONFIG, CONFIG_NAME), setting(reader, key, STORAGE, STORAGE_NAME)
        used = bool(mine.get("encryption")) or bool(reader.store.at_scope(key, JOB.lower(), limit=1))
        mine["backupStorageVersion"] = "V2" if used else "Unassigned"
        given = mine.get("securitySettings") or {}
        if config:
            off = config["softDeleteFeatureState"] == "Disabled"
            mine["securitySettings"] = {
                "immutabilitySettings": given.get("immutabilitySettings"),
                "softDeleteSettings": {
                    "softDeleteRetentionPeriodInDays": 0 if used and off else config["softDeleteRetentionPeriodInDays"],
                    "softDeleteState": config["softDeleteFeatureState"],
                    "enhancedSecurityState": config["enhancedSecurityState"],
                },
                "multiUserAuthorization": "Disabled",
            }
        if storage:
            mine["redundancySettings"] = {
                "standardTierStorageRedundancy": storage["storageModelType"],
                "crossRegionRestore": "Enabled" if storage["crossRegionRestoreFlag"] else "Disabled",
            }
        return body


def _change(call: Call, path: str, wanted: Body) -> None:
    """Pass members on to a configuration, which judges them."""
    wanted = {name: value for name, value in wanted.items() if value is not None}
    row = call.store.get(path.lower())
    if row is None or all(row.body["properties"].get(name) == value for name, value in wanted.items()):
        return
    answer = call.internal("PATCH", row.id, "2024-04-01", {"properties": wanted})
    if answer.status >= 400:
        refuse("UserErrorInvalidVaultSettings", answer.body.decode(), status=answer.status)


class BackupConfigs(Part):
    """Soft delete of a vault."""

    type = CONFIG
    patch = "merge"
    methods = frozenset({"GET", "PUT", "PATCH"})
    name_rule = NameRule("(?i)vaultconfig")
    defaults = {"properties": dict(CONFIG_DEFAULTS)}
    read_only = ("properties.isSoftDeleteFeatureStateEditable",)
    choices = {
        "properties.softDeleteFeatureState": SOFT_DELETE_WORDS,
        "properties.enhancedSecurityState": ("Enabled", "Disabled", "AlwaysON"),
    }

    def validate(self, write: Write) -> None:
        """14 to 180 days; always on stays on."""
        days = write.get("properties.softDeleteRetentionPeriodInDays")
        state, old = write.get("properties.softDeleteFeatureState"), write.old("properties.softDeleteFeatureState")
        if type(days) is not int or (state != "Disabled" and not FIRST_DAYS <= days <= MOST_DAYS):
            refuse("BMSUserErrorInvalidInput", f"The soft delete retention has to be {FIRST_DAYS} to {MOST_DAYS} days.")
        if old == "AlwaysON" != state:
            refuse("BMSUserErrorInvalidInput", "Soft delete of this vault is always on and cannot be turned off.")
        write.put("properties.isSoftDeleteFeatureStateEditable", state != "AlwaysON")


class StorageConfigs(Part):
    """Redundancy of a vault, fixed once something is protected in it."""

    type = STORAGE
    patch = "merge"
    patched = Announce(204, body=False)
    methods = frozenset({"GET", "PUT", "PATCH"})
    name_rule = NameRule("(?i)vaultstorageconfig")
    defaults = {"properties": dict(STORAGE_DEFAULTS)}
    read_only = ("properties.storageTypeState",)
    choices = {"properties.storageModelType": REDUNDANCIES, "properties.storageType": REDUNDANCIES}

    def fill(self, write: Write) -> None:
        """Two members for one thing."""
        asked = write.call.json().get("properties") or {}
        kind = asked.get("storageModelType") or asked.get("storageType")
        if kind:
            write.put("properties.storageModelType", kind)
            write.put("properties.storageType", kind)

    def validate(self, write: Write) -> None:
        """Not while something is protected; another region needs copies there."""
        vault = write.key.rpartition("/backupstorageconfig/")[0]
        kind = write.get("properties.storageModelType")
        if write.old("properties.storageModelType", kind) != kind and items_of(write, vault):
            refuse(
                "BMSUserErrorStorageTypeLocked",
                "The redundancy of a vault cannot be changed once it protects something.",
            )
        if write.get("properties.crossRegionRestoreFlag") and kind != "GeoRedundant":
            refuse("BMSUserErrorInvalidInput", "Restores in another region need a vault that is geo-redundant.")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Locked while something is protected."""
        vault = body["id"].lower().rpartition("/backupstorageconfig/")[0]
        body["properties"]["storageTypeState"] = "Locked" if items_of(reader, vault) else "Unlocked"
        return body


def encryption(call: Call) -> Body:
    """How a vault is encrypted, as the service for backups says it."""
    vault = vault_of(call)
    given = vault.body["properties"].get("encryption") or {}
    key = given.get("kekIdentity") or {}
    uri = (given.get("keyVaultProperties") or {}).get("keyUri")
    properties: Body = {
        "useSystemAssignedIdentity": bool(key.get("useSystemAssignedIdentity", True)),
        "encryptionAtRestType": "CustomerManaged" if uri else "MicrosoftManaged",
        "lastUpdateStatus": "Succeeded" if uri else "NotEnabled",
        "infrastructureEncryptionState": given.get("infrastructureEncryption") or "Disabled",
    }
    if uri:
        properties.update(keyUri=uri, subscriptionId="")
    if key.get("userAssignedIdentity"):
        properties["userAssignedIdentity"] = key["userAssignedIdentity"]
    name = "backupResourceEncryptionConfig"
    folder = f"{VAULT}/backupEncryptionConfigs"
    return {"id": f"{vault.id}/backupEncryptionConfigs/{name}", "name": name, "type": folder, "properties": properties}


def guards(call: Call) -> Body:
    """Resource guards belong to another service, so that no vault has one."""
    vault_of(call)
    return {"value": []}


ENDPOINTS = [
    Endpoint("GET", f"{VAULT_PATH}/backupEncryptionConfigs/backupResourceEncryptionConfig", encryption),
    Endpoint("GET", f"{VAULT_PATH}/backupResourceGuardProxies", guards),
]
