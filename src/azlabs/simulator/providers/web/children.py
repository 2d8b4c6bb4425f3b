"""What hangs below sites and slots: functions, containers, deployments, connections, host names."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.providers.web.base import (
    SITE,
    Child,
    also_of_slots,
    app_key,
    app_of,
    is_function,
    region,
    time_of,
)
from azlabs.simulator.providers.web.config import connection_name
from azlabs.simulator.providers.web.shown import STAMP, host_name, site_and_slot
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

VERSION = "2023-12-01"
NETWORK = "virtualNetwork"


@also_of_slots
class SiteContainers(Child):
    """A container of a site that runs several."""

    type = f"{SITE}/sitecontainers"
    shown_type = f"{SITE}/sitecontainer"
    required = ("properties.image",)
    deletes = Announce(200, body='"NoContent"')
    not_found = ("NotFound", "Cannot find sitecontainer with name {name}.")
    shape = {
        "startUpCommand": None, "authType": None, "userName": None, "passwordSecret": None,
        "userManagedIdentityClientId": None, "type": None, "metadata": None, "volumeMounts": [], "environmentVariables": [],
        "inheritAppSettingsAndConnectionStrings": None,
    }  # fmt: skip
    read_only = ("properties.createdTime", "properties.lastModifiedTime")

    def fill(self, write: Write) -> None:
        """Times."""
        write.put("properties.createdTime", write.old("properties.createdTime") or time_of(write.now))
        write.put("properties.lastModifiedTime", time_of(write.now))


@also_of_slots
class SourceControls(Child):
    """The repository that a site is deployed from; what is in it is not fetched."""

    type = f"{SITE}/sourcecontrols"
    state = "properties.provisioningState"
    creates = Announce(201, "InProgress")
    required = ("properties.repoUrl",)
    shape = {
        "branch": "master", "isManualIntegration": False, "isGitHubAction": False, "deploymentRollbackEnabled": False,
        "isMercurial": False, "gitHubActionConfiguration": None,
    }  # fmt: skip

    def shown(self, body: Body, reader: Reader) -> Body:
        """Named as the site."""
        return {**super().shown(body, reader), "name": site_and_slot(body["id"])[0]}


@also_of_slots
class Deployments(Child):
    """A deployment that somebody noted."""

    type = f"{SITE}/deployments"
    shape = {"status": None, "message": None, "author": None, "deployer": None, "author_email": None, "active": False, "details": None}


@also_of_slots
class Functions(Child):
    """A function of a function app, put there as a document."""

    type = f"{SITE}/functions"
    creates = updates = patched = Announce(201, "Succeeded")
    deletes = Announce(204, body=False)
    shape = {"function_app_id": None, "files": None, "test_data": "", "isDisabled": False, "language": None}

    def validate(self, write: Write) -> None:
        """Only function apps have functions."""
        if not is_function(write.find(app_key(write.key)) or {}):
            refuse("BadRequest", "The site is not a function app.")
        write.hidden.setdefault("keys", {"default": new_key()})

    @action("listkeys")
    def list_keys(self, call: Call, body: Body) -> Body:
        """Keys that open this function alone."""
        row = call.store.get(body["id"].lower())
        return dict(row.hidden.get("keys", {})) if row is not None else {}


@also_of_slots
class PublishingPolicies(Child):
    """May one publish with name and password: for ftp and for scm."""

    type = f"{SITE}/basicPublishingCredentialsPolicies"
    shape = {"allow": True}

    def handle(self, call: Call) -> Answer | None:
        """Both are always there."""
        if call.method not in ("GET", "HEAD"):
            if call.name.lower() not in ("ftp", "scm") or call.method in ("DELETE", "PATCH"):
                raise Refused(405, "HttpMethodNotAllowed", f"The requested resource does not support http method '{call.method}'.")
            return None
        app = app_of(call)
        names = (call.name.lower(),) if len(call.route.names) == len(call.route.types) else ("ftp", "scm")
        if any(name not in ("ftp", "scm") for name in names):
            return None
        found = []
        for name in names:
            id = f"{app.id}/basicPublishingCredentialsPolicies/{name}"
            row = call.store.get(id.lower())
            found.append(self.shown(row.copy() if row is not None else {"id": id, "name": name}, call))
        if len(call.route.names) == len(call.route.types):
            return json_answer(found[0])
        return json_answer({"value": found, "nextLink": None, "id": None})


@also_of_slots
class HybridConnections(Child):
    """A relay through which a site reaches a host elsewhere."""

    type = f"{SITE}/hybridConnectionNamespaces/relays"
    shape = {"serviceBusSuffix": ".servicebus.windows.net"}

    def fill(self, write: Write) -> None:
        """The key is never shown again."""
        write.hidden["sendKeyValue"] = write.get("properties.sendKeyValue")
        write.put("properties.sendKeyValue", "")


def hybrid_connections(call: Call) -> Body:
    """All relays of a site."""
    app = app_of(call)
    kind = HybridConnections()
    rows = [row for row in call.store.below(app.key) if row.type.endswith("/relays") and app_key(row.key) == app.key]
    return {"value": [kind.shown(row.copy(), call) for row in rows], "nextLink": None, "id": None}


@also_of_slots
class NetworkConfig(Child):
    """The subnet that a site is connected to: a view of the site."""

    type = f"{SITE}/networkConfig"

    def handle(self, call: Call) -> Answer | None:
        """Read, connect, disconnect."""
        app = app_of(call)
        if call.method in ("GET", "HEAD"):
            return json_answer(_network(app))
        if call.name.lower() != NETWORK.lower():
            raise Refused(404, "NotFound", f"Cannot find network configuration with name {call.name}.")
        subnet = None
        if call.method != "DELETE":
            subnet = (call.json().get("properties") or {}).get("subnetResourceId")
            if not isinstance(subnet, str):
                refuse("BadRequest", "The parameter subnetResourceId has an invalid value.")
        _patch(call, app, {"virtualNetworkSubnetId": subnet})
        return Answer(200) if call.method == "DELETE" else json_answer(_network(app_of(call)))


def _network(app: Resource) -> Body:
    properties = {"subnetResourceId": (app.body.get("properties") or {}).get("virtualNetworkSubnetId"), "swiftSupported": True}
    return {
        "id": f"{app.id}/networkConfig/{NETWORK}", "name": NETWORK, "type": f"{SITE}/networkConfig", "location": region(app.location),
        "properties": properties,
    }  # fmt: skip


def _patch(call: Call, app: Resource, properties: Body) -> None:
    """Change the site on behalf of a view of it. Raises what the site refuses."""
    answer = call.internal("PATCH", app.id, call.api_version, {"properties": properties})
    if answer.status >= 300:
        error = answer.json().get("error", {})
        raise Refused(answer.status, error.get("code", "BadRequest"), error.get("message", ""))


@also_of_slots
class NetworkConnections(Child):
    """The connections of a site to networks: a view of the site."""

    type = f"{SITE}/virtualNetworkConnections"
    methods = frozenset({"GET"})

    def handle(self, call: Call) -> Answer | None:
        """One at most."""
        if call.method != "GET":
            return None
        app = app_of(call)
        subnet = (app.body.get("properties") or {}).get("virtualNetworkSubnetId")
        found: list[Body] = []
        if subnet:
            name = connection_name(subnet)
            properties = {
                "vnetResourceId": subnet, "certThumbprint": None, "certBlob": None, "routes": None, "resyncRequired": False,
                "dnsServers": None, "isSwift": True,
            }  # fmt: skip
            found.append({
                "id": f"{app.id}/virtualNetworkConnections/{name}", "name": name, "type": f"{SITE}/virtualNetworkConnections",
                "location": region(app.location), "properties": properties,
            })  # fmt: skip
        if len(call.route.names) < len(call.route.types):
            return json_answer(found)
        one = next((item for item in found if item["name"].lower() == call.name.lower()), None)
        if one is None:
            raise Refused(404, "NotFound", f"Cannot find virtual network connection with name {call.name}.")
        return json_answer(one)


@also_of_slots
class HostNameBindings(Child):
    """A host name that a site answers to. One of the learner's own has to point to the site, in a zone of Azure DNS."""

    type = f"{SITE}/hostNameBindings"
    references = (Reference("properties.certificateId", "Microsoft.Web/certificates", "NotFound", must_exist=False),)
    shape = {
        "siteName": None, "domainId": None, "hostNameType": "Verified", "sslState": None, "thumbprint": None, "virtualIP": None,
        "azureResourceName": None, "azureResourceType": "Website", "customHostNameDnsRecordType": None,
    }  # fmt: skip

    def validate(self, write: Write) -> None:
        """The name belongs to who says so: a CNAME to the site or a TXT record with the verification id."""
        from azlabs.simulator.providers.web.host_names import proven

        app = write.find(app_key(write.key)) or {}
        mine = host_name(str(app.get("id", write.id)))
        write.put("properties.siteName", site_and_slot(write.id)[0])
        if write.name.lower() != mine and not proven(write, write.name.lower(), mine):
            refuse(
                "BadRequest",
                f"A CNAME record pointing from {write.name} to {mine} was not found. Alternative record asuid.{write.name} to "
                "the site's verification id was not found either.",
            )


