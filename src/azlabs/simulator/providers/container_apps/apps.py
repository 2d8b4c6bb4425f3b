"""Container apps: configuration, template, and the revisions that a changed template makes."""

from __future__ import annotations

import json
import re
import secrets as random
import string
import uuid
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import dumps
from azlabs.simulator.providers.container_apps import base
from azlabs.simulator.providers.container_apps.base import APP, ENVIRONMENT, OUTBOUND, AppType, Part, merged, region
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

REVISION = f"{APP}/revisions"
_CONFIGURATION: Body = {
    "secrets": None, "activeRevisionsMode": "Single", "ingress": None, "registries": None, "dapr": None,
    "maxInactiveRevisions": 100, "service": None,
}  # fmt: skip
_INGRESS: Body = {
    "fqdn": None, "external": False, "targetPort": None, "exposedPort": 0, "transport": "Auto", "traffic": None,
    "customDomains": None, "allowInsecure": False, "ipSecurityRestrictions": None, "corsPolicy": None,
    "clientCertificateMode": None, "stickySessions": None, "additionalPortMappings": None,
}  # fmt: skip
_TEMPLATE: Body = {
    "revisionSuffix": "", "terminationGracePeriodSeconds": None, "containers": [], "initContainers": None,
    "scale": {"minReplicas": None, "maxReplicas": 10, "cooldownPeriod": 300, "pollingInterval": 30, "rules": None},
    "volumes": None, "serviceBinds": None,
}  # fmt: skip
NEWER_SCALE = ("cooldownPeriod", "pollingInterval")
_LETTERS = string.ascii_lowercase + string.digits
_SUFFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
READ_ONLY = (
    "latestRevisionName", "latestReadyRevisionName", "latestRevisionFqdn", "customDomainVerificationId", "outboundIpAddresses",
    "eventStreamEndpoint", "runningStatus", "managedEnvironmentId", "delegatedIdentities",
)  # fmt: skip


