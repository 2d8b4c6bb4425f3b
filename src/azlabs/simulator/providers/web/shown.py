"""How a site is shown: host names, addresses, and all the members that Azure adds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.providers.web.base import SLOT_DEPTH, is_function, plan_of, region, settings_of, shapes
from azlabs.simulator.providers.web.plans import tier_of

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

Body = dict[str, Any]
DOMAIN = "azurewebsites.net"
STAMP = "waws-prod-sim-001"
INBOUND = "20.50.2.1"
OUTBOUND = ",".join(f"20.50.3.{number}" for number in range(1, 8))
IN_SITE = (
    "numberOfWorkers", "linuxFxVersion", "acrUseManagedIdentityCreds", "alwaysOn", "http20Enabled", "functionAppScaleLimit",
    "elasticWebAppScaleLimit", "minimumElasticInstanceCount",
)  # fmt: skip
"""Settings that are shown inside the site too."""
ALLOW_ALL = {
    "ipAddress": "Any", "action": "Allow", "priority": 2147483647, "name": "Allow all", "description": "Allow all access",
}  # fmt: skip


class SiteConnections(EndpointConnections):
    """Private endpoint connections of a site."""

    type = "Microsoft.Web/sites/privateEndpointConnections"
    approved = ""


_APP_LOGS = (
    "AppServiceAppLogs,AppServiceAuditLogs,AppServiceConsoleLogs,AppServiceHTTPLogs,AppServiceIPSecAuditLogs,"
    "AppServicePlatformLogs,ScanLogs"
)
_MORE_LOGS = ",AppServiceFileAuditLogs,AppServiceAntivirusScanAuditLogs"
_FLEX_LOGS = "FunctionAppLogs,AppServiceAuthenticationLogs,AppServiceAuditLogs,AppServiceIPSecAuditLogs"


def site_and_slot(id: str) -> tuple[str, str]:
    """(site, slot or "") out of the id of a site, a slot or something below."""
    parts = id.split("/")
    return parts[8], parts[10] if len(parts) >= SLOT_DEPTH and parts[9].lower() == "slots" else ""


def host_name(id: str, inner: str = "") -> str:
    """The default host name of a site or slot; `inner` is "scm." for its deployment engine."""
    site, slot = site_and_slot(id)
    return f"{site}-{slot}.{inner}{DOMAIN}".lower() if slot else f"{site}.{inner}{DOMAIN}".lower()


def log_categories(kind: str, tier: str) -> str:
    """The categories of resource logs that a site can send."""
    if "workflowapp" in kind:
        return "WorkflowRuntime,FunctionAppLogs,AppServiceAuthenticationLogs"
    if "functionapp" in kind:
        return _FLEX_LOGS if tier in ("FlexConsumption", "ElasticPremium", "Dynamic") else "FunctionAppLogs,AppServiceAuthenticationLogs"
    return _APP_LOGS + (_MORE_LOGS if tier.startswith("Premium") else "") + ",AppServiceAuthenticationLogs"


def _ssl_state(name: str, kind: str, bound: Body) -> Body:
    return {
        "name": name, "sslState": bound.get("sslState") or "Disabled", "ipBasedSslResult": None, "virtualIP": None,
        "virtualIPv6": None, "thumbprint": bound.get("thumbprint"), "certificateResourceId": None, "toUpdate": None,
        "toUpdateIpBasedSsl": None, "ipBasedSslState": "NotConfigured", "hostType": kind,
    }  # fmt: skip


def site(body: Body, reader: Reader) -> Body:
    """The whole document of a site or slot out of what is stored."""
    id, mine = body["id"], dict(body["properties"])
    name, slot = site_and_slot(id)
    parts = id.split("/")
    subscription, group = parts[2], parts[4]
    plan = plan_of(reader, body)
    tier = tier_of(plan)
    kind, place = body["kind"], region(body["location"])
    settings = settings_of(reader, id, "web")
    label = f"{name}({slot})" if slot else name
    host, scm = host_name(id), host_name(id, "scm.")
    below = f"{parts[0]}/{'/'.join(parts[1:])}".lower()
    bound = {row.name: row.body.get("properties") or {} for row in reader.store.at_scope(below, _binding_type(slot))}
    hosts = [host, *bound]
    space = f"{group}-{place.replace(' ', '')}webspace" + ("-Linux" if mine.get("reserved") else "")
    user = f"{name}__{slot}" if slot else name
    computed: Body = {
        "name": label, "hostNames": hosts, "webSpace": space,
        "selfLink": f"https://{STAMP}.api.azurewebsites.windows.net:454/subscriptions/{subscription}/webspaces/{space}/sites/{name}",
        "repositorySiteName": name, "enabledHostNames": [*hosts, scm],
        "siteProperties": {
            "metadata": None,
            "properties": [
                {"name": "LinuxFxVersion", "value": settings.get("linuxFxVersion", "")},
                {"name": "WindowsFxVersion", "value": settings.get("windowsFxVersion")},
            ],
            "appSettings": None,
        },
        "hostNameSslStates": [
            *(_ssl_state(one, "Standard", bound.get(one, {})) for one in hosts), _ssl_state(scm, "Repository", {}),
        ],
        "siteConfig": {**shapes()["siteConfig"], **_inside(settings, body, tier.kind == "elastic")},
        "deploymentId": f"{name}__{slot}" if slot else name, "slotName": slot or None, "sku": tier.name,
        "clientAffinityEnabled": not is_function(body),
        "customDomainVerificationId": hashlib.sha256(f"domain {subscription}".encode()).hexdigest().upper(), "kind": kind,
        "inboundIpAddress": INBOUND, "possibleInboundIpAddresses": INBOUND, "ftpUsername": f"{user}\\${user}",
        "ftpsHostName": f"ftps://{STAMP}.ftp.azurewebsites.windows.net/site/wwwroot", "outboundIpAddresses": OUTBOUND,
        "possibleOutboundIpAddresses": OUTBOUND, "homeStamp": STAMP, "resourceGroup": group, "defaultHostName": host,
        "containerSize": 1536 if is_function(body) and not (mine.get("reserved") and tier.name == "Standard") else 0,
        "eligibleLogCategories": log_categories(kind, tier.name), "managedEnvironmentId": None, "virtualNetworkSubnetId": None,
        "tags": body.get("tags"), "inFlightFeatures": ["SiteContainers"],
        "privateEndpointConnections": SiteConnections.of(reader, id.lower()),
    }  # fmt: skip
    if slot:
        body["name"] = f"{name}/{slot}"
    body["location"] = place
    body["properties"] = {**shapes()["site"], **computed, **mine}
    if is_function(body) and isinstance(mine.get("functionAppConfig"), dict):
        body["properties"]["functionAppConfig"] = _function_config(mine["functionAppConfig"])
    return body


def routing(mine: Body) -> Body:
    """What of a site's own traffic goes through its network."""
    return {
        "allTraffic": False, "applicationTraffic": bool(mine.get("vnetRouteAllEnabled")),
        "contentShareTraffic": bool(mine.get("vnetContentShareEnabled")), "imagePullTraffic": bool(mine.get("vnetImagePullEnabled")),
        "backupRestoreTraffic": False,
    }  # fmt: skip


