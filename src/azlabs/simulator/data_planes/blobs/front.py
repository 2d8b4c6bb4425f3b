"""Which operation a request to the blob service is, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.blobs import (
    changing,
    conditions,
    containers,
    copying,
    lifecycle,
    listing,
    places,
    reading,
    rows,
    writing,
)
from azlabs.simulator.data_planes.event_grid import blob_events
from azlabs.simulator.data_planes.storage import front, grants, service_properties
from azlabs.simulator.data_planes.storage.grants import Need
from azlabs.simulator.resource_manager.errors import Refused, not_modelled

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.blobs.places import Container
    from azlabs.simulator.data_planes.storage.asking import Asking
    from azlabs.simulator.http import Answer, Request

_SERVICE = "Microsoft.Storage/storageAccounts/blobServices"
_CONTAINERS = _SERVICE + "/containers"
_BLOBS = _CONTAINERS + "/blobs"
ForService = Callable[["Asking"], "Answer"]
ForContainer = Callable[["Asking", "Container"], "Answer"]

SERVICE: dict[tuple[str, str, str], tuple[ForService, Need]] = {
    ("GET", "", "list"): (listing.containers, Need(f"{_CONTAINERS}/read", "l", "s")),
    ("GET", "service", "properties"): (service_properties.get, Need(f"{_SERVICE}/read", "r", "s")),
    ("PUT", "service", "properties"): (service_properties.put, Need(f"{_SERVICE}/write", "w", "s")),
    ("GET", "service", "stats"): (service_properties.stats, Need(f"{_SERVICE}/read", "r", "s")),
    ("GET", "account", "properties"): (
        service_properties.account_information,
        Need(f"{_SERVICE}/getInfo/action", "rwdlac", "s"),
    ),
    ("HEAD", "account", "properties"): (
        service_properties.account_information,
        Need(f"{_SERVICE}/getInfo/action", "rwdlac", "s"),
    ),
    ("POST", "service", "userdelegationkey"): (
        service_properties.user_delegation_key,
        Need(f"{_SERVICE}/generateUserDelegationKey/action", "", "s"),
    ),
}
"""(method, restype, comp) of the account itself."""
CONTAINER: dict[tuple[str, str], tuple[ForContainer, Need]] = {
    ("GET", ""): (containers.properties, Need(f"{_CONTAINERS}/read", "r", "c", "Container")),
    ("HEAD", ""): (containers.properties, Need(f"{_CONTAINERS}/read", "r", "c", "Container")),
    ("GET", "metadata"): (containers.properties, Need(f"{_CONTAINERS}/read", "r", "c", "Container")),
    ("HEAD", "metadata"): (containers.properties, Need(f"{_CONTAINERS}/read", "r", "c", "Container")),
    ("PUT", "metadata"): (containers.set_metadata, Need(f"{_CONTAINERS}/write", "w", "c")),
    ("GET", "acl"): (containers.get_acl, Need(f"{_CONTAINERS}/getAcl/action", "", "c")),
    ("HEAD", "acl"): (containers.get_acl, Need(f"{_CONTAINERS}/getAcl/action", "", "c")),
    ("PUT", "acl"): (containers.set_acl, Need(f"{_CONTAINERS}/setAcl/action", "", "c")),
    ("PUT", "lease"): (containers.lease, Need(f"{_CONTAINERS}/write", "w", "c")),
    ("DELETE", ""): (containers.delete, Need(f"{_CONTAINERS}/delete", "d", "c")),
    ("GET", "list"): (listing.blobs, Need(f"{_BLOBS}/read", "l", "c", "Container")),
}
"""(method, comp) with restype=container."""
_READ, _WRITE = Need(f"{_BLOBS}/read", "r", "o", "Blob"), Need(f"{_BLOBS}/write", "w", "o")
_CREATE, _ADD = Need(f"{_BLOBS}/write", "wc", "o"), Need(f"{_BLOBS}/add/action", "aw", "o")
_TAGS, _MOVE = f"{_BLOBS}/tags", Need(f"{_BLOBS}/immutableStorage/runAsSuperUser/action", "i", "o")
BLOB: dict[tuple[str, str], tuple[ForContainer, Need]] = {
    ("GET", ""): (reading.get, _READ),
    ("HEAD", ""): (reading.properties, _READ),
    ("GET", "metadata"): (reading.properties, _READ),
    ("HEAD", "metadata"): (reading.properties, _READ),
    ("GET", "blocklist"): (reading.block_list, _READ),
    ("GET", "pagelist"): (reading.page_list, _READ),
    ("GET", "tags"): (reading.tags, Need(f"{_TAGS}/read", "t", "o")),
    ("PUT", ""): (writing.put, _CREATE),
    ("PUT", "block"): (writing.put_block, _CREATE),
    ("PUT", "blocklist"): (writing.put_block_list, _CREATE),
    ("PUT", "page"): (writing.put_page, _WRITE),
    ("PUT", "appendblock"): (writing.append, _ADD),
    ("PUT", "metadata"): (changing.set_metadata, _WRITE),
    ("PUT", "properties"): (changing.set_properties, _WRITE),
    ("PUT", "tags"): (changing.set_tags, Need(f"{_TAGS}/write", "t", "o")),
    ("PUT", "tier"): (changing.set_tier, _WRITE),
    ("PUT", "lease"): (changing.lease, _WRITE),
    ("PUT", "snapshot"): (changing.snapshot, _CREATE),
    ("PUT", "undelete"): (changing.undelete, _WRITE),
    ("PUT", "copy"): (copying.abort, _WRITE),
    ("PUT", "expiry"): (changing.expiry, _WRITE),
    ("PUT", "seal"): (changing.seal, _WRITE),
    ("PUT", "legalhold"): (changing.legal_hold, _MOVE),
    ("PUT", "immutabilitypolicies"): (changing.set_immutability, _MOVE),
    ("DELETE", "immutabilitypolicies"): (changing.drop_immutability, _MOVE),
    ("DELETE", ""): (changing.delete, Need(f"{_BLOBS}/delete", "d", "o")),
}
"""(method, comp) of a blob."""
FROM_URL: dict[str, ForContainer] = {
    "": copying.copy,
    "block": copying.block,
    "appendblock": copying.append,
    "page": copying.page,
}
"""What takes its content from x-ms-copy-source, by comp."""
_VERSION_DELETE = Need(f"{_BLOBS}/deleteBlobVersion/action", "x", "o")
_FIND = Need(f"{_BLOBS}/filter/action", "f", "s")


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Answer one request to <account>.blob.core.windows.net."""
    rows.prepare(simulator.store, simulator.clock.now())
    answer = front.handle(simulator, "blob", request, path, query, serve)
    if answer.status in (201, 202):
        blob_events.tell(simulator, request, path, query, answer)
    return answer


