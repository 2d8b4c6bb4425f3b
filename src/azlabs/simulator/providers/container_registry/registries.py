"""Registries: names, SKUs, policies, the admin user, what they use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlabs.simulator.providers.container_registry.base import REGISTRY, REGISTRY_KEY, SLOW, moment, password
from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import (
    Announce,
    Body,
    Endpoint,
    NameRule,
    Reference,
    ResourceType,
    action,
)

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

INVALID_NAME = (
    "Registry names may contain alpha numeric characters only and must be between 5 and 50 characters."
)
_NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
_GIB = 1024**3
LIMITS: dict[str, tuple[int, int, int]] = {"Basic": (10, 2, 100), "Standard": (100, 10, 500), "Premium": (500, 500, 50_000)}
"""By SKU: GiB included, webhooks, scope maps and tokens. https://learn.microsoft.com/azure/container-registry/container-registry-skus"""
PASSWORDS = ("password", "password2")
_DISABLED = {"status": "disabled"}


class Connections(EndpointConnections):
    """Private endpoint connections of a registry."""

    type = f"{REGISTRY}/privateEndpointConnections"
    creates = Announce(201, headers=SLOW)
    operation_body = "status"


class Registries(ResourceType):
    """A registry of container images with a host name of its own."""

    type = REGISTRY
    members = frozenset({"sku", "identity"})
    name_rule = NameRule(_NAME.pattern, "InvalidResourceName", INVALID_NAME)
    system_data = True
    required = ("sku.name",)
    required_code = ("MissingSku", "The SKU of the registry {name} is required.")
    choices = {
        "sku.name": ("Basic", "Standard", "Premium", "Classic"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled"),
        "properties.networkRuleBypassOptions": ("AzureServices", "None"),
        "properties.zoneRedundancy": ("Enabled", "Disabled"),
        "properties.networkRuleSet.defaultAction": ("Allow", "Deny"),
        "properties.metadataSearch": ("Enabled", "Disabled"),
    }
    choices_code = ("InvalidParameter", "The value '{value}' of '{path}' is not one of {allowed}.")
    defaults = {
        "tags": {},
        "properties": {
            "adminUserEnabled": False,
            "policies": {
                "quarantinePolicy": _DISABLED, "trustPolicy": {"type": "Notary", "status": "disabled"},
                "retentionPolicy": {"days": 7, "status": "disabled"}, "exportPolicy": {"status": "enabled"},
                "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
                "softDeletePolicy": {"retentionDays": 7, "status": "disabled"},
            },
            "encryption": {"status": "disabled"}, "dataEndpointEnabled": False, "publicNetworkAccess": "Enabled",
            "networkRuleBypassOptions": "AzureServices", "zoneRedundancy": "Disabled", "anonymousPullEnabled": False,
            "metadataSearch": "Disabled",
        },
    }  # fmt: skip
    members_since = {
        "properties.policies": "2019-05-01",
        "properties.policies.exportPolicy": "2021-06-01",
        "properties.policies.azureADAuthenticationAsArmPolicy": "2021-09-02",
        "properties.policies.softDeletePolicy": "2021-09-02",
        "properties.encryption": "2019-12-01",
        "properties.dataEndpointEnabled": "2019-12-01",
        "properties.dataEndpointHostNames": "2021-06-01",
        "properties.privateEndpointConnections": "2019-12-01",
        "properties.publicNetworkAccess": "2019-12-01",
        "properties.networkRuleBypassOptions": "2020-11-01",
        "properties.zoneRedundancy": "2020-11-01",
        "properties.anonymousPullEnabled": "2021-09-02",
        "properties.metadataSearch": "2023-11-01-preview",
    }
    read_only = ("properties.loginServer", "properties.creationDate", "properties.dataEndpointHostNames")
    references = (
        Reference("properties.networkRuleSet.virtualNetworkRules[*]", "Microsoft.Network/virtualNetworks/subnets", must_exist=False),
    )
    creates = Announce(201, "Creating", headers=SLOW)
    updates = Announce(201, "Updating", headers=SLOW)
    deletes = Announce(200, body=False)
    operation_paths = ("operationStatuses", "operationResults")
    operation_body = "status"

    def fill(self, write: Write) -> None:
        """Name, times, the admin's passwords."""
        mine = write.body["properties"]
        sku = write.body["sku"]["name"]
        if sku == "Classic":
            refuse("ClassicSkuDeprecated", "Classic SKU is now deprecated. Please select a managed SKU.")
        if write.before is None:
            _name_is_free(write)
            write.hidden["passwords"] = {name: password() for name in PASSWORDS}
        write.body["sku"] = {"name": sku, "tier": sku}
        mine["loginServer"] = f"{write.name.lower()}.azurecr.io"
        mine["creationDate"] = write.old("properties.creationDate") or moment(write.now).replace("+00:00", "Z")
        if sku == "Premium":
            rules = mine.setdefault("networkRuleSet", {})
            rules.setdefault("defaultAction", "Allow")
            rules.setdefault("ipRules", [])
        else:
            mine.pop("networkRuleSet", None)
        places = [write.location, *(row.location for row in write.store.at_scope(write.key, f"{REGISTRY_KEY}/replications"))]
        names = [f"{write.name.lower()}.{place}.data.azurecr.io" for place in dict.fromkeys(places)]
        mine["dataEndpointHostNames"] = names if mine["dataEndpointEnabled"] else []
        for policy in ("retentionPolicy", "softDeletePolicy"):
            old = write.old(f"properties.policies.{policy}") or {}
            new = mine["policies"][policy]
            same = all(old.get(word) == value for word, value in new.items() if word != "lastUpdatedTime")
            new["lastUpdatedTime"] = old["lastUpdatedTime"] if old and same else moment(write.now)

    def validate(self, write: Write) -> None:
        """What a SKU does not have, and what does not go together."""
        mine, sku = write.body["properties"], write.body["sku"]["name"]
        wanted = {
            "disabling public network access": mine["publicNetworkAccess"] == "Disabled",
            "dedicated data endpoints": mine["dataEndpointEnabled"],
            "zone redundancy": mine["zoneRedundancy"] == "Enabled",
            "a retention policy": mine["policies"]["retentionPolicy"]["status"] == "enabled",
            "content trust": mine["policies"]["trustPolicy"]["status"] == "enabled",
            "customer-managed keys": mine["encryption"].get("status") == "enabled",
        }
        for feature, asked in wanted.items():
            if asked and sku != "Premium":
                refuse("FeatureNotSupported", f"The SKU {sku} does not support {feature}; the SKU Premium does.", status=409)
        if mine["anonymousPullEnabled"] and sku == "Basic":
            refuse("FeatureNotSupported", "The SKU Basic does not support anonymous pull.", status=409)
        if write.before is not None and sku != "Premium" and write.store.at_scope(write.key, f"{REGISTRY_KEY}/replications"):
            refuse("SkuChangeNotSupported", "A registry with replications needs the SKU Premium.", status=409)

    def shown(self, body: Body, reader: Reader) -> Body:
        """With the private endpoints that connect to it."""
        body["properties"]["privateEndpointConnections"] = Connections.of(reader, body["id"].lower())
        return body

    def announced(self, write: Write, announce: Announce) -> Announce:
        """Older versions answer when it is done."""
        return Announce(200) if write.api_version < "2020" else announce

    @action("listCredentials")
    def list_credentials(self, call: Call, body: Body) -> Body:
        """The admin user's name and passwords. Refused while there is no admin user."""
        return _credentials(call, body)

    @action("regenerateCredential")
    def regenerate_credential(self, call: Call, body: Body) -> Body:
        """Another password."""
        from azlabs.simulator.http import dumps

        name = str(call.json().get("name", "")).lower()
        if name not in PASSWORDS:
            refuse("InvalidParameter", f"The password name '{name}' is not one of {', '.join(PASSWORDS)}.")
        row = call.store.get(call.key)
        if row is not None:
            hidden = row.hidden
            hidden["passwords"][name] = password()
            row.hidden_text = dumps(hidden)
            call.store.update(row)
        return _credentials(call, body)

    @action("listUsages", method="GET")
    def list_usages(self, call: Call, body: Body) -> Body:
        """What is used of what the SKU includes."""
        size, hooks, maps = LIMITS[body["sku"]["name"]]

        def count(folder: str) -> int:
            return len(call.store.at_scope(call.key, f"{REGISTRY_KEY}/{folder}"))

        found = [("Size", size * _GIB, 0, "Bytes"), ("Webhooks", hooks, count("webhooks"), "Count")]
        if body["sku"]["name"] == "Premium":
            rules = body["properties"].get("networkRuleSet") or {}
            found += [
                ("Geo-replications", -1, count("replications"), "Count"), ("IPRules", 100, len(rules.get("ipRules") or ()), "Count"),
                ("VNetRules", 100, len(rules.get("virtualNetworkRules") or ()), "Count"),
                ("PrivateEndpointConnections", 200, len(body["properties"]["privateEndpointConnections"]), "Count"),
            ]  # fmt: skip
        found += [("ScopeMaps", maps, count("scopemaps"), "Count"), ("Tokens", maps, count("tokens"), "Count")]
        return {"value": [{"name": name, "limit": limit, "currentValue": used, "unit": unit} for name, limit, used, unit in found]}

    @action("generateCredentials")
    def generate_credentials(self, call: Call, body: Body) -> Answer | Body:
        """Passwords of a token."""
        from azlabs.simulator.providers.container_registry.access import generate

        return generate(call, body)

    @action("importImage")
    def import_image(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Images are not kept."""
        raise not_modelled(f"{REGISTRY}/importImage")

    @action("scheduleRun")
    def schedule_run(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Nothing builds images here."""
        raise not_modelled(f"{REGISTRY}/scheduleRun")

    @action("privateLinkResources", method="GET")
    def link_resources(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """What private endpoints can stand for."""
        name = body["name"].lower()
        places = [f"registry_data_{body['location']}", "registry"]
        properties = {"groupId": "registry", "requiredMembers": places, "requiredZoneNames": ["privatelink.azurecr.io"]}
        id = f"{body['id']}/privateLinkResources/registry"
        return {"value": [{"type": f"{REGISTRY}/privateLinkResources", "id": id, "name": name and "registry", "properties": properties}]}


def _credentials(call: Call, body: Body) -> Body:
    if not body["properties"]["adminUserEnabled"]:
        refuse(
            "UnAuthorizedForCredentialOperations",
            f"Cannot perform credential operations for {body['id']} as admin user is disabled. Kindly enable admin user as per "
            "docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account",
        )
    row = call.store.get(call.key)
    kept: Body = row.hidden["passwords"] if row is not None else {}
    return {"username": body["name"], "passwords": [{"name": name, "value": kept.get(name)} for name in PASSWORDS]}


def _taken(reader: Reader, name: str, key: str = "") -> bool:
    return any(row.key != key for row in reader.store.select("type=? AND key LIKE ?", (REGISTRY_KEY, f"%/{name.lower()}")))


def _name_is_free(write: Write) -> None:
    if _taken(write, write.name, write.key):
        refuse(
            "AlreadyInUse",
            f"The registry DNS name {write.name.lower()}.azurecr.io is already in use. You can check if the name is already claimed "
            "using following API: https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/checknameavailability",
            status=409,
        )


def check_name(call: Call) -> Body:
    """Is a name free in the world?"""
    asked = call.json()
    name = asked.get("name")
    if not isinstance(name, str) or str(asked.get("type", "")).lower() != REGISTRY_KEY:
        refuse("InvalidParameter", "The name, and the type Microsoft.ContainerRegistry/registries, are required.")
    if _NAME.fullmatch(name) is None:
        return {"nameAvailable": False, "reason": "Invalid", "message": INVALID_NAME}
    if _taken(call, name):
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": f"The registry {name} is already in use."}
    return {"nameAvailable": True}


ENDPOINTS = [
    Endpoint("POST", "/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/checkNameAvailability", check_name),
]
