"""config/*: the settings of sites and slots, each kind with its own shape and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.web import app_settings
from azlabs.simulator.providers.web.base import (
    SITE,
    Child,
    also_of_slots,
    app_key,
    conflict,
    is_function,
    missing,
    plan_of,
    region,
    settings_of,
    shapes,
    text,
)
from azlabs.simulator.providers.web.plans import tier_of
from azlabs.simulator.providers.web.shown import ALLOW_ALL, host_name, site_and_slot
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Body, action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

NAMES = {name.lower(): name for name in app_settings.EVERY}
BY_LIST = frozenset({
    "appsettings", "connectionstrings", "metadata", "azurestorageaccounts", "publishingcredentials", "backup", "pushsettings",
})  # fmt: skip
"""Settings that may hold secrets: only POST .../list shows them."""
LAST = 2147483647
RESTRICTIONS = ("ipSecurityRestrictions", "scmIpSecurityRestrictions")
_OFF = {"level": "Off"}
_HTTP_OFF = {"enabled": False, "retentionInDays": None, "sasUrl": None}
SHAPES: dict[str, Body] = {
    "slotConfigNames": {"connectionStringNames": None, "appSettingNames": None, "azureStorageConfigNames": None},
    "logs": {
        "applicationLogs": {
            "fileSystem": {"level": "Off"}, "azureTableStorage": {**_OFF, "sasUrl": None},
            "azureBlobStorage": {**_OFF, "sasUrl": None, "retentionInDays": None},
        },
        "httpLogs": {
            "fileSystem": {"retentionInMb": 35, "retentionInDays": 0, "enabled": False},
            "azureBlobStorage": {"sasUrl": None, "retentionInDays": 0, "enabled": False},
        },
        "failedRequestsTracing": {"enabled": False}, "detailedErrorMessages": {"enabled": False},
    },
    "authsettingsV2": {
        "platform": {"enabled": False, "runtimeVersion": "~1"}, "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"},
        "identityProviders": {}, "login": {"tokenStore": {"enabled": False}}, "httpSettings": {"requireHttps": True},
    },
}  # fmt: skip
"""What is shown of settings while nobody set them; `web` and `authsettings` come from `shapes`."""


@also_of_slots
class Config(Child):
    """One kind of settings of a site."""

    type = f"{SITE}/config"
    patch = "merge"

    def handle(self, call: Call) -> Answer | None:
        """Kinds of settings are known by name; those with secrets are not shown by GET."""
        if len(call.route.names) == len(call.route.types):
            name = call.name.lower()
            if name not in NAMES:
                raise Refused(404, "NotFound", f"Cannot find configuration with name {call.name}.")
            if call.method in ("GET", "HEAD") and name in BY_LIST:
                raise Refused(405, "HttpMethodNotAllowed", f"The requested resource does not support http method '{call.method}'.")
            if call.method == "DELETE" or (call.method == "PUT" and name == "publishingcredentials"):
                raise Refused(405, "HttpMethodNotAllowed", f"The requested resource does not support http method '{call.method}'.")
        return None

    def fill(self, write: Write) -> None:
        """Every kind in the form in which it is kept."""
        given = write.body.get("properties") or {}
        name = write.name.lower()
        if name in ("appsettings", "metadata"):
            given = {key: text(value) for key, value in given.items()}
        elif name == "web":
            given = _web(write, given)
        elif name not in ("connectionstrings", "azurestorageaccounts") and write.before is not None:
            given = {**write.before.get("properties", {}), **given}
        write.body["properties"] = given

    def validate(self, write: Write) -> None:
        """Forms that a kind has to have."""
        name, mine = write.name.lower(), write.body["properties"]
        if name == "connectionstrings" and not all(isinstance(one, dict) and "value" in one for one in mine.values()):
            refuse("BadRequest", "The parameter properties has an invalid value.")
        if name == "web" and mine.get("alwaysOn"):
            app = write.find(app_key(write.key)) or {}
            if not tier_of(plan_of(write, app)).always_on:
                conflict("There was a conflict. AlwaysOn cannot be set for this site as the plan does not allow it.")

    def shown(self, body: Body, reader: Reader) -> Body:
        """With the members that nobody set."""
        return show(body, reader)

    def accepted(self, write: Write, shown: Body) -> None:
        """A write of `web` is answered as if it were the site's."""
        if write.name.lower() == "web":
            site, slot = site_and_slot(write.id)
            shown["id"] = shown["id"].rpartition("/config/")[0]
            shown["name"] = f"{site}/{slot}" if slot else site
            shown["type"] = f"{SITE}/slots" if slot else SITE

    @action("list")
    def list(self, call: Call, body: Body) -> Body:
        """The settings with their secrets."""
        if call.name.lower() == "publishingcredentials":
            return credentials(call, body)
        return body


