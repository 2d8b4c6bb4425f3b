"""What a Recovery Services vault protects: as long as there is any of it, soft-deleted or not, the vault stays.

The order is Azure's: soft delete off, soft-deleted items brought back, protection stopped with its data deleted,
storage accounts unregistered, and only then the vault. Source: Microsoft's documentation "Delete an Azure Backup Recovery Services vault".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from azlabs.cloud import Cloud
from azlabs.sandbox.background import start

VAULT = "microsoft.recoveryservices/vaults"
API = "2024-04-01"
_ACCOUNTS = "$filter=backupManagementType%20eq%20'AzureStorage'%20and%20status%20eq%20'Registered'"
_OFF = {"softDeleteFeatureState": "Disabled", "enhancedSecurityState": "Disabled"}


@dataclass(frozen=True, slots=True)
class ProtectedItem:
    """One thing under protection; `is_kept`: it was deleted, and is kept until `until`."""

    id: str
    name: str
    kind: str
    source: str
    is_kept: bool
    until: str = ""


@dataclass(frozen=True, slots=True)
class ProtectingVault:
    """A vault with what it protects. `soft_delete`: Enabled, Disabled or AlwaysON, which cannot be turned off."""

    id: str
    soft_delete: str
    items: list[ProtectedItem] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    """Containers of the storage accounts that are registered for backups of their file shares."""


def look(cloud: Cloud, vault_id: str) -> ProtectingVault:
    """What a vault protects. Raises AzureError."""
    begun = start(lambda path: cloud.find(path, API), f"{vault_id}/backupconfig/vaultconfig")
    registered = start(lambda path: list(cloud.items(path, API)), f"{vault_id}/backupProtectionContainers?{_ACCOUNTS}")
    listed = [_item(entry) for entry in cloud.items(f"{vault_id}/backupProtectedItems", API)]
    config = begun.result() or {}
    state = str((config.get("properties") or {}).get("softDeleteFeatureState", ""))
    return ProtectingVault(vault_id, state, listed, [str(entry["id"]) for entry in registered.result()])


def turn_soft_delete_off(cloud: Cloud, vault: ProtectingVault) -> None:
    """What is deleted from now on is gone at once. Raises AzureError where it is always on."""
    if vault.soft_delete.lower() not in {"disabled", ""}:
        cloud.run("PATCH", f"{vault.id}/backupconfig/vaultconfig", API, {"properties": _OFF})


def bring_back(cloud: Cloud, item: ProtectedItem) -> None:
    """Undelete an item that was soft-deleted: only what is protected or stopped can be deleted with its data."""
    body = {
        "protectedItemType": item.kind,
        "protectionState": "ProtectionStopped",
        "sourceResourceId": item.source,
        "isRehydrate": True,
    }
    cloud.run("PUT", item.id, API, {"properties": body})


def _item(entry: dict[str, Any]) -> ProtectedItem:
    properties = entry.get("properties") or {}
    return ProtectedItem(
        str(entry["id"]),
        str(properties.get("friendlyName") or entry.get("name", "")),
        str(properties.get("protectedItemType", "")),
        str(properties.get("sourceResourceId", "")),
        properties.get("isScheduledForDeferredDelete") is True,
        str(properties.get("deferredDeleteTimeInUTC") or ""),
    )
