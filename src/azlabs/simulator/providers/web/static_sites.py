"""Static web apps: the site, its settings, its token, the backends that are linked to it."""

from __future__ import annotations

import secrets
import zlib
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.providers.web.base import SITE, WebType, region, text
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

STATIC = "Microsoft.Web/staticSites"
_ALWAYS: Body = {
    "repositoryUrl": None, "branch": None, "customDomains": [], "stagingEnvironmentPolicy": "Enabled",
    "allowConfigFileUpdates": True, "keyVaultReferenceIdentity": "SystemAssigned", "userProvidedFunctionApps": None,
    "provider": "None", "enterpriseGradeCdnStatus": "Disabled", "publicNetworkAccess": None, "databaseConnections": [],
    "trafficSplitting": {"environmentDistribution": {"default": 100}}, "areStaticSitesDistributedBackendsEnabled": False,
    "targetResourceGroupResourceId": None, "trialExpirationTimeUtc": None, "prettyNameStatus": None, "prettyName": None,
    "prettyNameHostname": None, "backendRegion": {"regionName": None, "status": None}, "stagingEnvironmentRegion": None,
    "deploymentAuthPolicy": "DeploymentToken", "federatedIdentityTenantId": None, "federatedIdentityClientId": None,
    "federatedIdentitySubscriptionId": None, "deploymentStorageAccountResourceId": None,
    "deploymentStorageAccountReferenceIdentity": None,
}  # fmt: skip
KEPT = (
    "repositoryUrl", "branch", "stagingEnvironmentPolicy", "allowConfigFileUpdates", "enterpriseGradeCdnStatus",
    "publicNetworkAccess", "provider",
)  # fmt: skip
BACKENDS = f"{STATIC}/builds/linkedBackends"
BACKEND_KEY = BACKENDS.lower()


class StaticConnections(EndpointConnections):
    """Private endpoint connections of a static site."""

    type = f"{STATIC}/privateEndpointConnections"
    approved = ""


class StaticSites(WebType):
    """A site of files with a host name that Azure makes up."""

    type = STATIC
    members = frozenset({"sku", "identity"})
    defaults = {"sku": {"name": "Free"}}
    choices = {"sku.name": ("Free", "Standard", "Dedicated")}
    choices_code = ("BadRequest", "The parameter SKU.Name has an invalid value.")
    secret = ("properties.repositoryToken",)

    def fill(self, write: Write) -> None:
        """What is kept of a request; the host name is made once."""
        given = write.body.get("properties") or {}
        mine = {name: given[name] for name in KEPT if given.get(name) is not None}
        number = zlib.crc32(write.key.encode())
        mine["defaultHostname"] = write.old("properties.defaultHostname") or f"sim-{number:08x}.azurestaticapps.net"
        write.body["properties"] = mine
        write.body["sku"] = {"name": write.body["sku"]["name"], "tier": write.body["sku"]["name"]}
        if write.before is None:
            write.hidden.update(apiKey=secrets.token_hex(40), settings={})

    def shown(self, body: Body, reader: Reader) -> Body:
        """Complete."""
        rows = [row for row in reader.store.below(body["id"].lower()) if row.type == BACKEND_KEY]
        more = {
            "stableInboundIP": "20.50.2.2", "contentDistributionEndpoint": "https://content-sim1.infrastructure.azurestaticapps.net",
            "privateEndpointConnections": StaticConnections.of(reader, body["id"].lower()),
            "linkedBackends": [
                {"backendResourceId": row.body["properties"]["backendResourceId"], "region": row.body["properties"].get("region"),
                 "createdOn": row.body["properties"].get("createdOn"), "provisioningState": "Succeeded"}
                for row in rows
            ],
        }  # fmt: skip
        body["properties"] = {**_ALWAYS, **more, **body["properties"]}
        body["location"] = region(body["location"])
        return body

    @action("listAppSettings")
    def list_app_settings(self, call: Call, body: Body) -> Body:
        """Settings of the site's functions."""
        row = call.store.get(f"{call.key}/config/appsettings")
        return _settings(body, row.body.get("properties") or {} if row is not None else {})

    @action("listSecrets")
    def list_secrets(self, call: Call, body: Body) -> Body:
        """The token that deployments use."""
        row = call.store.get(call.key)
        key = row.hidden.get("apiKey") if row is not None else ""
        return {"id": f"{body['id']}/secrets", "name": "secrets", "type": f"{STATIC}/secrets", "properties": {"apiKey": key}}

    @action("builds", method="GET")
    def builds(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Builds: the environment of production."""
        id = f"{body['id']}/builds/default"
        properties = {"buildId": "default", "hostname": body["properties"]["defaultHostname"], "status": "WaitingForDeployment"}
        return {"value": [{"id": id, "name": "default", "type": f"{STATIC}/builds", "properties": properties}], "nextLink": None}


class StaticConfig(WebType):
    """The settings of a static site."""

    type = f"{STATIC}/config"
    located = tagged = False

    def handle(self, call: Call) -> Answer | None:
        """One kind of settings is there, and GET does not show it."""
        if len(call.route.names) == 2 and call.name.lower() not in ("appsettings", "functionappsettings"):
            raise Refused(404, "NotFound", f"Cannot find configuration with name {call.name}.")
        if call.method != "PUT":
            raise Refused(405, "HttpMethodNotAllowed", f"The requested resource does not support http method '{call.method}'.")
        return None

    def fill(self, write: Write) -> None:
        """Texts."""
        write.body["properties"] = {key: text(value) for key, value in (write.body.get("properties") or {}).items()}

    def accepted(self, write: Write, shown: Body) -> None:
        """With the location of the site."""
        site = write.find("/".join(write.id.split("/")[:9])) or {}
        shown["location"] = region(str(site.get("location", "")))


class LinkedBackends(WebType):
    """An app that answers the API calls of a static site."""

    type = BACKENDS
    located = tagged = False
    state = "properties.provisioningState"
    deletes = Announce(204, body=False)
    references = (Reference("properties.backendResourceId", (SITE, "Microsoft.App/containerApps"), "BadRequest"),)
    required = ("properties.backendResourceId",)

    def validate(self, write: Write) -> None:
        """The Standard plan only, and one backend per environment."""
        site = write.find("/".join(write.id.split("/")[:9])) or {}
        if (site.get("sku") or {}).get("name") == "Free":
            refuse("BadRequest", "Linked backends are only supported in the Standard plan.")
        for row in write.store.at_scope(write.key.rpartition("/linkedbackends/")[0], self.key):
            if row.key != write.key:
                refuse("Conflict", f"The environment is linked to the backend '{row.name}' already.", status=409)
        write.put("properties.createdOn", write.old("properties.createdOn") or stamp(write.now))

    def shown(self, body: Body, reader: Reader) -> Body:
        """Complete."""
        site = reader.find("/".join(body["id"].split("/")[:9])) or {}
        empty = ("areAutomatedDeploymentsEnabled", "storageAccountResourceId", "userAssignedManagedIdentityResourceId", "routingPath")
        always = {**dict.fromkeys(empty), "managedServiceIdentityType": "None"}
        return {**body, "location": region(str(site.get("location", ""))), "properties": {**always, **body["properties"]}}


def _settings(site: Body, properties: Body) -> Body:
    return {
        "id": f"{site['id']}/config/appsettings", "name": "appsettings", "type": f"{STATIC}/config",
        "location": site["location"], "properties": properties,
    }  # fmt: skip
