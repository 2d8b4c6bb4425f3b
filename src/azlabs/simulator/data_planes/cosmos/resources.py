"""The account, databases, containers, ranges and offers of the data plane: views of the control plane's resources.

What clients create or delete here goes through the control plane, so that both see the same.
"""

from __future__ import annotations

import json
from typing import Any

from azlabs.simulator.data_planes.cosmos import access, rows
from azlabs.simulator.data_planes.cosmos.asking import Asking, answer, feed
from azlabs.simulator.data_planes.cosmos.errors import bad, conflict, not_found, stale
from azlabs.simulator.data_planes.cosmos.places import CONTAINERS, DATABASES, Container
from azlabs.simulator.data_planes.cosmos.query.compiler import run
from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.fault_answers import FORWARDED
from azlabs.simulator.http import Answer, Request, dumps
from azlabs.simulator.providers.document_db.accounts import serverless
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager.errors import Refused

VERSION = "2024-11-15"
SERVICE = ("id", "_rid", "_self", "_etag", "_ts", "_docs", "_sprocs", "_triggers", "_udfs", "_conflicts", "_colls", "_users", "statistics",
           "backupPolicy", "createMode")  # fmt: skip
"""Members that the service adds to a document."""


def account(asking: Asking) -> Answer:
    """GET /: regions and consistency, by which clients find their way."""
    access.require(asking, access.METADATA, anywhere=True)
    mine = asking.account.body["properties"]

    def places(member: str) -> list[dict[str, str]]:
        several = len(mine[member]) > 1
        own = asking.base
        return [
            {"name": one["locationName"], "databaseAccountEndpoint": str(one.get("documentEndpoint") or own) if several else own}
            for one in mine[member]
        ]

    policy = mine["consistencyPolicy"]
    return answer(dumps({
        "_self": "", "id": asking.account.name, "_rid": f"{asking.account.name}.documents.azure.com", "media": "//media/",
        "addresses": "//addresses/", "_dbs": "//dbs/", "writableLocations": places("writeLocations"),
        "readableLocations": places("readLocations"), "enableMultipleWriteLocations": bool(mine.get("enableMultipleWriteLocations")),
        "continuousBackupEnabled": mine.get("backupPolicy", {}).get("type") == "Continuous",
        "userReplicationPolicy": {"asyncReplication": False, "minReplicaSetSize": 3, "maxReplicasetSize": 4},
        "userConsistencyPolicy": {"defaultConsistencyLevel": policy["defaultConsistencyLevel"]},
        "systemReplicationPolicy": {"minReplicaSetSize": 3, "maxReplicasetSize": 4},
        "readPolicy": {"primaryReadCoefficient": 1, "secondaryReadCoefficient": 1},
        "queryEngineConfiguration": dumps({
            "maxSqlQueryInputLength": 262144, "maxJoinsPerSqlQuery": 5, "maxLogicalAndPerSqlQuery": 500, "maxLogicalOrPerSqlQuery": 500,
            "maxUdfRefPerSqlQuery": 10, "maxInExpressionItemsCount": 16000, "queryMaxInMemorySortDocumentCount": 500, "sqlAllowTop": True,
        }),
    }), charge=0)  # fmt: skip


def control(asking: Asking, method: str, id: str, body: Any = None) -> Any:
    """A request to the control plane, as the subscription's owner. Raises what it refuses, in the data plane's words."""
    simulator = asking.simulator
    headers = {"Authorization": f"Bearer {simulator.owner_token()}", "Content-Type": "application/json", FORWARDED: "1"}
    url = f"https://management.azure.com{id}?api-version={VERSION}"
    found = simulator.handle(Request(method, url, headers, dumps(body).encode() if body is not None else None))
    if found.status >= 400:
        error = (found.json() or {}).get("error") or found.json() or {}
        status = found.status if found.status in (400, 403, 404, 409, 429, 501) else 400
        code = {400: "BadRequest", 404: "NotFound", 409: "Conflict"}.get(status, str(error.get("code", "Forbidden")))
        raise Refused(status, code, str(error.get("message", "")))
    for _ in range(20):
        poll = found.headers.get("Azure-AsyncOperation") or found.headers.get("azure-asyncoperation") or found.headers.get("Location")
        if not poll:
            break
        done = simulator.handle(Request("GET", poll, headers))
        state = str((done.json() or {}).get("status", "Succeeded")) if done.body else "Succeeded"
        if done.status != 202 and state not in ("Enqueued", "InProgress", "Dequeued"):
            break
    asking.plane.refresh()
    return found


def _public(document: dict[str, Any]) -> str:
    return dumps({name: value for name, value in document.items() if name != "statistics"})


