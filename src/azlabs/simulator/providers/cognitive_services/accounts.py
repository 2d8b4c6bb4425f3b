"""Accounts: kinds, subdomains, keys, soft delete."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import dumps
from azlabs.simulator.providers.cognitive_services import catalogue
from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, Reference, ResourceType, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Deleted
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

ACCOUNT = "Microsoft.CognitiveServices/accounts"
ACCOUNT_KEY = ACCOUNT.lower()
PROJECT_KEY = f"{ACCOUNT_KEY}/projects"
ASYNC = ("azure-asyncoperation",)
KEYS = ("key1", "key2")
COMPUTED = (
    "endpoint", "internalId", "dateCreated", "callRateLimit", "quotaLimit", "isMigrated", "capabilities", "endpoints",
    "associatedProjects", "defaultProject", "privateEndpointConnections", "deletionDate", "scheduledPurgeDate",
)  # fmt: skip


class Connections(EndpointConnections):
    """Private endpoint connections of an account."""

    type = f"{ACCOUNT}/privateEndpointConnections"
    creates = Announce(202, headers=("location",))


class Accounts(ResourceType):
    """An account of one kind: an end point and two keys."""

    type = ACCOUNT
    members = frozenset({"sku", "kind", "identity"})
    name_rule = NameRule(
        r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9]", "AccountNameInvalid", "The account name '{name}' is invalid."
    )
    etag = system_data = True
    soft_delete_days = 2
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    updates = Announce(200, "Accepted", headers=ASYNC, polls=1, waiting=("Updating",))
    patched = Announce(202, "Accepted", headers=(*ASYNC, "location"), polls=1, waiting=("Updating",))
    deletes = Announce(200, body=False)
    operation_paths = ("operationStatuses", "operationStatuses")
    operation_waiting = ("Creating",)
    read_only = tuple(f"properties.{name}" for name in COMPUTED)
    secret = ("properties.migrationToken",)
    defaults = {"properties": {"publicNetworkAccess": "Enabled"}}
    choices = {
        "properties.publicNetworkAccess": ("Enabled", "Disabled"),
        "properties.networkAcls.defaultAction": ("Allow", "Deny"),
        "properties.encryption.keySource": ("Microsoft.CognitiveServices", "Microsoft.KeyVault"),
    }
    references = (
        Reference("properties.networkAcls.virtualNetworkRules[*]", "Microsoft.Network/virtualNetworks/subnets", must_exist=False),
    )

    def fill(self, write: Write) -> None:
        """Kind and SKU belong together; a new account gets its keys."""
        mine = write.body["properties"]
        if mine.pop("restore", None) and write.before is not None:
            mine = write.body["properties"] = {**write.before["properties"], **mine}
        kind = catalogue.kind_of(write.body.get("kind") or write.old("kind"))
        if kind is None:
            given = write.body.get("kind")
            refuse("InvalidApiSetId", f"The account type '{given}' is either invalid or unavailable in given region.")
        sku = (write.body.get("sku") or {}).get("name") or write.old("sku.name")
        if str(sku).upper() not in catalogue.SKUS[kind]:
            refuse("InvalidSkuId", f"The account type '{kind}' with the SKU '{sku}' is either invalid or unavailable in given region.")
        if write.before is not None and kind != write.old("kind"):
            refuse("KindCannotBeChanged", f"The kind of the account '{write.name}' cannot be changed.")
        write.body["kind"], write.body["sku"] = kind, {"name": str(sku).upper()}
        if write.before is None:
            write.hidden["keys"] = {name: secrets.token_hex(16) for name in KEYS}
            mine["internalId"], mine["dateCreated"] = secrets.token_hex(16), stamp(write.now)
        location = write.request.get("location")
        if isinstance(location, str):
            write.hidden.setdefault("location", location)

    def validate(self, write: Write) -> None:
        """A subdomain is unique in the world and stays."""
        domain, old = write.get("properties.customSubDomainName"), write.old("properties.customSubDomainName")
        if old and domain != old:
            refuse("CustomDomainNameCannotBeChanged", "The custom subdomain of an account cannot be changed.")
        if domain and domain != old and domain_in_use(write, str(domain), write.key):
            refuse("CustomDomainInUse", f"The subdomain name '{domain}' is already used by an existing resource.")
        if write.get("properties.networkAcls") and not domain:
            refuse("NetworkAclsRequireCustomSubDomain", "Network rules need an account with a custom subdomain.")

    def announced(self, write: Write, announce: Announce) -> Announce:
        """Tags alone are changed at once, and so is what comes back."""
        if ((write.call.json().get("properties") or {}).get("restore")) is True:
            return Announce(201)
        if write.call.method == "PATCH" and write.before is not None:
            changed = {name for name in ("properties", "identity", "sku") if write.before.get(name) != write.body.get(name)}
            if not changed and "identity" not in write.call.json():
                return Announce(200, "Succeeded")
        return announce

    def shown(self, body: Body, reader: Reader) -> Body:
        """With limits, capabilities and end points."""
        row = reader.store.get(body["id"].lower())
        hidden = row.hidden if row is not None else {}
        projects = [one.name for one in reader.store.at_scope(body["id"].lower(), PROJECT_KEY)]
        return complete(body, hidden, Connections.of(reader, body["id"].lower()), projects)

    def buried(self, call: Call, deleted: Deleted) -> None:
        """Only who says `restore` gets the account back; everybody else is refused."""
        from azlabs.simulator.resource_manager import deletes

        if deleted.key != call.key:
            return
        if (call.json().get("properties") or {}).get("restore") is True:
            deletes.recover(call, deleted)
            return
        refuse(
            "FlagMustBeSetForRestore",
            f"An existing resource with ID '{call.path()}' has been soft-deleted. To restore the resource, you must specify 'restore' "
            "to be 'true' in the property. If you don't want to restore existing resource, please purge it first.",
            status=409,
        )

    @action("listKeys")
    def list_keys(self, call: Call, body: Body) -> Body:
        """Both keys."""
        return _keys(call, body)

    @action("regenerateKey")
    def regenerate_key(self, call: Call, body: Body) -> Body:
        """Another value for one key."""
        name = str(call.json().get("keyName", "")).lower()
        if name not in KEYS:
            refuse("InvalidKeyName", f"The key name '{name}' is not one of Key1, Key2.")
        row = call.store.get(call.key)
        if row is not None:
            hidden = row.hidden
            hidden["keys"][name] = secrets.token_hex(16)
            row.hidden_text = dumps(hidden)
            call.store.update(row)
        return _keys(call, body)

    @action("skus", method="GET")
    def skus(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """SKUs of the account's kind."""
        found = [{"name": name, "tier": "Free" if name[0] == "F" else "Standard"} for name in catalogue.SKUS[body["kind"]]]
        return {"value": [{"resourceType": ACCOUNT, "sku": sku} for sku in found]}

    @action("models", method="GET")
    def models(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Models that can be deployed."""
        return {"value": catalogue.models() if body["kind"] in catalogue.WITH_MODELS else []}

    @action("usages", method="GET")
    def usages(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Nothing is metered."""
        return {"value": []}


def complete(body: Body, hidden: Body, connections: list[Body], projects: list[str]) -> Body:
    """The document of an account, living or deleted, as it is shown."""
    mine, kind = body["properties"], body["kind"]
    place, domain = body["location"], mine.get("customSubDomainName")
    suffix = "openai.azure.com" if kind == "OpenAI" else "cognitiveservices.azure.com"
    endpoint = f"https://{domain}.{suffix}/" if domain else f"https://{place}.api.cognitive.microsoft.com/"
    more: Body = {"endpoint": endpoint, "isMigrated": False, "privateEndpointConnections": connections}
    if projects and mine.get("allowProjectManagement"):
        more.update(defaultProject=projects[0], associatedProjects=projects)
    elif mine.get("allowProjectManagement"):
        more["associatedProjects"] = []
    found = catalogue.facts(kind, endpoint, str(domain or body["name"]), place)
    body["properties"] = {**found, **mine, **more}
    body["location"] = hidden.get("location", place)
    return body


def _keys(call: Call, body: Body) -> Body:
    if body["properties"].get("disableLocalAuth"):
        refuse("BadRequest", "Failed to list key. disableLocalAuth is set to be true")
    row = call.store.get(call.key)
    keys: Body = row.hidden["keys"] if row is not None else {}
    return dict(keys)


def domain_in_use(reader: Reader, domain: str, key: str = "") -> bool:
    """Has another account, living or soft-deleted, this subdomain?"""
    import json

    wanted = domain.lower()
    living = [(row.key, row.body) for row in reader.store.of_type(ACCOUNT_KEY)]
    buried = [(one.key, json.loads(one.text)) for one in reader.store.buried(ACCOUNT_KEY, reader.now)]
    return any(
        one != key and str((body.get("properties") or {}).get("customSubDomainName", "")).lower() == wanted
        for one, body in [*living, *buried]
    )