class Apps(AppType):
    """An app of containers behind one host name."""

    type = APP
    members = frozenset({"identity", "managedBy", "extendedLocation", "kind"})
    name_rule = NameRule(
        r"[a-z](?:[a-z0-9]|-(?!-)){0,30}[a-z0-9]",
        "ContainerAppInvalidName",
        "Invalid ContainerApp name '{name}'. A name must consist of lower case alphanumeric characters or '-', start with a letter, "
        "end with an alphanumeric character and cannot have '--'. The length must not be more than 32 characters.",
    )
    patched = Announce(202, headers=("azure-asyncoperation", "location"), body=False, polls=1)
    operation_paths = ("containerappOperationStatuses", "containerappOperationResults")
    read_only = tuple(f"properties.{name}" for name in READ_ONLY if name != "managedEnvironmentId")
    choices = {
        "properties.configuration.activeRevisionsMode": ("Single", "Multiple", "Labels"),
        "properties.configuration.ingress.transport": ("Auto", "Http", "Http2", "Tcp"),
    }
    references = (
        Reference("properties.environmentId", ENVIRONMENT, must_exist=False),
        Reference(
            "properties.configuration.ingress.customDomains[*].certificateId",
            (f"{ENVIRONMENT}/certificates", f"{ENVIRONMENT}/managedCertificates"),
            "CertificateNotFound",
        ),
    )

    def fill(self, write: Write) -> None:
        """Environment, secrets, ingress, containers; then the revision."""
        environment = base.environment_of(write)
        mine = write.body["properties"]
        mine["managedEnvironmentId"] = mine["environmentId"]
        base.secrets(write, "ContainerApp")
        base.containers(write, "ContainerApp")
        mine["configuration"] = merged(_CONFIGURATION, mine["configuration"])
        mine["template"] = merged(_TEMPLATE, mine["template"])
        ingress = mine["configuration"]["ingress"]
        if isinstance(ingress, dict):
            ingress = mine["configuration"]["ingress"] = merged(_INGRESS, ingress)
            domain = environment["properties"]["defaultDomain"]
            ingress["fqdn"] = f"{write.name}.{'' if ingress['external'] else 'internal.'}{domain}"
            ingress["traffic"] = ingress["traffic"] or [{"weight": 100, "latestRevision": True}]
        _revision(write, ingress)

    def validate(self, write: Write) -> None:
        """Traffic goes somewhere, completely."""
        ingress = write.get("properties.configuration.ingress")
        if not isinstance(ingress, dict):
            return
        weights = [one.get("weight", 0) for one in ingress["traffic"]]
        if sum(weights) != 100:
            refuse("ContainerAppInvalidTrafficWeights", f"The sum of traffic weights must be 100; it is {sum(weights)}.")
        for one in ingress["traffic"]:
            name = one.get("revisionName")
            if name and name != write.get("properties.latestRevisionName") and write.find(f"{write.id}/revisions/{name}") is None:
                refuse("RevisionNotFound", f"Revision '{name}' that traffic is sent to was not found.")
        if ingress["targetPort"] is not None and not 1 <= int(ingress["targetPort"]) <= 65535:
            refuse("ContainerAppInvalidTargetPort", f"The target port {ingress['targetPort']} is not between 1 and 65535.")

    def written(self, write: Write) -> None:
        """A changed template is a new revision; in single mode the older ones stop."""
        name = write.get("properties.latestRevisionName")
        if write.old("properties.latestRevisionName") != name:
            _store_revision(write, name)

    def shown(self, body: Body, reader: Reader) -> Body:
        """Complete."""
        mine = body["properties"]
        more: Body = {
            "runningStatus": mine.get("runningStatus", "Running"), "outboundIpAddresses": list(OUTBOUND),
            "customDomainVerificationId": base.verification_id(body["id"].split("/")[2]), "delegatedIdentities": [],
            "eventStreamEndpoint": base.events(body["id"], body["location"], "containerApps"),
            "latestReadyRevisionName": mine["latestRevisionName"],
        }  # fmt: skip
        if reader.api_version < base.SINCE_2025:
            scale = mine["template"]["scale"]
            mine["template"]["scale"] = {name: value for name, value in scale.items() if name not in NEWER_SCALE}
        else:
            mine["configuration"] = {**mine["configuration"], "runtime": mine["configuration"].get("runtime"), "identitySettings": []}
        body["properties"] = {**mine, **more}
        body["location"] = region(body["location"])
        body.setdefault("identity", {"type": "None"})
        return body

    def accepted(self, write: Write, shown: Body) -> None:
        """The first answer repeats the request; revision and host name are not known yet."""
        mine, sent = shown["properties"], (write.request.get("properties") or {})
        for name in ("eventStreamEndpoint", "runningStatus", "latestRevisionName", "latestReadyRevisionName", "latestRevisionFqdn"):
            mine.pop(name, None)
        template = sent.get("template") or {}
        mine["template"]["revisionSuffix"] = template.get("revisionSuffix")
        mine["template"]["scale"] = _sent_scale(template.get("scale"))
        for folder in ("containers", "initContainers"):
            for one, other in zip(mine["template"].get(folder) or (), template.get(folder) or (), strict=False):
                if not other.get("resources"):
                    one.pop("resources", None)
        ingress = mine["configuration"]["ingress"]
        if isinstance(ingress, dict):
            given = (sent.get("configuration") or {}).get("ingress") or {}
            ingress["fqdn"] = None
            for name in ("traffic", "exposedPort"):
                ingress[name] = given.get(name)

    @action("listSecrets")
    def list_secrets(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Secrets with their values."""
        return base.list_secrets(call)

    @action("listCustomHostNameAnalysis")
    def analysis(self, call: Call, body: Body) -> Body:
        """Could a host name be bound to the app?"""
        host = call.query.get("customhostname", "")
        ingress = body["properties"]["configuration"]["ingress"] or {}
        bound = any(one.get("name") == host for one in ingress.get("customDomains") or ())
        environment = call.find(body["properties"]["environmentId"]) or {}
        return {
            "isHostnameAlreadyVerified": bound, "customDomainVerificationTest": "Passed", "hasConflictOnManagedEnvironment": False,
            "conflictWithEnvironmentCustomDomain": False, "cNameRecords": [ingress.get("fqdn")], "txtRecords": [],
            "aRecords": [(environment.get("properties") or {}).get("staticIp")],
            "alternateTxtRecords": [body["properties"]["customDomainVerificationId"]],
        }  # fmt: skip

    @action("start", announce=Announce(202, headers=("location",), body=False))
    def start(self, call: Call, body: Body) -> Body:
        """Run it again."""
        return _running(call, body, "Running")

    @action("stop", announce=Announce(202, headers=("location",), body=False))
    def stop(self, call: Call, body: Body) -> Body:
        """Stop every replica."""
        return _running(call, body, "Stopped")


def _sent_scale(given: object) -> Body | None:
    return {"minReplicas": None, "maxReplicas": 10, "rules": None, **given} if isinstance(given, dict) else None


def _running(call: Call, body: Body, status: str) -> Body:
    row = call.store.get(body["id"].lower())
    if row is not None:
        document = row.copy()
        document["properties"]["runningStatus"] = status
        row.body = document
        call.store.update(row)
    body["properties"]["runningStatus"] = status
    return body


def _revision(write: Write, ingress: object) -> None:
    """The name of the newest revision: another one when the template changed."""
    mine = write.body["properties"]
    template = {name: value for name, value in mine["template"].items() if name != "revisionSuffix"}
    suffix = mine["template"].get("revisionSuffix") or ""
    old = write.hidden.get("template")
    if old == json.loads(dumps(template)) and suffix in ("", write.hidden.get("suffix")):
        name = write.old("properties.latestRevisionName")
    else:
        if suffix and (_SUFFIX.fullmatch(suffix) is None or write.find(f"{write.id}/revisions/{write.name}--{suffix}")):
            refuse("ContainerAppInvalidRevisionSuffix", f"Revision with suffix {suffix} already exists or the suffix is not valid.")
        name = f"{write.name}--{suffix or ''.join(random.choice(_LETTERS) for _ in range(7))}"
        write.hidden["template"], write.hidden["suffix"] = json.loads(dumps(template)), suffix
    mine["latestRevisionName"] = name
    fqdn = ""
    if isinstance(ingress, dict) and mine["configuration"]["activeRevisionsMode"] == "Multiple":
        fqdn = f"{name}.{ingress['fqdn'].partition('.')[2]}"
    mine["latestRevisionFqdn"] = fqdn


def _store_revision(write: Write, name: str) -> None:
    mine = write.body["properties"]
    store = write.store
    if mine["configuration"]["activeRevisionsMode"] == "Single":
        for row in store.at_scope(write.key, REVISION.lower()):
            body = row.copy()
            body["properties"].update(active=False, replicas=0, runningState="Stopped")
            row.body = body
            store.update(row)
    id = f"{write.id}/revisions/{name}"
    row = Resource(
        0, id.lower(), id, REVISION.lower(), write.key, write.subscription, "", str(uuid.uuid4()), write.api_version, write.now,
        write.now, None, None, None,
    )  # fmt: skip
    low = (mine["template"]["scale"] or {}).get("minReplicas")
    properties = {
        "createdTime": stamp(write.now), "lastActiveTime": stamp(write.now), "fqdn": mine["latestRevisionFqdn"],
        "template": mine["template"], "active": True, "replicas": low or 1, "healthState": "Healthy",
        "provisioningState": "Provisioned", "runningState": "Running",
    }  # fmt: skip
    row.body = {"id": id, "name": name, "type": REVISION, "properties": properties}
    store.insert(row)


class Revisions(Part):
    """One state of an app's template, made by a change of it."""

    type = REVISION
    system_data = False
    methods = frozenset({"GET"})
    not_found = ("RevisionNotFound", "Revision '{name}' was not found.")

    def shown(self, body: Body, reader: Reader) -> Body:
        """With the share of the traffic that it gets."""
        app = reader.find(body["id"].rpartition("/revisions/")[0]) or {}
        mine = app.get("properties") or {}
        ingress = (mine.get("configuration") or {}).get("ingress") or {}
        body["properties"]["trafficWeight"] = sum(
            one.get("weight", 0)
            for one in ingress.get("traffic") or ()
            if one.get("revisionName") == body["name"] or (one.get("latestRevision") and mine.get("latestRevisionName") == body["name"])
        )
        return body

    @action("activate")
    def activate(self, call: Call, body: Body) -> None:
        """Run it."""
        _active(call, body, True)

    @action("deactivate")
    def deactivate(self, call: Call, body: Body) -> None:
        """Stop it; it must not have traffic."""
        if body["properties"]["trafficWeight"]:
            refuse("RevisionHasTraffic", f"Revision '{body['name']}' gets traffic and cannot be deactivated.")
        _active(call, body, False)

    @action("restart")
    def restart(self, call: Call, body: Body) -> None:
        """Nothing that the control plane remembers."""


def _active(call: Call, body: Body, on: bool) -> None:
    row = call.store.get(body["id"].lower())
    if row is not None:
        document = row.copy()
        document["properties"].update(active=on, replicas=int(on), runningState="Running" if on else "Stopped")
        row.body = document
        call.store.update(row)


class AuthConfigs(Part):
    """Who has to sign in to an app, and where."""

    type = f"{APP}/authConfigs"
    system_data = False

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """With the type as it is spelled there."""
        body["properties"] = {**(body.get("properties") or {}), "encryptionSettings": {}}
        return {**body, "type": "Microsoft.App/containerapps/authconfigs"}

    def accepted(self, write: Write, shown: Body) -> None:
        """As it was sent."""
        if "encryptionSettings" not in (write.request.get("properties") or {}):
            shown["properties"].pop("encryptionSettings", None)