def _options(asking: Asking) -> dict[str, Any]:
    fixed, automatic = asking.headers.get("x-ms-offer-throughput"), asking.headers.get("x-ms-cosmos-offer-autopilot-settings")
    if automatic:
        return {"autoscaleSettings": {"maxThroughput": json.loads(automatic).get("maxThroughput")}}
    return {"throughput": int(fixed)} if fixed and fixed.isdecimal() else {}


def listed(asking: Asking, above: str, kind: str, name: str, rid: str) -> Answer:
    """Databases or containers: all of them, or those that a query chooses."""
    access.require(asking, access.METADATA)
    found = [json.loads(_public(row.body["properties"]["resource"])) for row in asking.simulator.store.at_scope(above, kind)]
    return feed(name, rid, _queried(asking, found))


def _queried(asking: Asking, found: list[Any]) -> list[Any]:
    if asking.method != "POST":
        return found
    from azlabs.simulator.data_planes.cosmos.queries import read_query, syntax_error

    query, parameters = read_query(asking)
    try:
        return run(query, found, parameters)
    except QueryError as problem:
        raise syntax_error(problem) from None


def database(asking: Asking, name: str) -> Answer:
    """GET or DELETE of a database."""
    row = asking.plane.database(asking.account, name)
    if asking.method == "DELETE":
        access.no_tokens(asking, f"DELETE {asking.link}")
        control(asking, "DELETE", row.id)
        return answer("", 204, 4.95)
    access.require(asking, access.METADATA, f"/dbs/{name}")
    document = row.body["properties"]["resource"]
    return answer(_public(document), 200, 2.0, document["_etag"])


def create_database(asking: Asking) -> Answer:
    """POST /dbs."""
    access.no_tokens(asking, f"POST {asking.link}")
    body = asking.json()
    name = _new_name(body)
    id = f"{asking.account.id}/sqlDatabases/{name}"
    if asking.simulator.store.exists(id.lower()):
        raise conflict()
    control(asking, "PUT", id, {"properties": {"resource": {"id": name}, "options": _options(asking)}})
    document = asking.plane.database(asking.account, name).body["properties"]["resource"]
    return answer(_public(document), 201, 4.95, document["_etag"])


def _new_name(body: Any) -> str:
    name = body.get("id") if isinstance(body, dict) else None
    if not isinstance(name, str) or not name or any(char in name for char in "/\\?#") or len(name) > 255:
        raise bad('Message: {"Errors":["One of the specified inputs is invalid: the id."]}')
    return name


def create_container(asking: Asking, above: str) -> Answer:
    """POST /dbs/.../colls."""
    access.no_tokens(asking, f"POST {asking.link}")
    database_row = asking.plane.database(asking.account, above)
    body = asking.json()
    name = _new_name(body)
    id = f"{database_row.id}/containers/{name}"
    if asking.simulator.store.exists(id.lower()):
        raise conflict()
    control(asking, "PUT", id, {"properties": {"resource": body, "options": _options(asking)}})
    document = asking.plane.container(asking.account, above, name).document
    return answer(_public(document), 201, 4.95, document["_etag"])


def container(asking: Asking, found: Container) -> Answer:
    """GET, PUT or DELETE of a container."""
    if asking.method == "DELETE":
        access.no_tokens(asking, f"DELETE {asking.link}")
        control(asking, "DELETE", found.row.id)
        return answer("", 204, 4.95)
    if asking.method == "PUT":
        return _replace_container(asking, found)
    access.require(asking, access.METADATA, f"/dbs/{found.database}/colls/{found.name}")
    etag = found.document["_etag"]
    if asking.headers.get("if-none-match") == etag:
        return Answer(304, {"etag": etag, "x-ms-request-charge": "1"})
    count = asking.simulator.store.sql.execute(
        "SELECT count(*), coalesce(sum(length(body)),0) FROM cosmos_items WHERE container=?", (found.rid,)
    ).fetchone() if asking.flag("x-ms-documentdb-populatequotainfo") else None  # fmt: skip
    more = {}
    if count is not None:
        more["x-ms-resource-quota"] = "documentSize=10240;documentsSize=10485760;documentsCount=-1;collectionSize=10485760;"
        size = count[1] // 1024
        more["x-ms-resource-usage"] = f"documentSize=0;documentsSize={size};documentsCount={count[0]};collectionSize={size};"
    return answer(_public(found.document), 200, 1.0, etag, **more)


