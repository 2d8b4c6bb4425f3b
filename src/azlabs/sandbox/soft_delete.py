"""What Azure keeps under its name after deletion, and how to make the name free again.

Source: the REST reference of each service (operations "Deleted ... - List", "... - Purge"), and for the last two the
`force` and `forceToPurge` options of their delete operations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.sandbox import background
from azlabs.sandbox.contents import read

# A subscription that never used a service has no deleted resources of it either.
_NONE_OF_IT = {"MissingSubscriptionRegistration", "SubscriptionNotRegistered", "InvalidResourceNamespace"}


@dataclass(frozen=True, slots=True)
class KeptAfterDeletion:
    """One type. `listed` is the list of deleted ones below the subscription; `origin` the property with the id that it
    had, '' where the deleted one's own id names group and name; `purge` how it is purged; `deleted` its id while it is
    deleted; `command` what a person would type to purge it."""

    type: str
    listed: str
    api_version: str
    origin: str
    purge: Literal["POST purge", "DELETE"]
    deleted: str
    command: str


@dataclass(frozen=True, slots=True)
class Purge:
    """A deleted resource that still holds its name. `until` is when Azure lets go of it by itself ('' when Azure does
    not say), `is_protected` that nobody can purge it before that."""

    id: str
    was: str
    kind: KeptAfterDeletion
    location: str = ""
    until: str = ""
    is_protected: bool = False

    @property
    def name(self) -> str:
        """The name that it holds."""
        return self.id.rpartition("/")[2]

    @property
    def command(self) -> str:
        """What a person would type to purge it."""
        group = self.was.split("/")[4] if self.was.count("/") > 4 else ""
        return self.kind.command.format(name=self.name, location=self.location, group=group)


_PLACE = "/subscriptions/{subscription}/providers/{namespace}/locations/{location}"
KEPT: tuple[KeptAfterDeletion, ...] = (
    KeptAfterDeletion(
        "Microsoft.KeyVault/vaults",
        "Microsoft.KeyVault/deletedVaults",
        "2023-07-01",
        "vaultId",
        "POST purge",
        f"{_PLACE}/deletedVaults/{{name}}",
        "az keyvault purge --name {name} --location {location}",
    ),
    KeptAfterDeletion(
        "Microsoft.KeyVault/managedHSMs",
        "Microsoft.KeyVault/deletedManagedHSMs",
        "2023-07-01",
        "mhsmId",
        "POST purge",
        f"{_PLACE}/deletedManagedHSMs/{{name}}",
        "az keyvault purge --hsm-name {name} --location {location}",
    ),
    KeptAfterDeletion(
        "Microsoft.CognitiveServices/accounts",
        "Microsoft.CognitiveServices/deletedAccounts",
        "2023-05-01",
        "",
        "DELETE",
        f"{_PLACE}/resourceGroups/{{group}}/deletedAccounts/{{name}}",
        "az cognitiveservices account purge --name {name} --resource-group {group} --location {location}",
    ),
    KeptAfterDeletion(
        "Microsoft.ApiManagement/service",
        "Microsoft.ApiManagement/deletedservices",
        "2022-08-01",
        "serviceId",
        "DELETE",
        f"{_PLACE}/deletedservices/{{name}}",
        "az apim deletedservice purge --service-name {name} --location {location}",
    ),
    KeptAfterDeletion(
        "Microsoft.AppConfiguration/configurationStores",
        "Microsoft.AppConfiguration/deletedConfigurationStores",
        "2023-03-01",
        "configurationStoreId",
        "POST purge",
        f"{_PLACE}/deletedConfigurationStores/{{name}}",
        "az appconfig purge --name {name} --location {location} --yes",
    ),
)
# Types that are purged while they are deleted: {type: query to add to the DELETE}.
PURGED_ON_DELETE: dict[str, str] = {
    "microsoft.operationalinsights/workspaces": "force=true",
    "microsoft.machinelearningservices/workspaces": "forceToPurge=true",
}
_BY_TYPE = {kind.type.lower(): kind for kind in KEPT}


def kinds_of(types: Iterable[str]) -> list[KeptAfterDeletion]:
    """The table's entries for resource types."""
    wanted = {kind.lower() for kind in types}
    return [entry for entry in KEPT if entry.type.lower() in wanted]


