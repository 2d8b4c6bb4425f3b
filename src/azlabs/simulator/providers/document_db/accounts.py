"""Accounts of Cosmos DB: their document, their keys, what can be done to them."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import dumps
from azlabs.simulator.providers.document_db import settings
from azlabs.simulator.providers.document_db.base import ACCEPTED, ACCOUNT, ACCOUNT_KEY, BOTH, Body, bad, offers
from azlabs.simulator.resource_manager.errors import not_modelled
from azlabs.simulator.resource_manager.locations import normalized
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, ResourceType, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

KEYS = {
    "primary": "primaryMasterKey",
    "secondary": "secondaryMasterKey",
    "primaryreadonly": "primaryReadonlyMasterKey",
    "secondaryreadonly": "secondaryReadonlyMasterKey",
}
"""Keys by the word that `regenerateKey` has for them."""
WORDS = {
    "primaryMasterKey": "Primary",
    "secondaryMasterKey": "Secondary",
    "primaryReadonlyMasterKey": "Primary Read-Only",
    "secondaryReadonlyMasterKey": "Secondary Read-Only",
}
COMPUTED = (
    "documentEndpoint", "sqlEndpoint", "mongoEndpoint", "cassandraEndpoint", "gremlinEndpoint", "tableEndpoint", "keysMetadata",
    "readLocations", "writeLocations", "failoverPolicies", "EnabledApiTypes", "configurationOverrides", "instanceId",
    "privateEndpointConnections",
)  # fmt: skip
"""Members of an account that it works out itself."""
REGIONAL = frozenset({*COMPUTED, "locations", "provisioningState", "createMode", "apiProperties"})
"""Members that may differ where only regions come or go."""


class Accounts(ResourceType):
    """An account, of any API."""

    type = ACCOUNT
    name_rule = NameRule(
        "[a-z0-9][a-z0-9-]{1,48}[a-z0-9]",
        "BadRequest",
        "Database account name '{name}' is not valid. It has 3 to 50 characters: lower-case letters, digits and hyphens.",
    )
    members = frozenset({"kind", "identity"})
    state = "properties.provisioningState"
    defaults = {
        "kind": "GlobalDocumentDB",
        "tags": {},
        "properties": {
            "publicNetworkAccess": "Enabled",
            "enableAutomaticFailover": False,
            "enableMultipleWriteLocations": False,
            "enablePartitionKeyMonitor": False,
            "isVirtualNetworkFilterEnabled": False,
            "virtualNetworkRules": [],
            "disableKeyBasedMetadataWriteAccess": False,
            "enableFreeTier": False,
            "enableAnalyticalStorage": False,
            "analyticalStorageConfiguration": {},
            "databaseAccountOfferType": "Standard",
            "enableFullFidelityChangeFeed": False,
            "defaultIdentity": "FirstPartyIdentity",
            "networkAclBypass": "None",
            "disableLocalAuth": False,
            "enablePartitionMerge": False,
            "enablePerRegionPerPartitionAutoscale": False,
            "enableBurstCapacity": False,
            "enablePriorityBasedExecution": False,
            "defaultPriorityLevel": "High",
            "enablePerPartitionAutomaticFailover": False,
            "minimalTlsVersion": "Tls12",
            "consistencyPolicy": {},
            "apiProperties": {},
            "cors": [],
            "capabilities": [],
            "ipRules": [],
            "networkAclBypassResourceIds": [],
        },
        "identity": {"type": "None"},
    }
    choices = {
        "kind": ("GlobalDocumentDB", "MongoDB", "Parse"),
        "properties.publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
        "properties.databaseAccountOfferType": ("Standard",),
        "properties.networkAclBypass": ("None", "AzureServices"),
        "properties.minimalTlsVersion": ("Tls", "Tls11", "Tls12"),
        "properties.defaultPriorityLevel": ("High", "Low"),
        "properties.consistencyPolicy.defaultConsistencyLevel": settings.CONSISTENCY,
        "properties.analyticalStorageConfiguration.schemaType": ("WellDefined", "FullFidelity"),
    }
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    read_only = tuple(f"properties.{member}" for member in COMPUTED)
    guid = "properties.instanceId"
    members_since = {
        "systemData": "2020-04-01",
        "properties.instanceId": "2020-04-01",
        "properties.enableAnalyticalStorage": "2020-04-01",
        "properties.ipRules": "2020-04-01",
        "properties.backupPolicy": "2020-04-01",
        "properties.createMode": "2020-04-01",
        "properties.networkAclBypass": "2021-01-15",
        "properties.networkAclBypassResourceIds": "2021-01-15",
        "identity": "2021-01-15",
        "properties.backupPolicy.periodicModeProperties.backupStorageRedundancy": "2021-01-15",
        "properties.analyticalStorageConfiguration": "2021-05-15",
        "properties.sqlEndpoint": "2021-05-15",
        "properties.defaultIdentity": "2021-05-15",
        "properties.configurationOverrides.EnablePerRegionPerPartitionAutoscaleOptIn": "2021-05-15",
        "properties.disableLocalAuth": "2021-06-15",
        "properties.enablePartitionMerge": "2022-11-15",
        "properties.enableBurstCapacity": "2022-11-15",
        "properties.minimalTlsVersion": "2022-11-15",
        "properties.keysMetadata": "2022-11-15",
        "properties.enableFullFidelityChangeFeed": "2024-11-15",
        "properties.enablePerRegionPerPartitionAutoscale": "2024-11-15",
        "properties.enablePriorityBasedExecution": "2025-10-15",
        "properties.defaultPriorityLevel": "2025-10-15",
        "properties.enablePerPartitionAutomaticFailover": "2025-10-15",
    }
    creates = Announce(200, "Creating", headers=BOTH, polls=2)
    updates = patched = Announce(200, "Updating", headers=BOTH, polls=1)
    deletes = replace(ACCEPTED, polls=2)
    operation_paths = ("operationsStatus", "operationResults")
    operation_body = "status"
    operation_waiting = ("Enqueued", "Dequeued")
    waits_since = "2021-05-15"

    def fill(self, write: Write) -> None:
        """Settings first; a new account has to have a free name, and gets its keys."""
        if write.before is None:
            for other in named(write, write.name):
                if other.key != write.key:
                    bad(f"Dns record for {write.name} under zone Document is already taken.")
            write.hidden["keys"] = {name: new_key() for name in KEYS.values()}
            write.hidden["generated"] = {name: stamp(write.now) for name in KEYS.values()}
        mine = write.body["properties"]
        if str(mine.get("createMode", "Default")) != "Default":
            raise not_modelled(f"{ACCOUNT} with createMode {mine['createMode']}")
        settings.fill(write)
        mine["keysMetadata"] = {name: {"generationTime": at} for name, at in write.hidden["generated"].items()}
        write.body["systemData"] = {"createdAt": write.old("systemData.createdAt") or stamp(write.now)}

    def validate(self, write: Write) -> None:
        """Regions come and go alone; a subscription has one free tier."""
        mine = write.body["properties"]
        if write.before is not None:
            old = write.before["properties"]
            places = {normalized(one["locationName"]) for one in mine["locations"]}
            if places != {normalized(one["locationName"]) for one in old["locations"]}:
                changed = [name for name in mine.keys() - REGIONAL if mine[name] != old.get(name)]
                if changed:
                    bad(
                        f"Regions cannot be added or removed together with other changes: {', '.join(sorted(changed))}."
                    )
            if old["enableFreeTier"] != mine["enableFreeTier"]:
                bad("The free tier can only be chosen when an account is created.")
        elif mine["enableFreeTier"] and any(
            row.body["properties"]["enableFreeTier"]
            for row in write.store.in_subscription(write.subscription, ACCOUNT_KEY)
        ):
            bad("Free tier has already been applied to another Azure Cosmos DB account in this subscription.")

    def accepted(self, write: Write, shown: Body) -> None:
        """A new account is shown before it has endpoints, a changed one as it was until then."""
        if write.before is not None:
            before = self.shown(write.before, write)
            for path in ("tags", "kind", "properties", "identity"):
                shown[path] = before.get(path)
            for path, version in self.members_since.items():
                member = path.removeprefix("properties.")
                if write.api_version < version and member in shown["properties"]:
                    shown["properties"].pop(member)
            shown["properties"]["provisioningState"] = "Updating"
            return
        mine = shown["properties"]
        for member in [name for name in mine if name.endswith("Endpoint")]:
            mine.pop(member)
        for place in (*mine["locations"], *mine["readLocations"], *mine["writeLocations"]):
            place["provisioningState"] = "Creating"
            place.pop("documentEndpoint", None)
        mine["configurationOverrides"].pop("EnableBsonSchema", None)
        if "defaultIdentity" in mine:
            mine["defaultIdentity"] = ""
        if "backupStorageRedundancy" in mine.get("backupPolicy", {}).get("periodicModeProperties", {}):
            mine["backupPolicy"]["periodicModeProperties"]["backupStorageRedundancy"] = "Invalid"

    def shown(self, body: Body, reader: Reader) -> Body:
        """Regions by their display names; what older versions called otherwise."""
        from azlabs.simulator.providers.document_db.connections import Connections

        body["location"] = settings.display(body["location"])
        mine = body["properties"]
        if reader.api_version < "2020-04-01":
            mine["ipRangeFilter"] = ",".join(rule["ipAddressOrRange"] for rule in mine.get("ipRules") or ())
            mine.setdefault("apiProperties", None)
        elif reader.api_version >= "2021-05-15" and mine["backupPolicy"]["type"] != "Continuous":
            mine.pop("createMode", None)
        else:
            mine["createMode"] = "Default"
        found = Connections.of(reader, str(body["id"]).lower())
        if found:
            mine["privateEndpointConnections"] = found
        return body

    @action("listKeys")
    def list_keys(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """All four keys."""
        return _keys(call)

    @action("readonlykeys")
    def read_only_keys(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """The two keys that only read."""
        return {name: value for name, value in _keys(call).items() if "Readonly" in name}

    @action("readonlykeys", method="GET")
    def get_read_only_keys(self, call: Call, body: Body) -> Body:
        """The same, asked for by GET."""
        shown: Body = self.read_only_keys(call, body)
        return shown

    @action("listConnectionStrings")
    def list_connection_strings(self, call: Call, body: Body) -> Body:
        """One for each key and API."""
        found = []
        for api in body["properties"]["EnabledApiTypes"].split(", "):
            for name, value in _keys(call).items():
                word = WORDS[name]
                found.append(
                    {
                        "connectionString": connection_string(api, body["name"], value),
                        "description": f"{word} {api.upper() if api == 'Sql' else api} Connection String",
                        "keyKind": word.replace(" Read-Only", "Readonly"),
                        "type": api,
                    }
                )
        return {"connectionStrings": found}

    @action("regenerateKey", announce=ACCEPTED)
    def regenerate_key(self, call: Call, body: Body) -> None:
        """A new value for one key; the old one is worth nothing from now on."""
        name = KEYS.get(str(call.json().get("keyKind", "")).lower())
        if name is None:
            bad("The keyKind has to be one of primary, secondary, primaryReadonly, secondaryReadonly.")
        row = call.store.get(body["id"].lower())
        if row is not None:
            hidden, document = row.hidden, row.copy()
            hidden["keys"][name], hidden["generated"][name] = new_key(), stamp(call.now)
            document["properties"]["keysMetadata"][name] = {"generationTime": stamp(call.now)}
            row.body, row.hidden_text = document, dumps(hidden)
            call.store.update(row)

    @action("failoverPriorityChange", announce=ACCEPTED)
    def change_priorities(self, call: Call, body: Body) -> None:
        """Another order of the regions that the account has; the first one takes the writes."""
        asked = call.json().get("failoverPolicies") or []
        order = {normalized(str(one.get("locationName"))): one.get("failoverPriority") for one in asked}
        places = {normalized(one["locationName"]): one for one in body["properties"]["locations"]}
        if order.keys() != places.keys() or sorted(order.values()) != list(range(len(places))):
            bad("The failover policies have to name every region of the account once, with priorities from 0 on.")
        row = call.store.get(body["id"].lower())
        if row is not None:
            document = row.copy()
            wanted = sorted((order[place], place, bool(one["isZoneRedundant"])) for place, one in places.items())
            settings.arrange(body["name"], document["properties"], wanted)
            row.body = document
            call.store.update(row)

    @action("offlineRegion", announce=ACCEPTED)
    def take_offline(self, call: Call, body: Body) -> None:
        """Take a region that is not the only one out of service."""
        self._switch(call, body, "Offline")

    @action("onlineRegion", announce=ACCEPTED)
    def bring_online(self, call: Call, body: Body) -> None:
        """Bring a region back."""
        self._switch(call, body, "Succeeded")

    def _switch(self, call: Call, body: Body, state: str) -> None:
        place = normalized(str(call.json().get("region", "")))
        mine = body["properties"]["locations"]
        if place not in {normalized(one["locationName"]) for one in mine}:
            bad(f"The account has no region '{place}'.")
        if state == "Offline" and len(mine) == 1:
            bad("The only region of an account cannot be taken offline.")
        row = call.store.get(body["id"].lower())
        if row is None:
            return
        document = row.copy()
        for member in ("locations", "readLocations", "writeLocations"):
            for one in document["properties"][member]:
                if normalized(one["locationName"]) == place:
                    one["provisioningState"] = state
        row.body = document
        call.store.update(row)


def named(reader: Reader, name: str) -> list[Resource]:
    """The accounts with a name, in any subscription (one at most)."""
    return reader.store.select("type=? AND key LIKE ?", (ACCOUNT_KEY, f"%/{name.lower()}"))


def new_key() -> str:
    """An account key: 64 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _keys(call: Call) -> Body:
    row = call.store.get("/".join(call.key.split("/")[:9]))
    keys: Body = row.hidden["keys"] if row is not None else {}
    return keys


def connection_string(api: str, name: str, key: str) -> str:
    """How a program reaches the account through an API."""
    if api == "MongoDB":
        return (
            f"mongodb://{name}:{key}@{name}.mongo.cosmos.azure.com:10255/?ssl=true&replicaSet=globaldb&retrywrites=false"
            f"&maxIdleTimeMS=120000&appName=@{name}@"
        )
    if api == "Cassandra":
        return f"HostName={name}.cassandra.cosmos.azure.com;Username={name};Password={key};Port=10350"
    if api == "Table":
        return (
            f"DefaultEndpointsProtocol=https;AccountName={name};AccountKey={key};"
            f"TableEndpoint={settings.endpoint(name, 'table.cosmos.azure.com')};"
        )
    if api == "Gremlin":
        return f"AccountEndpoint={settings.endpoint(name)};AccountKey={key};ApiKind=Gremlin;"
    return f"AccountEndpoint={settings.endpoint(name)};AccountKey={key};"


def serverless(account: Body) -> bool:
    """Does an account bill by request, without provisioned throughput?"""
    return offers(account, "EnableServerless")
