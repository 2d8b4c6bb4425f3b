"""What an account of Cosmos DB may be set to: regions, consistency, backup, network rules."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.document_db.base import Body, bad, offers
from azlabs.simulator.resource_manager.locations import normalized, regions

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

APIS = {
    "EnableMongo": "MongoDB",
    "EnableCassandra": "Cassandra",
    "EnableGremlin": "Gremlin, Sql",
    "EnableTable": "Table, Sql",
}
"""The API that a capability gives an account; without one it is Sql."""
CAPABILITIES = frozenset({
    *APIS, "EnableServerless", "EnableNoSQLVectorSearch", "EnableNoSQLFullTextSearch", "EnableMongoRoleBasedAccessControl",
    "EnableAggregationPipeline", "MongoDBv3.4", "mongoEnableDocLevelTTL", "EnableMongoRetryableWrites",
    "EnableMongo16MBDocumentSupport", "EnableUniqueCompoundNestedDocs", "EnableTtlOnCustomPath", "EnablePartialUniqueIndex",
    "DisableRateLimitingResponses", "AllowSelfServeUpgradeToMongo36", "DeleteAllItemsByPartitionKey", "EnableMaterializedViews",
})  # fmt: skip
"""Capabilities that accounts may have, from Microsoft's documentation."""
PERMANENT = ("EnableServerless", "EnableNoSQLVectorSearch", "EnableNoSQLFullTextSearch")
"""Capabilities that an account keeps once it has them."""
ENDPOINTS = {
    "MongoDB": ("mongoEndpoint", "mongo"),
    "Cassandra": ("cassandraEndpoint", "cassandra"),
    "Gremlin": ("gremlinEndpoint", "gremlin"),
    "Table": ("tableEndpoint", "table"),
}
SERVER_VERSIONS = ("3.2", "3.6", "4.0", "4.2", "5.0", "6.0", "7.0", "8.0")
"""Versions of the protocol that accounts of the MongoDB API speak."""
CONSISTENCY = ("Eventual", "Session", "BoundedStaleness", "Strong", "ConsistentPrefix")
DEFAULT_STALENESS = {"maxIntervalInSeconds": 5, "maxStalenessPrefix": 100}
OF_TABLES = {"maxIntervalInSeconds": 86_400, "maxStalenessPrefix": 1_000_000}
"""Bounds of the staleness that an account of the Table API has unless told otherwise."""
PERIODIC = {"backupIntervalInMinutes": 240, "backupRetentionIntervalInHours": 8, "backupStorageRedundancy": "Geo"}
REDUNDANCIES = ("Geo", "Zone", "Local")
TIERS = ("Continuous7Days", "Continuous30Days")


def display(location: str) -> str:
    """A region as Cosmos DB writes it: "West US"."""
    return str(regions().get(normalized(location), {}).get("displayName", location))


def endpoint(name: str, zone: str = "documents.azure.com") -> str:
    """URL of a data plane."""
    return f"https://{name}.{zone}:443/"


def fill(write: Write) -> None:
    """Everything about an account that follows from what was asked for."""
    mine = write.body["properties"]
    _api(write, mine)
    _regions(write, mine)
    _consistency(mine)
    _backup(write, mine)
    _network(write, mine)
    name = write.name
    mine["documentEndpoint"] = mine["sqlEndpoint"] = endpoint(name)
    for word in mine["EnabledApiTypes"].split(", "):
        if word in ENDPOINTS:
            member, zone = ENDPOINTS[word]
            mine[member] = endpoint(name, f"{zone}.cosmos.azure.com")