def serve(asking: Asking) -> Answer:
    """Find the operation, check that it is allowed, do it."""
    lifecycle.keep_up(asking)
    kind, comp = asking.query.get("restype", "").lower(), asking.query.get("comp", "").lower()
    if comp == "batch":
        from azlabs.simulator.data_planes.blobs import batches

        return batches.serve(asking)
    if not asking.container or (kind in ("service", "account") and asking.container):
        return _service(asking, kind, comp)
    if kind == "container":
        return _container(asking, comp)
    if not asking.name:
        asking.container, asking.name = "$root", asking.container
    return _blob(asking, comp)


def _service(asking: Asking, kind: str, comp: str) -> Answer:
    if comp == "blobs" and asking.method == "GET":
        grants.authorize(asking, _FIND)
        scope = f"{asking.account.key}/blobservices/default"
        found = asking.store.at_scope(scope, "microsoft.storage/storageaccounts/blobservices/containers")
        return listing.find_by_tags(asking, {row.hidden["uid"]: row.name for row in found})
    entry = SERVICE.get((asking.method, kind, comp))
    if entry is None:
        raise _unknown(asking)
    function, need = entry
    grants.authorize(asking, need)
    return function(asking)


def _container(asking: Asking, comp: str) -> Answer:
    if asking.method == "PUT" and comp in ("", "undelete"):
        grants.authorize(asking, Need(f"{_CONTAINERS}/write", "wc", "c"))
        return containers.create(asking) if not comp else containers.undelete(asking)
    if asking.method == "GET" and comp == "blobs":
        grants.authorize(asking, Need(_FIND.action, "f", "c"))
        container = places.need(asking)
        return listing.find_by_tags(asking, {container.uid: container.row.name})
    entry = CONTAINER.get((asking.method, comp))
    if entry is None:
        raise _unknown(asking)
    function, need = entry
    found = places.find(asking)
    grants.authorize(asking, need, found.public if found is not None else "None")
    return function(asking, found if found is not None else places.need(asking))


def _blob(asking: Asking, comp: str) -> Answer:
    entry = BLOB.get((asking.method, comp))
    if entry is None:
        raise _unknown(asking)
    function, need = entry
    if asking.method == "PUT" and comp in FROM_URL and asking.headers.get("x-ms-copy-source"):
        function = FROM_URL[comp]
    if asking.method == "DELETE" and asking.query.get("versionid"):
        need = _VERSION_DELETE
    found = places.find(asking)
    grants.authorize(asking, need, found.public if found is not None else "None")
    container = found if found is not None else places.need(asking)
    if (
        need is _CREATE
        and asking.grant is not None
        and asking.grant.fields
        and "w" not in asking.grant.fields.get("sp", "")
    ):
        _only_create(asking, container)
    where = asking.headers.get("x-ms-if-tags")
    if where:
        blob = rows.find(asking.store, container.uid, asking.name)
        if blob is None or not listing.match_tags(blob.facts.get("tags") or {}, where):
            raise Refused(412, "ConditionNotMet", conditions.NOT_MET)
    return function(asking, container)


def _only_create(asking: Asking, container: Container) -> None:
    """A signature with "create" but not "write" does not overwrite."""
    if rows.find(asking.store, container.uid, asking.name) is not None and asking.query.get("comp") != "snapshot":
        raise grants.mismatch()


def _unknown(asking: Asking) -> Refused:
    comp = asking.query.get("comp", "")
    if comp in ("query", "incrementalcopy", "rename"):
        return not_modelled(f"blob operation {asking.method} comp={comp}")
    if comp:
        return Refused(
            400,
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid.",
            extra={"QueryParameterName": "comp", "QueryParameterValue": comp},
        )
    return Refused(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