def _replace_container(asking: Asking, found: Container) -> Answer:
    access.no_tokens(asking, f"PUT {asking.link}")
    match = asking.headers.get("if-match")
    if match and match not in ("*", found.document["_etag"]):
        raise stale()
    body = asking.json()
    if not isinstance(body, dict) or body.get("id") != found.name:
        raise bad('Message: {"Errors":["The id of a container cannot be changed."]}')
    if body.get("partitionKey") != found.document["partitionKey"]:
        raise bad("Document collection partition key cannot be changed.")
    if (body.get("vectorEmbeddingPolicy") or {}) != (found.document.get("vectorEmbeddingPolicy") or {}) and found.vectors:
        raise bad('Message: {"Errors":["The Vector Embedding Policy of a container cannot be changed."]}')
    resource = {name: value for name, value in body.items() if name not in SERVICE or name == "id"}
    control(asking, "PUT", found.row.id, {"properties": {"resource": resource, "options": {}}})
    document = asking.plane.container(asking.account, found.database, found.name).document
    return answer(_public(document), 200, 9.9, document["_etag"])


def bounds(count: int, place: int) -> tuple[str, str]:
    """The effective partition keys from and to which a range goes; hashes begin with 00 to 3F."""
    def edge(number: int) -> str:
        if number == 0:
            return ""
        return "FF" if number == count else f"{(0x40 << 24) * number // count:08X}"

    return edge(place), edge(place + 1)


def ranges(asking: Asking, found: Container) -> Answer:
    """The partition key ranges; 304 once the client has them, else it reads for ever."""
    access.require(asking, access.METADATA, f"/dbs/{found.database}/colls/{found.name}")
    etag = f'"{found.ranges}"'
    if asking.headers.get("if-none-match") == etag:
        return Answer(304, {"etag": etag, "x-ms-request-charge": "1"})
    listed_ranges = []
    for place in range(found.ranges):
        low, high = bounds(found.ranges, place)
        listed_ranges.append({
            "_rid": f"{found.rid[:-2]}{place:02d}", "id": str(place), "_etag": etag, "minInclusive": low, "maxExclusive": high,
            "ridPrefix": place, "_self": f"{found.link}pkranges/{place}/", "throughputFraction": 1 / found.ranges, "status": "online",
            "parents": [], "_ts": found.document["_ts"], "_lsn": rows.state(asking.simulator.store, found.rid)[0],
        })  # fmt: skip
    text = dumps({"_rid": found.rid, "PartitionKeyRanges": listed_ranges, "_count": len(listed_ranges)})
    return answer(text, 200, 1.0, etag, x_ms_item_count=str(len(listed_ranges)))


def offers(asking: Asking, rid: str = "") -> Answer:
    """Throughput: all offers, those that a query chooses, or one to read or replace."""
    if serverless(asking.account.body):
        raise bad("Reading or replacing offers is not supported for serverless accounts.")
    found = {}
    for kind in (DATABASES, CONTAINERS):
        for row in asking.simulator.store.of_type(f"{kind}/throughputsettings"):
            owner = asking.simulator.store.get(row.scope)
            if owner is not None and row.key.startswith(asking.account.key + "/"):
                document = _offer(row, owner)
                found[document["_rid"]] = (document, row)
    if not rid:
        access.require(asking, access.METADATA)
        return feed("Offers", "", _queried(asking, [document for document, _ in found.values()]))
    one = next((value for name, value in found.items() if name.lower() == rid.lower()), None)
    if one is None:
        raise not_found()
    document, row = one
    if asking.method == "PUT":
        access.no_tokens(asking, f"PUT {asking.link}")
        content = asking.json().get("content") or {}
        automatic = content.get("offerAutopilotSettings")
        wanted = {"throughput": content.get("offerThroughput")}
        if automatic:
            wanted = {"autoscaleSettings": {"maxThroughput": automatic["maxThroughput"]}}
        control(asking, "PUT", row.id, {"properties": {"resource": wanted}})
        again = asking.simulator.store.get(row.key)
        owner = asking.simulator.store.get(row.scope)
        document = _offer(again or row, owner or row)
    return answer(_public(document), 200, 1.0, document["_etag"])


def _offer(row: Resource, owner: Resource) -> dict[str, Any]:
    import hashlib

    mine, resource = row.body["properties"]["resource"], owner.body["properties"]["resource"]
    content: dict[str, Any] = {"offerThroughput": mine["throughput"], "offerIsRUPerMinuteThroughputEnabled": False}
    if "autoscaleSettings" in mine:
        content["offerAutopilotSettings"] = {"maxThroughput": mine["autoscaleSettings"]["maxThroughput"]}
    rid = hashlib.sha256(row.key.encode()).hexdigest()[:4]
    return {
        "id": rid, "_rid": rid, "_self": f"offers/{rid}/", "_etag": f'"{row.etag}"', "_ts": int(row.changed), "offerVersion": "V2",
        "offerType": "Invalid", "resource": resource["_self"], "offerResourceId": resource["_rid"], "content": content,
    }  # fmt: skip