def _api(write: Write, mine: Body) -> None:
    """Kind and capabilities decide which API the account speaks, for good."""
    if "capabilities" not in (write.request.get("properties") or {}):
        mine["capabilities"] = write.old("properties.capabilities", mine["capabilities"])
    capabilities = mine["capabilities"]
    if any(not isinstance(one, dict) or not isinstance(one.get("name"), str) for one in capabilities):
        bad("Every capability has to be an object with a name.")
    unknown = [
        one["name"] for one in capabilities if one["name"].lower() not in {word.lower() for word in CAPABILITIES}
    ]
    if unknown:
        bad(f"The capability '{unknown[0]}' is not supported.")
    if write.before is not None:
        _keep(write.before, write.body)
    if write.get("kind") == "MongoDB" and not offers(write.body, "EnableMongo"):
        capabilities.append({"name": "EnableMongo"})
    spoken = [api for capability, api in APIS.items() if offers(write.body, capability)]
    if len(spoken) > 1:
        bad(f"An account cannot have the capabilities of more than one API: {', '.join(spoken)}.")
    mine["EnabledApiTypes"] = spoken[0] if spoken else "Sql"
    if write.old("properties.EnabledApiTypes", mine["EnabledApiTypes"]) != mine["EnabledApiTypes"]:
        bad("The API of an account cannot be changed.")
    mongo = mine["EnabledApiTypes"] == "MongoDB"
    mine["configurationOverrides"] = {"EnablePerRegionPerPartitionAutoscaleOptIn": "True"}
    mine["apiProperties"] = {name[:1].lower() + name[1:]: value for name, value in mine["apiProperties"].items()}
    if mongo:
        mine["configurationOverrides"]["EnableBsonSchema"] = "True"
        mine["apiProperties"].setdefault("serverVersion", write.old("properties.apiProperties.serverVersion", "3.6"))
        if mine["apiProperties"]["serverVersion"] not in SERVER_VERSIONS:
            bad(
                f"The serverVersion '{mine['apiProperties']['serverVersion']}' is not one of {', '.join(SERVER_VERSIONS)}."
            )
    elif not mine.get("apiProperties"):
        mine.pop("apiProperties", None)
    mine["analyticalStorageConfiguration"].setdefault("schemaType", "FullFidelity" if mongo else "WellDefined")


def _keep(before: Body, body: Body) -> None:
    """Some capabilities are for good, and an account is serverless from the start or never."""
    lost = next((name for name in PERMANENT if offers(before, name) and not offers(body, name)), None)
    if lost is not None:
        bad(f"The capability '{lost}' cannot be removed from an account. Name it in the new list too.")
    if offers(body, "EnableServerless") and not offers(before, "EnableServerless"):
        bad("The capability 'EnableServerless' can only be chosen when an account is created.")


def _regions(write: Write, mine: Body) -> None:
    """Locations by failover priority; the first one takes the writes, or all of them do."""
    asked = mine.get("locations")
    if not isinstance(asked, list) or not asked:
        bad("The property 'locations' is required: an account lives in at least one region.")
    wanted: list[tuple[int, str, bool]] = []
    for index, one in enumerate(asked):
        place = normalized(str(one.get("locationName", "")))
        if place not in regions():
            bad(f"The location '{one.get('locationName')}' is not a region in which Cosmos DB is available.")
        wanted.append((one.get("failoverPriority", index), place, bool(one.get("isZoneRedundant", False))))
    if len({place for _, place, _ in wanted}) != len(wanted):
        bad("Every location of an account may be named once.")
    if len(wanted) > 1 and offers(write.body, "EnableServerless"):
        bad("A serverless account lives in one region only.")
    if sorted(priority for priority, _, _ in wanted) != list(range(len(wanted))):
        bad("Failover priorities have to be unique and to count from 0 to the number of locations less one.")
    arrange(write.name, mine, sorted(wanted))


def arrange(name: str, mine: Body, wanted: list[tuple[int, str, bool]]) -> None:
    """Put (failover priority, region, zone redundant), in order, into an account's properties."""
    mine["locations"] = [
        {
            "id": f"{name}-{place}",
            "locationName": display(place),
            "documentEndpoint": endpoint(f"{name}-{place}"),
            "provisioningState": "Succeeded",
            "failoverPriority": priority,
            "isZoneRedundant": zones,
        }
        for priority, place, zones in wanted
    ]
    mine["readLocations"] = [dict(one) for one in mine["locations"]]
    mine["writeLocations"] = [
        dict(one) for one in mine["locations"][: None if mine["enableMultipleWriteLocations"] else 1]
    ]
    mine["failoverPolicies"] = [
        {"id": one["id"], "locationName": one["locationName"], "failoverPriority": one["failoverPriority"]}
        for one in mine["locations"]
    ]


