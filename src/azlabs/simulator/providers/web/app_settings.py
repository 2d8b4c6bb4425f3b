"""The settings of a site: what comes inside a site's document, what is bound to a slot, what a swap moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.web.base import app_key, settings_of, store_settings, text
from azlabs.simulator.resource_manager.errors import refuse

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Reader, Write

Body = dict[str, Any]
EVERY = (
    "web", "appsettings", "connectionstrings", "metadata", "azurestorageaccounts", "slotConfigNames", "logs", "authsettings",
    "authsettingsV2", "publishingcredentials", "backup", "pushsettings",
)  # fmt: skip
"""The settings that a site has from the start."""
MOVING = {"appsettings": "appSettingNames", "connectionstrings": "connectionStringNames", "azurestorageaccounts": "azureStorageConfigNames"}
"""Settings that go with a swap, and the list of the names of those that stay."""
STAYING = frozenset({
    "alwaysOn", "ipSecurityRestrictions", "scmIpSecurityRestrictions", "scmIpSecurityRestrictionsUseMain", "cors", "vnetName",
    "vnetRouteAllEnabled", "autoSwapSlotName", "publicNetworkAccess", "minTlsVersion", "ftpsState",
})  # fmt: skip
"""Settings of a site that a swap leaves where they are.
https://learn.microsoft.com/azure/app-service/deploy-staging-slots#which-settings-are-swapped"""


def take(write: Write, app: Resource, given: Any, *, new: bool) -> None:
    """Store the settings that came inside a site's document."""
    config = dict(given) if isinstance(given, dict) else {}
    if new:
        for name in EVERY:
            store_settings(write, app, name, {})
    pairs = config.pop("appSettings", None)
    if pairs is not None:
        store_settings(write, app, "appsettings", named(pairs))
    strings = config.pop("connectionStrings", None)
    if strings is not None:
        store_settings(write, app, "connectionstrings", typed(strings))
    pairs = config.pop("metadata", None)
    if pairs is not None:
        store_settings(write, app, "metadata", named(pairs))
    mounts = config.pop("azureStorageAccounts", None)
    if isinstance(mounts, dict) and mounts:
        store_settings(write, app, "azurestorageaccounts", mounts)
    if config:
        config = {name: value for name, value in config.items() if name not in NEVER_KEPT and value is not None}
        store_settings(write, app, "web", {**settings_of(write, app.id, "web"), **config})


NEVER_KEPT = frozenset({"publishingUsername", "localMySqlEnabled"})


def named(pairs: Any) -> Body:
    """[{"name", "value"}] as a dictionary of texts."""
    if not isinstance(pairs, list) or not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in pairs):
        refuse("BadRequest", "The parameter appSettings has an invalid value.")
    return {one["name"]: text(one.get("value", "")) for one in pairs}


def typed(strings: Any) -> Body:
    """[{"name", "connectionString", "type"}] as a dictionary of {"value", "type"}."""
    if not isinstance(strings, list) or not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in strings):
        refuse("BadRequest", "The parameter connectionStrings has an invalid value.")
    return {
        one["name"]: {"value": text(one.get("connectionString", "")), "type": one.get("type") or "Custom"} for one in strings
    }


def swap(reader: Reader, first: Resource, second: Resource) -> None:
    """Exchange the settings of two slots, but for those that are bound to a slot."""
    site = app_key(first.key).partition("/slots/")[0]
    bound = settings_of(reader, site, "slotConfigNames")
    for name, list_of in {**MOVING, "metadata": "", "web": ""}.items():
        stay = STAYING if name == "web" else frozenset(bound.get(list_of) or ())
        one, other = settings_of(reader, first.id, name), settings_of(reader, second.id, name)
        for app, mine, theirs in ((first, one, other), (second, other, one)):
            kept = {key: value for key, value in mine.items() if key in stay}
            store_settings(reader, app, name, {**{key: value for key, value in theirs.items() if key not in stay}, **kept})
