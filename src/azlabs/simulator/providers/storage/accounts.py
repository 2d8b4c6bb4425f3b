"""Storage accounts: names, settings, keys, shared access signatures, what a new account comes with."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.storage import settings, signatures
from azlabs.simulator.providers.storage.base import ACCOUNT, ACCOUNT_KEY, Body, guid, invalid
from azlabs.simulator.providers.storage.connections import PrivateEndpointConnections
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, Reference, ResourceType, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

INVALID_NAME = (
    "{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use "
    "numbers and lower-case letters only."
)
TAKEN = "The storage account named {name} is already taken."
SERVICES = ("blobServices", "fileServices", "queueServices", "tableServices")
KEYS = ("key1", "key2")
KERBEROS = ("kerb1", "kerb2")
"""Keys for file shares in a domain; they exist once they are made."""
PRIVATE_SINCE = "2023-01-01"
"""Accounts made with this version and later do not let containers be public unless they are told to."""


class StorageAccounts(ResourceType):
    """An account: a name in the world, two keys, four services."""

    type = ACCOUNT
    name_rule = NameRule(r"[a-z0-9]{3,24}", "AccountNameInvalid", INVALID_NAME)
    members = frozenset({"sku", "kind", "identity", "extendedLocation", "zones", "placement"})
    creates = Announce(202, headers=("location",), retry_after=17, body=False, polls=1)
    deletes = Announce(200, body=False)
    outlived = True
    operation_paths = ("asyncoperations", "asyncoperations")
    defaults = {
        "tags": {},
        "properties": {
            "allowCrossTenantReplication": False,
            "privateEndpointConnections": [],
            "minimumTlsVersion": "TLS1_0",
            "allowBlobPublicAccess": lambda write: write.api_version < PRIVATE_SINCE,
            "networkAcls": {
                "ipv6Rules": [], "bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow",
            },
            "supportsHttpsTrafficOnly": True,
            "encryption": {"services": {}, "keySource": "Microsoft.Storage"},
        },
    }  # fmt: skip
    read_only = (
        "properties.privateEndpointConnections", "properties.keyCreationTime", "properties.creationTime",
        "properties.primaryEndpoints", "properties.secondaryEndpoints", "properties.primaryLocation",
        "properties.secondaryLocation", "properties.statusOfPrimary", "properties.statusOfSecondary",
    )  # fmt: skip
    choices = {
        "properties.minimumTlsVersion": ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
        "properties.accessTier": ("Hot", "Cool", "Cold", "Premium"),
        "properties.networkAcls.defaultAction": ("Allow", "Deny"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
        "properties.azureFilesIdentityBasedAuthentication.directoryServiceOptions": ("None", "AADDS", "AD", "AADKERB"),
        "properties.routingPreference.routingChoice": ("MicrosoftRouting", "InternetRouting"),
        "properties.largeFileSharesState": ("Enabled", "Disabled"),
        "properties.allowedCopyScope": ("AAD", "PrivateLink"),
        "properties.dnsEndpointType": ("Standard", "AzureDnsZone"),
    }
    choices_code = ("InvalidValuesForRequestParameters", "Values for request parameters are invalid: {path}.")
    references = (
        Reference(
            "properties.networkAcls.virtualNetworkRules[*]",
            "Microsoft.Network/virtualNetworks/subnets",
            must_exist=False,
        ),
    )
    members_since = {
        "properties.keyCreationTime": "2021-01-01",
        "properties.allowCrossTenantReplication": "2020-08-01",
        "properties.minimumTlsVersion": "2020-08-01",
        "properties.allowBlobPublicAccess": "2020-08-01",
        "properties.networkAcls.ipv6Rules": "2023-01-01",
        "properties.networkAcls": "2017-06-01",
        "properties.supportsHttpsTrafficOnly": "2017-06-01",
        "properties.privateEndpointConnections": "2019-06-01",
    }

    def fill(self, write: Write) -> None:
        """Settings first; a new account has to have a free name, and gets its keys."""
        if write.before is None:
            name_is_free(write)
            write.hidden["keys"] = [new_key(name, write.now) for name in KEYS]
        kind = write.get("properties.accountType")
        if (
            kind is not None and write.api_version < "2016-01-01"
        ):  # the first version knew no sku and one kind of account
            write.body.setdefault("sku", {"name": kind})
            write.body.setdefault("kind", "Storage")
            del write.body["properties"]["accountType"]
        settings.fill(write)
        keys = write.hidden["keys"]
        write.body["properties"]["keyCreationTime"] = {one["keyName"]: one["creationTime"] for one in keys}

    def validate(self, write: Write) -> None:
        """See `settings`."""
        settings.validate(write)

    def written(self, write: Write) -> None:
        """The services of a new account exist from the start."""
        if write.before is None:
            for service in SERVICES:
                make_service(write, service)

    def deleting(self, write: Write) -> None:
        """A container under legal hold or an unfinished immutability policy keeps its account."""
        container = f"{ACCOUNT}/blobServices/containers".lower()
        for row in write.store.below(write.key):
            mine = row.body.get("properties") or {}
            if row.type == container and (
                mine.get("hasLegalHold") or row.hidden.get("immutable", {}).get("state") == "Locked"
            ):
                refuse(
                    "StorageAccountContainsImmutableContainers",
                    f"The storage account {write.name} cannot be deleted since it has a container with an immutability policy.",
                    status=409,
                )

    def gone(self, call: Call, row: Resource) -> None:
        """What was deleted inside cannot come back without the account."""
        from azlabs.simulator.data_planes.blobs import rows

        for kind in ("blobservices/containers", "fileservices/shares"):
            for deleted in call.store.buried(f"{self.key}/{kind}", call.now):
                if deleted.key.startswith(row.key + "/"):
                    call.store.purge(deleted.key)
        rows.prepare(call.store, call.now)
        rows.forget_orphans(call.store)

    def shown(self, body: Body, reader: Reader) -> Body:
        """Private endpoints connect to the account, which shows them."""
        found = PrivateEndpointConnections.of(reader, body["id"].lower())
        if found or "privateEndpointConnections" in body["properties"]:
            body["properties"]["privateEndpointConnections"] = found
        if body.get("identity"):
            # This service writes both kinds without a space.
            body["identity"]["type"] = str(body["identity"].get("type")).replace(", ", ",")
        return body

    @action("listKeys")
    def list_keys(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Both keys with all they allow."""
        return {"keys": shown_keys(call)}

    @action("regenerateKey")
    def regenerate_key(self, call: Call, body: Body) -> Body:
        """A new value for one key; signatures made with the old one are worth nothing from now on."""
        name = str(call.json().get("keyName", "")).lower()
        if name not in (*KEYS, *KERBEROS):
            invalid("keyName")
        row = call.store.get(body["id"].lower())
        if row is not None:
            hidden = row.hidden
            if name in KERBEROS:
                others = [one for one in hidden.get("kerberos", []) if one["keyName"] != name]
                hidden["kerberos"] = sorted([*others, new_key(name, call.now)], key=lambda one: str(one["keyName"]))
            hidden["keys"] = [new_key(name, call.now) if one["keyName"] == name else one for one in hidden["keys"]]
            document = row.copy()
            document["properties"]["keyCreationTime"] = {one["keyName"]: one["creationTime"] for one in hidden["keys"]}
            signatures.store_hidden(call, row, hidden, document)
        return {"keys": shown_keys(call)}

    @action("listAccountSas")
    def list_account_sas(self, call: Call, body: Body) -> Body:
        """A signature for the whole account."""
        return {"accountSasToken": signatures.account_token(call, body["name"], call.json())}

    @action("listServiceSas")
    def list_service_sas(self, call: Call, body: Body) -> Body:
        """A signature for one container, blob, share or file."""
        return {"serviceSasToken": signatures.service_token(call, body["name"], call.json())}

    @action("revokeUserDelegationKeys")
    def revoke_user_delegation_keys(self, call: Call, body: Body) -> None:
        """Keys that were handed out for user delegation signatures until now stop to count."""
        row = call.store.get(body["id"].lower())
        if row is not None:
            signatures.store_hidden(call, row, {**row.hidden, "delegation_since": call.now})