def _consistency(mine: Body) -> None:
    """Only bounded staleness has bounds of its own; they are wider where there are several regions."""
    policy = mine["consistencyPolicy"]
    if not policy:
        tables = "Table" in mine["EnabledApiTypes"]
        policy.update(
            {"defaultConsistencyLevel": "BoundedStaleness", **OF_TABLES}
            if tables
            else {"defaultConsistencyLevel": "Session"}
        )
    if policy.setdefault("defaultConsistencyLevel", "Session") != "BoundedStaleness":
        policy.update({name: value for name, value in DEFAULT_STALENESS.items() if name not in policy})
        if (
            policy["defaultConsistencyLevel"] == "Strong"
            and mine["enableMultipleWriteLocations"]
            and len(mine["locations"]) > 1
        ):
            bad("Strong consistency is not supported for accounts with multiple write locations.")
        return
    many = len(mine["locations"]) > 1
    seconds, items = (300, 100_000) if many else (5, 10)
    interval = policy.setdefault("maxIntervalInSeconds", seconds)
    prefix = policy.setdefault("maxStalenessPrefix", max(items, 100))
    if not seconds <= interval <= 86_400:
        bad(f"MaxIntervalInSeconds has to be between {seconds} and 86400.")
    if not items <= prefix <= 2_147_483_647:
        bad(f"MaxStalenessPrefix has to be between {items} and 2147483647.")


def _backup(write: Write, mine: Body) -> None:
    """Periodic unless told otherwise; who went over to continuous backup stays there."""
    policy = mine.setdefault("backupPolicy", write.old("properties.backupPolicy") or {"type": "Periodic"})
    kind = next(
        (word for word in ("Periodic", "Continuous") if word.lower() == str(policy.get("type", "")).lower()), None
    )
    if kind is None:
        bad(f"The backup policy type '{policy.get('type')}' is not one of Periodic, Continuous.")
    if write.old("properties.backupPolicy.type") == "Continuous" and kind == "Periodic":
        bad("An account with continuous backup cannot be changed to periodic backup.")
    if kind == "Continuous":
        tier = (policy.get("continuousModeProperties") or {}).get("tier", "Continuous30Days")
        if tier not in TIERS:
            bad(f"The tier '{tier}' of continuous backup is not one of {', '.join(TIERS)}.")
        mine["backupPolicy"] = {"type": kind, "continuousModeProperties": {"tier": tier}}
        return
    modes = {**PERIODIC, **(policy.get("periodicModeProperties") or {})}
    if not 60 <= modes["backupIntervalInMinutes"] <= 1440:
        bad("The backup interval has to be between 60 and 1440 minutes.")
    if not 8 <= modes["backupRetentionIntervalInHours"] <= 720:
        bad("The backup retention has to be between 8 and 720 hours.")
    if modes["backupRetentionIntervalInHours"] * 60 < 2 * modes["backupIntervalInMinutes"]:
        bad("The backup retention has to be at least twice the backup interval.")
    if modes["backupStorageRedundancy"] not in REDUNDANCIES:
        bad(f"The backup storage redundancy is not one of {', '.join(REDUNDANCIES)}.")
    mine["backupPolicy"] = {"type": kind, "periodicModeProperties": modes}


def _network(write: Write, mine: Body) -> None:
    """Addresses that may reach the account, and subnets, which have to exist and to have the service endpoint."""
    given = mine.pop("ipRangeFilter", None)
    if isinstance(given, str):
        mine["ipRules"] = [{"ipAddressOrRange": one.strip()} for one in given.split(",") if one.strip()]
    for rule in mine["ipRules"]:
        try:
            ipaddress.ip_network(str(rule.get("ipAddressOrRange")), strict=False)
        except ValueError:
            bad(f"The value '{rule.get('ipAddressOrRange')}' is no IPv4 address or range in CIDR form.")
    for rule in mine["virtualNetworkRules"]:
        if not rule.setdefault("ignoreMissingVNetServiceEndpoint", False):
            _check_subnet(write, str(rule.get("id", "")))


def _check_subnet(write: Write, id: str) -> None:
    subnet: Any = write.find(id) if "/subnets/" in id.lower() else None
    if subnet is None:
        bad(f"The subnet '{id}' of a virtual network rule was not found.")
    services = {str(one.get("service", "")).lower() for one in subnet["properties"].get("serviceEndpoints") or ()}
    if "microsoft.azurecosmosdb" not in services:
        bad(f"The subnet '{id}' has no service endpoint for Microsoft.AzureCosmosDB.")