def host_keys(call: Call) -> Body:
    """The keys of a function app."""
    app = app_of(call)
    if not is_function(app.body):
        refuse("BadRequest", "The site is not a function app.")
    hidden = app.hidden
    if "keys" not in hidden:
        hidden["keys"] = {"masterKey": new_key(), "functionKeys": {"default": new_key()}, "systemKeys": {}}
        with call.store.writing():
            app.hidden_text = dumps(hidden)
            call.store.update(app)
    keys: Body = hidden["keys"]
    return keys


def new_key() -> str:
    """A key of a function app."""
    return secrets.token_urlsafe(40) + "=="


def publish_profile(call: Call) -> Answer:
    """How tools publish to a site, as XML."""
    app = app_of(call)
    site, slot = site_and_slot(app.id)
    user, password = (f"${site}__{slot}" if slot else f"${site}"), app.hidden.get("password", "")
    scm, host = host_name(app.id, "scm."), host_name(app.id)
    label = f"{site}({slot})" if slot else site
    common = (
        f'destinationAppUrl="http://{host}" SQLServerDBConnectionString="" mySQLDBConnectionString="" hostingProviderForumLink="" '
        'controlPanelLink="https://portal.azure.com" webSystem="WebSites"'
    )
    place = f"ftps://{STAMP}.ftp.azurewebsites.windows.net/site/wwwroot"
    ftp = f"{user[1:]}\\{user}"
    profiles = (
        ("Web Deploy", f'publishMethod="MSDeploy" publishUrl="{scm}:443" msdeploySite="{label}" userName="{user}"'),
        ("FTP", f'publishMethod="FTP" publishUrl="{place}" ftpPassiveMode="True" userName="{ftp}"'),
        ("Zip Deploy", f'publishMethod="ZipDeploy" publishUrl="{scm}:443" userName="{user}"'),
    )
    body = "".join(
        f'<publishProfile profileName="{label} - {name}" {how} userPWD="{password}" {common}><databases /></publishProfile>'
        for name, how in profiles
    )
    return Answer(200, {"Content-Type": "application/xml"}, f"<publishData>{body}</publishData>".encode())


_ROOT = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{site}"
ENDPOINTS = [
    endpoint
    for root in (_ROOT, f"{_ROOT}/slots/{{slot}}")
    for endpoint in (
        Endpoint("POST", f"{root}/publishxml", publish_profile),
        Endpoint("POST", f"{root}/host/default/listkeys", host_keys),
        Endpoint("GET", f"{root}/hybridConnectionRelays", hybrid_connections),
    )
]