def _binding_type(slot: str) -> str:
    return "microsoft.web/sites/slots/hostnamebindings" if slot else "microsoft.web/sites/hostnamebindings"


def _inside(settings: Body, body: Body, elastic: bool) -> Body:
    defaults = {
        "numberOfWorkers": 1, "linuxFxVersion": "", "acrUseManagedIdentityCreds": False, "alwaysOn": False, "http20Enabled": False,
        "functionAppScaleLimit": 0, "elasticWebAppScaleLimit": None,
        "minimumElasticInstanceCount": 1 if elastic and is_function(body) else 0,
    }  # fmt: skip
    found = {**defaults, **{name: settings[name] for name in IN_SITE if name in settings}}
    found["elasticWebAppScaleLimit"] = None
    return found


def _function_config(given: Body) -> Body:
    """The settings of a Flex Consumption app with the members that nobody gave."""
    config: Body = {**given, "siteUpdateStrategy": given.get("siteUpdateStrategy") or {"type": "Recreate"}}
    config["scaleAndConcurrency"] = {"alwaysReady": None, "triggers": None, **(given.get("scaleAndConcurrency") or {})}
    storage = (given.get("deployment") or {}).get("storage")
    if isinstance(storage, dict) and isinstance(storage.get("authentication"), dict):
        empty = {"userAssignedIdentityResourceId": None, "storageAccountConnectionStringName": None}
        config["deployment"] = {"storage": {**storage, "authentication": {**empty, **storage["authentication"]}}}
    return config


def first_answer(write: Write, body: Body) -> None:
    """What the answer to a write shows differently from a GET."""
    mine = body["properties"]
    settings = settings_of(write, write.id, "web")
    function = is_function(body)
    mine.update(tags=None, inFlightFeatures=None, privateEndpointConnections=None)
    inside = mine["siteConfig"]
    for member in ("ipSecurityRestrictions", "scmIpSecurityRestrictions"):
        inside[member] = settings.get(member) or [dict(ALLOW_ALL)]
    if write.created:
        inside.update(alwaysOn=False, http20Enabled=False, minimumElasticInstanceCount=0, linuxFxVersion="")
    mine["outboundVnetRouting"] = routing(mine)
    inside["functionAppScaleLimit"], inside["elasticWebAppScaleLimit"] = (0, None) if function else (None, 0)
    sent = write.request.get("location")
    if isinstance(sent, str):
        body["location"] = sent
