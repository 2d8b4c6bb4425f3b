"""Requests to Microsoft.DocumentDB that are not about one resource: free names, regions, accounts that can be restored."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer
from azlabs.simulator.providers.document_db.accounts import named
from azlabs.simulator.providers.document_db.base import ACCOUNT, ACCOUNT_KEY, Body
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.locations import normalized, regions
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

RESTORABLE = "Microsoft.DocumentDB/locations/restorableDatabaseAccounts"
RESOURCES = {
    "restorablesqlresources": ("restorableSqlResources", "sqlDatabases", "containers", "collectionNames"),
    "restorablemongodbresources": ("restorableMongodbResources", "mongodbDatabases", "collections", "collectionNames"),
    "restorablegremlinresources": ("restorableGremlinResources", "gremlinDatabases", "graphs", "graphNames"),
}
"""Listings of what an account had: their type, the type of the databases, of what is in them, the member with its names."""
EVENTS = {
    "restorablesqldatabases": ("restorableSqlDatabases", "sqlDatabases"),
    "restorablesqlcontainers": ("restorableSqlContainers", "sqlDatabases/containers"),
    "restorablemongodbdatabases": ("restorableMongodbDatabases", "mongodbDatabases"),
    "restorablemongodbcollections": ("restorableMongodbCollections", "mongodbDatabases/collections"),
    "restorablegremlindatabases": ("restorableGremlinDatabases", "gremlinDatabases"),
    "restorablegraphs": ("restorableGraphs", "gremlinDatabases/graphs"),
    "restorabletables": ("restorableTables", "tables"),
}
"""Feeds of what happened in an account: their type, the type of what it happened to."""


def name_exists(call: Call) -> Answer:
    """200 when an account has the name, 404 when it is free."""
    return Answer(200 if named(call, call.values["name"]) else 404)


def locations(call: Call) -> Body:
    """Every region, with what it offers."""
    root = f"/subscriptions/{call.route.subscription}/providers/Microsoft.DocumentDB/locations"
    return {"value": [_location(root, name, region) for name, region in regions().items()]}


def location(call: Call) -> Body:
    """One region."""
    name = normalized(call.values["location"])
    if name not in regions():
        raise Refused(404, "NotFound", f"The location '{call.values['location']}' was not found.")
    return _location(
        f"/subscriptions/{call.route.subscription}/providers/Microsoft.DocumentDB/locations", name, regions()[name]
    )


def _location(root: str, name: str, region: Body) -> Body:
    zones = bool(region.get("zones"))
    return {
        "id": f"{root}/{name}",
        "name": region["displayName"],
        "type": "Microsoft.DocumentDB/locations",
        "properties": {
            "supportsAvailabilityZone": zones,
            "isResidencyRestricted": False,
            "backupStorageRedundancies": ["Geo", *(["Zone"] if zones else []), "Local"],
            "isSubscriptionRegionAccessAllowedForRegular": True,
            "isSubscriptionRegionAccessAllowedForAz": zones,
            "status": "Online",
        },
    }


def restorable_accounts(call: Call) -> Body:
    """The accounts with continuous backup, of the subscription or of one region."""
    place = normalized(call.values.get("location", ""))
    rows = call.store.in_subscription(call.route.subscription, ACCOUNT_KEY)
    kept = [row for row in rows if _continuous(row) and place in ("", normalized(row.location))]
    return {"value": [_restorable(row) for row in kept]}


def restorable_account(call: Call) -> Body:
    """One of them, by the id of its instance."""
    return _restorable(_instance(call))


def resources(call: Call) -> Body:
    """What could be restored: databases with the names of what is in them."""
    row = _instance(call)
    folder, databases, inner, member = RESOURCES[call.route.lowered[-1]]
    found = []
    for database in call.store.at_scope(row.key, f"{ACCOUNT}/{databases}".lower()):
        names = [one.name for one in call.store.at_scope(database.key, f"{ACCOUNT}/{databases}/{inner}".lower())]
        found.append({**_listed(call, folder, database.name), "databaseName": database.name, member: names})
    return {"value": found}


def table_resources(call: Call) -> Body:
    """The tables that could be restored."""
    row = _instance(call)
    rows = call.store.at_scope(row.key, f"{ACCOUNT}/tables".lower())
    return {"value": [_listed(call, "restorableTableResources", one.name) for one in rows]}


def events(call: Call) -> Body:
    """The creations that continuous backup has seen; `restorable...DatabaseRid` narrows to one database."""
    row = _instance(call)
    folder, kind = EVENTS[call.route.lowered[-1]]
    rid = next((value for name, value in call.query.items() if name.endswith("databaserid")), "")
    found = []
    for one in call.store.below(row.key):
        if one.type != f"{ACCOUNT}/{kind}".lower():
            continue
        above = call.store.get(one.scope)
        if rid and above is not None and above.type != ACCOUNT_KEY and _rid(above) != rid:
            continue
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, one.key))
        event: Body = {
            "_rid": _rid(one)[:8] + "AAAA==",
            "eventTimestamp": _seconds(one.created),
            "ownerId": one.name,
            "ownerResourceId": _rid(one),
            "operationType": "Create",
        }
        event["canUndelete"] = "invalid"
        found.append({**_listed(call, folder, name), "properties": {"resource": event}})
    return {"value": found}


def _listed(call: Call, folder: str, name: str) -> Body:
    return {"id": f"{call.path()}/{name}", "type": f"{RESTORABLE}/{folder}", "name": name}


def _rid(row: Resource) -> str:
    rid = row.body["properties"]["resource"].get("_rid")
    return str(rid) if rid else uuid.uuid5(uuid.NAMESPACE_URL, row.key).hex[:8]


def _instance(call: Call) -> Resource:
    """The account with the instance id and region of the path. Raises 404."""
    wanted, place = call.values["instance"].lower(), normalized(call.values["location"])
    for row in call.store.in_subscription(call.route.subscription, ACCOUNT_KEY):
        if row.body["properties"]["instanceId"] == wanted and _continuous(row) and normalized(row.location) == place:
            return row
    raise Refused(404, "NotFound", f"The restorable database account {wanted} was not found in {place}.")


def _continuous(row: Resource) -> bool:
    return bool(row.body["properties"]["backupPolicy"]["type"] == "Continuous")


def _restorable(row: Resource) -> Body:
    mine, region = row.body["properties"], regions()[normalized(row.location)]["displayName"]
    root = f"/subscriptions/{row.subscription}/providers/Microsoft.DocumentDB/locations/{normalized(row.location)}"
    made = _seconds(row.created)
    return {
        "name": mine["instanceId"],
        "location": region,
        "type": RESTORABLE,
        "id": f"{root}/restorableDatabaseAccounts/{mine['instanceId']}",
        "properties": {
            "accountName": row.name,
            "apiType": mine["EnabledApiTypes"],
            "creationTime": made,
            "oldestRestorableTime": made,
            "restorableLocations": [
                {
                    "locationName": one["locationName"],
                    "regionalDatabaseAccountInstanceId": str(uuid.uuid5(uuid.UUID(mine["instanceId"]), one["id"])),
                    "creationTime": made,
                }
                for one in mine["locations"]
            ],
        },
    }


def _seconds(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_ROOT = "/subscriptions/{subscription}/providers/Microsoft.DocumentDB"
_ONE = f"{_ROOT}/locations/{{location}}/restorableDatabaseAccounts/{{instance}}"
ENDPOINTS = [
    Endpoint("HEAD", "/providers/Microsoft.DocumentDB/databaseAccountNames/{name}", name_exists),
    Endpoint("GET", f"{_ROOT}/locations", locations),
    Endpoint("GET", f"{_ROOT}/locations/{{location}}", location),
    Endpoint("GET", f"{_ROOT}/restorableDatabaseAccounts", restorable_accounts),
    Endpoint("GET", f"{_ROOT}/locations/{{location}}/restorableDatabaseAccounts", restorable_accounts),
    Endpoint("GET", _ONE, restorable_account),
    Endpoint("GET", f"{_ONE}/restorableTableResources", table_resources),
    *(Endpoint("GET", f"{_ONE}/{names[0]}", resources) for names in RESOURCES.values()),
    *(Endpoint("GET", f"{_ONE}/{names[0]}", events) for names in EVENTS.values()),
]