def show(body: Body, reader: Reader) -> Body:
    """A kind of settings as it is shown."""
    id, name, mine = body["id"], body["name"], body.get("properties") or {}
    app = reader.store.get(app_key(id.lower()))
    place = region(app.location) if app is not None else ""
    site, _slot = site_and_slot(id)
    if name == "slotConfigNames":
        return {"id": None, "name": site, "type": SITE, "location": place, "properties": {**SHAPES[name], **mine}}
    if name == "web" and app is not None:
        mine = _complete(mine, app.body, reader)
    elif name == "authsettings":
        mine = {**shapes()["config"]["siteAuthSettings"], "enabled": False, **mine}
    else:
        mine = {**SHAPES.get(name, {}), **mine}
    return {
        "id": id, "name": site if name == "web" else name, "type": f"{SITE}/config", "location": place, "properties": mine,
    }  # fmt: skip


def _web(write: Write, given: Body) -> Body:
    """Settings that were given on top of those that are stored; lists of secrets become settings of their own."""
    app = write.store.get(app_key(write.key))
    if app is None:
        missing("site", write.id.split("/")[8])
    apart = {"appSettings", "connectionStrings", "metadata", "azureStorageAccounts"}
    app_settings.take(write, app, {name: given[name] for name in apart if given.get(name)}, new=False)
    mine = {**settings_of(write, app.id, "web"), **{name: value for name, value in given.items() if name not in apart}}
    mine["minimumElasticInstanceCount"] = max(1, int(mine.get("minimumElasticInstanceCount") or 0))
    if not is_function(app.body):
        mine.setdefault("remoteDebuggingVersion", "VS2022")
    for member in RESTRICTIONS:
        if isinstance(mine.get(member), list):
            mine[member] = restrictions(mine[member], mine.get(f"{member}DefaultAction"))
    return {name: value for name, value in mine.items() if name not in app_settings.NEVER_KEPT}


def restrictions(rules: Any, default: Any = None) -> Any:
    """Rules of access with the one that decides when no other does: nobody, as soon as there is any rule."""
    own = [rule for rule in rules if isinstance(rule, dict) and not (rule.get("priority") == LAST and rule.get("ipAddress") == "Any")]
    if not own and default is None:
        return [dict(ALLOW_ALL)]
    word = str(default or "Deny")
    last = {**ALLOW_ALL, "action": word, "name": f"{word} all", "description": f"{word} all access"}
    return [*({"tag": "Default", "priority": 65000, "action": "Allow", **rule} for rule in own), last]


def _complete(mine: Body, app: Body, reader: Reader) -> Body:
    """The settings of a site with all that Azure shows."""
    function = is_function(app)
    tier = tier_of(plan_of(reader, app))
    site, slot = site_and_slot(app["id"])
    documents = list(shapes()["config"]["defaultDocuments"])
    elastic = tier.kind == "elastic"
    computed: Body = {
        "publishingUsername": f"${site}__{slot}" if slot else f"${site}",
        "defaultDocuments": documents[:-1] if function else documents, "phpVersion": "" if function else "5.6",
        "alwaysOn": False, "numberOfWorkers": 1, "linuxFxVersion": "", "acrUseManagedIdentityCreds": False,
        "preWarmedInstanceCount": 1 if elastic else 0, "functionAppScaleLimit": 0 if function else None,
        "elasticWebAppScaleLimit": None if function else 0, "minimumElasticInstanceCount": 1 if elastic else 0,
        "functionsRuntimeScaleMonitoringEnabled": elastic, "vnetName": "", "netFrameworkVersion": "v4.0",
    }  # fmt: skip
    subnet = (app.get("properties") or {}).get("virtualNetworkSubnetId")
    if isinstance(subnet, str):
        computed["vnetName"] = connection_name(subnet)
    preload = bool(mine.get("alwaysOn"))
    roots = [{**one, "preloadEnabled": preload} for one in shapes()["config"]["virtualApplications"]]
    kept = {name: value for name, value in mine.items() if name != "netFrameworkVersion" or not str(value).startswith("v4")}
    return {**shapes()["config"], **computed, "virtualApplications": roots, **kept}


def connection_name(subnet: str) -> str:
    """The name of a site's connection to a subnet."""
    import uuid

    network, _, name = subnet.rpartition("/subnets/")
    return f"{uuid.uuid5(uuid.NAMESPACE_URL, network.lower())}_{name}"


def credentials(call: Call, body: Body) -> Body:
    """The publishing user of a site with its password."""
    app = call.store.get(app_key(call.key))
    if app is None:
        missing("site", call.route.names[0])
    site, slot = site_and_slot(app.id)
    user = f"${site}__{slot}" if slot else f"${site}"
    password = app.hidden.get("password", "")
    return {
        "id": f"{app.id}/publishingcredentials/{user}", "name": site, "type": f"{SITE}/publishingcredentials",
        "location": body["location"],
        "properties": {
            "name": None, "publishingUserName": user, "publishingPassword": password, "publishingPasswordHash": None,
            "publishingPasswordHashSalt": None, "metadata": None, "isDeleted": False,
            "scmUri": f"https://{user}:{password}@{host_name(app.id, 'scm.')}",
        },
    }  # fmt: skip
