"""What Azure keeps under its name after deletion, and how to make the name free again.

Source: the REST reference of each service (operations "Deleted ... - List", "... - Purge"), and for the last two the
`force` and `forceToPurge` options of their delete operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError


@dataclass(frozen=True, slots=True)
class KeptAfterDeletion:
    """One type. `listed` is the list of deleted ones below the subscription; `origin` the property with the id that it
    had, '' where the deleted one's own id names group and name; `purge` how it is purged."""

    type: str
    listed: str
    api_version: str
    origin: str
    purge: Literal["POST purge", "DELETE"]


@dataclass(frozen=True, slots=True)
class Purge:
    """A deleted resource that still holds its name."""

    id: str
    was: str
    kind: KeptAfterDeletion


KEPT: tuple[KeptAfterDeletion, ...] = (
    KeptAfterDeletion(
        "Microsoft.KeyVault/vaults", "Microsoft.KeyVault/deletedVaults", "2023-07-01", "vaultId", "POST purge"
    ),
    KeptAfterDeletion(
        "Microsoft.KeyVault/managedHSMs", "Microsoft.KeyVault/deletedManagedHSMs", "2023-07-01", "mhsmId", "POST purge"
    ),
    KeptAfterDeletion(
        "Microsoft.CognitiveServices/accounts",
        "Microsoft.CognitiveServices/deletedAccounts",
        "2023-05-01",
        "",
        "DELETE",
    ),
    KeptAfterDeletion(
        "Microsoft.ApiManagement/service",
        "Microsoft.ApiManagement/deletedservices",
        "2022-08-01",
        "serviceId",
        "DELETE",
    ),
    KeptAfterDeletion(
        "Microsoft.AppConfiguration/configurationStores",
        "Microsoft.AppConfiguration/deletedConfigurationStores",
        "2023-03-01",
        "configurationStoreId",
        "POST purge",
    ),
)
# Types that are purged while they are deleted: {type: query to add to the DELETE}.
PURGED_ON_DELETE: dict[str, str] = {
    "microsoft.operationalinsights/workspaces": "force=true",
    "microsoft.machinelearningservices/workspaces": "forceToPurge=true",
}


def kinds_of(types: Iterable[str]) -> list[KeptAfterDeletion]:
    """The table's entries for resource types."""
    wanted = {kind.lower() for kind in types}
    return [entry for entry in KEPT if entry.type.lower() in wanted]


def deleted_from(cloud: Cloud, group_ids: Iterable[str], kinds: Iterable[KeptAfterDeletion]) -> Iterator[Purge]:
    """What was deleted from these groups and still holds its name."""
    prefixes = tuple(f"{group.lower()}/" for group in group_ids)
    for kind in kinds:
        try:
            entries = list(
                cloud.items(f"/subscriptions/{cloud.subscription_id}/providers/{kind.listed}", kind.api_version)
            )
        except AzureError as problem:
            if problem.not_found or problem.not_modelled:
                continue
            raise
        for entry in entries:
            was = _origin(kind, entry)
            if was.lower().startswith(prefixes):
                yield Purge(str(entry["id"]), was, kind)


def purge(cloud: Cloud, deleted: Purge) -> None:
    """Make the name free; nothing happens when it is free already."""
    try:
        if deleted.kind.purge == "DELETE":
            cloud.run("DELETE", deleted.id, deleted.kind.api_version)
        else:
            cloud.run("POST", f"{deleted.id}/purge", deleted.kind.api_version)
    except AzureError as problem:
        if not problem.not_found:
            raise


def _origin(kind: KeptAfterDeletion, entry: dict[str, Any]) -> str:
    """The id that a deleted resource had."""
    if kind.origin:
        return str((entry.get("properties") or {}).get(kind.origin, ""))
    # .../providers/<ns>/locations/<l>/resourceGroups/<g>/deletedAccounts/<name>
    parts = str(entry.get("id", "")).split("/")
    lowered = [part.lower() for part in parts]
    if "resourcegroups" not in lowered:
        return ""
    group = parts[lowered.index("resourcegroups") + 1]
    return f"/subscriptions/{parts[2]}/resourceGroups/{group}/providers/{kind.type}/{parts[-1]}"