def name_is_free(write: Write) -> None:
    """Account names are unique in the world: 409 for one that is in use."""
    for other in named(write, write.name):
        if other.key != write.key:
            mine = other.subscription == write.subscription
            refuse(
                "StorageAccountAlreadyExists" if mine else "StorageAccountAlreadyTaken",
                f"The storage account named {write.name} already exists under the subscription."
                if mine
                else TAKEN.format(name=write.name),
                status=409,
            )


def named(reader: Reader, name: str) -> list[Resource]:
    """The accounts with a name (one at most)."""
    return reader.store.select("type=? AND key LIKE ?", (ACCOUNT_KEY, f"%/{name.lower()}"))


def new_key(name: str, now: float) -> Body:
    """An access key as it is kept."""
    return {
        "creationTime": stamp(now),
        "keyName": name,
        "value": base64.b64encode(secrets.token_bytes(64)).decode(),
        "permissions": "FULL",
    }


def shown_keys(call: Call) -> list[Body]:
    """The keys of the call's account; times since 2021-01-01 only."""
    row = call.store.get(call.key)
    hidden = row.hidden if row is not None else {"keys": []}
    keys: list[Body] = hidden["keys"]
    if call.query.get("$expand", "").lower() == "kerb" or call.route.types[-1].lower() == "regeneratekey":
        keys += hidden.get("kerberos", [])
    if call.api_version < "2021-01-01":
        return [{name: value for name, value in one.items() if name != "creationTime"} for one in keys]
    return keys


def make_service(write: Write, service: str) -> None:
    """Store one of the services that an account comes with."""
    from azlabs.simulator.resource_manager import registry

    kind = registry.find(f"{ACCOUNT_KEY}/{service.lower()}")
    if kind is None:
        return
    id = f"{write.id}/{service}/default"
    body: Body = {
        "id": id,
        "name": "default",
        "type": f"{ACCOUNT}/{service}",
        "properties": {**kind.defaults["properties"]},
    }
    row = Resource(
        0, id.lower(), id, kind.key, write.key, write.subscription, "", guid(), write.api_version, write.now, write.now,
        None, None, None,
    )  # fmt: skip
    row.body = body
    write.store.insert(row)
