"""The front of an account: which operation, who asks, how refusals are written."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING
from urllib.parse import unquote

from azlabs.simulator.data_planes.cosmos import access, documents, feeds, resources, throughput
from azlabs.simulator.data_planes.cosmos.asking import Asking, feed
from azlabs.simulator.data_planes.cosmos.batch import batch
from azlabs.simulator.data_planes.cosmos.errors import not_found, refused
from azlabs.simulator.data_planes.cosmos.partition import effective, of_header
from azlabs.simulator.data_planes.cosmos.places import CONTAINERS, DATABASES, Container, plane_of
from azlabs.simulator.data_planes.cosmos.queries import query_items
from azlabs.simulator.http import Answer, CaseInsensitive, Request, dumps, split_url
from azlabs.simulator.resource_manager.errors import Refused, not_modelled

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

_log = logging.getLogger(__name__)


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:  # noqa: ARG001
    """Answer one request to <account>.documents.azure.com."""
    headers = CaseInsensitive(request.headers)
    activity = headers.get("x-ms-activity-id") or str(uuid.uuid4())
    try:
        found = _serve(simulator, request, path, headers)
    except Refused as refusal:
        found = answer_of(refusal, activity)
    except (RecursionError, OverflowError):
        _log.warning("a request could not be read", exc_info=True)
        found = answer_of(refused(400, "BadRequest", "The request could not be read."), activity)
    own = found.headers
    own["x-ms-activity-id"] = activity
    own.setdefault("x-ms-request-charge", "0")
    own.setdefault("x-ms-gatewayversion", "version=2.14.0")
    own.setdefault("x-ms-serviceversion", "version=2.14.0.0")
    return found


def answer_of(refusal: Refused, activity: str) -> Answer:
    """A refusal as Cosmos DB writes it."""
    headers = {"Content-Type": "application/json", **refusal.headers}
    headers.setdefault("x-ms-request-charge", "1.24" if refusal.status in (404, 409, 412) else "0")
    if refusal.status == 304:
        return Answer(304, headers)
    text = dumps({"code": refusal.code, "message": f"{refusal.message}\r\nActivityId: {activity}, Microsoft.Azure.Documents.Common/2.14.0"})
    return Answer(refusal.status, headers, text.encode("utf-8", "surrogatepass"))


def _serve(simulator: Simulator, request: Request, path: str, headers: CaseInsensitive) -> Answer:
    plane = plane_of(simulator)
    plane.refresh()
    host = split_url(request.url)[0]
    account = plane.account(host.partition(".")[0])
    inner = path.strip("/")
    parts = inner.split("/") if inner else []
    if "%" in inner:
        parts = [unquote(part, errors="replace") for part in parts]
    kind = parts[-1] if len(parts) % 2 else parts[-2] if parts else ""
    link = "/".join(parts[:-1] if len(parts) % 2 else parts)
    if parts[4:] == ["operations", "partitionkeydelete"]:
        kind, link = "colls", "/".join(parts[:4])
    elif kind == "offers":
        link = parts[1].lower() if len(parts) == 2 else ""
    place = request.url.find("/", request.url.find("://") + 3)
    base = (request.url[:place] if place > 0 else request.url.partition("?")[0]) + "/"
    asking = Asking(
        simulator, plane, account, host, base, request.method.upper(), parts, kind, link, headers, request.body or b"",
        simulator.clock.now(),
    )  # fmt: skip
    access.firewall(asking)
    access.identify(asking)
    return _route(asking)


def _route(asking: Asking) -> Answer:
    parts, method = asking.parts, asking.method
    words = parts[0::2]
    content = asking.headers.get("content-type", "")
    writes_query = asking.flag("x-ms-documentdb-isquery") or content.startswith(("application/query+json", "application/sql"))
    if not parts:
        return resources.account(asking)
    if words == ["offers"]:
        return resources.offers(asking, parts[1] if len(parts) == 2 else "")
    if words == ["dbs"]:
        if len(parts) == 2:
            return resources.database(asking, parts[1])
        if method == "GET" or writes_query:
            return resources.listed(asking, asking.account.key, DATABASES, "Databases", "")
        return resources.create_database(asking)
    if words == ["dbs", "colls"] and len(parts) == 3:
        row = asking.plane.database(asking.account, parts[1])
        if method == "GET" or writes_query:
            return resources.listed(asking, row.key, CONTAINERS, "DocumentCollections", row.body["properties"]["resource"]["_rid"])
        return resources.create_container(asking, parts[1])
    if words[:2] == ["dbs", "colls"]:
        return _in_container(asking, _container(asking), writes_query)
    raise not_modelled(f"the path /{'/'.join(words)} of the data plane of Cosmos DB")


def _container(asking: Asking) -> Container:
    try:
        return asking.plane.container(asking.account, asking.parts[1], asking.parts[3])
    except Refused as refusal:
        if len(asking.parts) > 4 and refusal.status == 404:
            raise not_found("Owner resource does not exist", 1003) from None
        raise


def _range_id(asking: Asking, container: Container) -> str:
    """The range that a request went to; clients read the ranges again when they do not know it."""
    given = asking.headers.get("x-ms-documentdb-partitionkeyrangeid")
    if given is not None:
        return given.rpartition(",")[2]
    key = asking.headers.get("x-ms-documentdb-partitionkey")
    if container.ranges == 1 or key is None:
        return "0"
    try:
        hashed = effective(of_header(key, len(container.paths), prefix=True), container.hierarchical)
    except Refused:
        return "0"
    return next(str(place) for place in range(container.ranges) if resources.bounds(container.ranges, place)[1] > hashed)


def _in_container(asking: Asking, container: Container, is_query: bool) -> Answer:
    parts, method = asking.parts, asking.method
    intended = asking.headers.get("x-ms-cosmos-intended-collection-rid")
    if intended and intended != container.rid and len(parts) > 4:
        raise refused(400, "BadRequest", "The requested resource is not the container that the client knows: it was made again.", 1024)
    if len(parts) == 4:
        return resources.container(asking, container)
    if parts[4] == "pkranges":
        return resources.ranges(asking, container)
    if parts[4:] == ["operations", "partitionkeydelete"]:
        return documents.delete_partition(asking, container)
    if parts[4] == "conflicts" and len(parts) == 5:
        return feed("Conflicts", container.rid, [])
    if parts[4] != "docs":
        raise not_modelled(f"{parts[4]} of a container of Cosmos DB")
    for header in ("x-ms-documentdb-pre-trigger-include", "x-ms-documentdb-post-trigger-include"):
        if asking.headers.get(header):
            raise not_modelled("triggers of a container of Cosmos DB, since no JavaScript runs here")
    asking.plane.sweep(container, asking.now)
    place = _range_id(asking, container)
    if asking.plane.enforced:
        throughput.admit(asking, container, place)
    if len(parts) == 6:
        if method not in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
            raise refused(405, "MethodNotAllowed", "The requested verb is not supported.")
        found = documents.one(asking, container, parts[5])
    elif method == "GET":
        found = feeds.read(asking, container)
    elif asking.flag("x-ms-cosmos-is-batch-request"):
        found = batch(asking, container)
    elif is_query or asking.flag("x-ms-cosmos-is-query-plan-request"):
        found = query_items(asking, container)
    elif method == "POST":
        found = documents.create(asking, container)
    else:
        raise refused(405, "MethodNotAllowed", "The requested verb is not supported.")
    lsn = found.headers.get("lsn")
    if lsn is None:
        from azlabs.simulator.data_planes.cosmos.rows import state

        lsn = str(state(asking.simulator.store, container.rid)[0])
        found.headers["lsn"] = lsn
    if asking.plane.enforced:
        throughput.spend(asking, container, place, float(found.headers.get("x-ms-request-charge", 1)))
    found.headers["x-ms-documentdb-partitionkeyrangeid"] = place
    found.headers["x-ms-session-token"] = f"{place}:-1#{lsn}"
    found.headers["x-ms-alt-content-path"] = f"dbs/{container.database}/colls/{container.name}"
    return found