def once_deleted(identifier: str, resource_type: str, location: str) -> Purge | None:
    """What there will be to purge when this resource has been deleted; None when its name is free at once."""
    kind = _BY_TYPE.get(resource_type.lower())
    if kind is None:
        return None
    parts = identifier.split("/")
    place = location.lower().replace(" ", "")
    deleted = kind.deleted.format(
        subscription=parts[2], group=parts[4], namespace=kind.type.partition("/")[0], location=place, name=parts[-1]
    )
    return Purge(deleted, identifier, kind, place)


def deleted_from(
    cloud: Cloud, origins: Iterable[str], expected: Iterable[str] = ()
) -> tuple[list[Purge], list[tuple[str, AzureError]]]:
    """What was deleted and still holds its name; and the lists that could not be read. `origins`: the ids of the groups
    that it was in, or its own.

    All lists are asked for at once. One that this account may not read is only reported when its type is among
    `expected`: what nobody made cannot be left over.
    """
    prefixes = tuple(f"{origin.lower()}/" for origin in origins)
    wanted = {kind.lower() for kind in expected}

    def look(kind: KeptAfterDeletion) -> list[Purge] | AzureError:
        path = f"/subscriptions/{cloud.subscription_id}/providers/{kind.listed}"
        try:
            entries = read(lambda of: list(cloud.items(of, kind.api_version)), path)
        except AzureError as problem:
            is_none = problem.not_found or problem.not_modelled or problem.code in _NONE_OF_IT
            unread = kind.type.lower() in wanted or problem.status not in (401, 403)
            return [] if is_none or not unread else problem
        return [found for entry in entries if _lies_in(found := _read(kind, entry), prefixes)]

    kept: list[Purge] = []
    unread: list[tuple[str, AzureError]] = []
    if prefixes:
        for kind, answer in zip(KEPT, background.each(look, KEPT), strict=True):
            if isinstance(answer, AzureError):
                unread.append((f"/subscriptions/{cloud.subscription_id}/providers/{kind.listed}", answer))
            else:
                kept += answer
    return kept, unread


def purge(cloud: Cloud, deleted: Purge) -> None:
    """Make the name free, asked for once more when Azure fails in a way that may pass; nothing happens when it is free
    already."""
    try:
        read(lambda entry: _purge(cloud, entry), deleted)
    except AzureError as problem:
        if not problem.not_found:
            raise


def _purge(cloud: Cloud, deleted: Purge) -> None:
    if deleted.kind.purge == "DELETE":
        cloud.run("DELETE", deleted.id, deleted.kind.api_version)
    else:
        cloud.run("POST", f"{deleted.id}/purge", deleted.kind.api_version)


def is_settled(cloud: Cloud, deleted: Purge) -> bool:
    """Whether nothing can be done about a name any more: it is free, or nobody may purge it before its time."""
    try:
        body = read(lambda of: cloud.get(of, deleted.kind.api_version), deleted.id)
    except AzureError as problem:
        return problem.not_found
    return (body.get("properties") or {}).get("purgeProtectionEnabled") is True


def _lies_in(deleted: Purge, prefixes: tuple[str, ...]) -> bool:
    return f"{deleted.was.lower()}/".startswith(prefixes)


def _read(kind: KeptAfterDeletion, entry: dict[str, Any]) -> Purge:
    properties = entry.get("properties") or {}
    identifier = str(entry["id"])
    parts = identifier.split("/")
    lowered = [part.lower() for part in parts]
    location = str(properties.get("location") or entry.get("location") or "")
    if not location and "locations" in lowered:
        location = parts[lowered.index("locations") + 1]
    return Purge(
        identifier,
        _origin(kind, entry),
        kind,
        location,
        until=str(properties.get("scheduledPurgeDate") or ""),
        is_protected=properties.get("purgeProtectionEnabled") is True,
    )


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
