"""Moving resources between groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer
from azlabs.simulator.resource_manager import operations, registry
from azlabs.simulator.resource_manager.calls import Write
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

GROUPS = "microsoft.resources/resourcegroups"
_GROUP = re.compile(r"/subscriptions/([^/]+)/resourcegroups/([^/]+)/?", re.I)
ACCEPTED = Announce(202, headers=("location",), retry_after=15, body=False)


def _plan(call: Call) -> tuple[list[Resource], Resource]:
    """The rows to move and the group they go to. Raises what Azure refuses before it starts."""
    call.manager.require_group(call)
    body = call.json()
    ids, target = body.get("resources"), body.get("targetResourceGroup")
    if not isinstance(ids, list) or not ids or not all(isinstance(id, str) for id in ids):
        raise Refused(
            400,
            "InvalidMoveResourcesRequest",
            "The request to move resources has no list of resource ids in 'resources'.",
        )
    if not isinstance(target, str) or _GROUP.fullmatch(target) is None:
        raise Refused(
            400, "InvalidTargetResourceGroup", f"The target resource group '{target}' is no resource group id."
        )
    destination = call.store.get(target.rstrip("/").lower())
    if destination is None:
        raise Refused(
            404,
            "ResourceGroupNotFound",
            f"Resource group '{target.rstrip('/').rpartition('/')[2]}' could not be found.",
        )
    source = f"/subscriptions/{call.route.subscription}/resourcegroups/{call.route.group}"
    if destination.key == source:
        raise Refused(
            400, "ResourceMoveProviderValidationFailed", "The source and the target resource group are the same."
        )
    rows = []
    for id in ids:
        key = id.rstrip("/").lower()
        row = call.store.get(key)
        if not key.startswith(source + "/"):
            raise Refused(
                400,
                "ResourcesNotInSameResourceGroup",
                f"The resource '{id}' is not in resource group '{call.group_name()}'.",
            )
        if row is None:
            raise Refused(404, "ResourceNotFound", f"The Resource '{id}' was not found.")
        if row.key.count("/") > 8:
            raise Refused(
                400, "InvalidMoveResourcesRequest", f"The resource '{id}' is a child and moves with its parent."
            )
        moved = destination.key + row.key[len(source) :]
        if call.store.exists(moved):
            raise Refused(409, "ResourceMoveConflict", f"The target resource group has a resource '{moved}' already.")
        rows.append(row)
    return rows, destination


def _gates(call: Call, rows: list[Resource]) -> None:
    """Locks on what moves, and on both groups, refuse the move."""
    for row in rows:
        kind = registry.find(row.type)
        if kind is not None:
            write = Write(call, kind, row.id, row.name, row.copy(), row.body)
            write.resource = row
            call.manager.gates.check("delete", call.principal, write)


def validate_move(call: Call) -> Answer:
    """Would the move be accepted? The Location answers 204."""
    with call.store.writing():
        rows, _destination = _plan(call)
        _gates(call, rows)
        return _accepted(call)


def move(call: Call) -> Answer:
    """Move; ids change, references to what moved follow."""
    with call.store.writing():
        rows, destination = _plan(call)
        _gates(call, rows)
        source = f"/subscriptions/{call.route.subscription}/resourcegroups/{call.route.group}"
        for key in [row.key for row in rows]:
            row = call.store.get(key)
            if row is not None:
                _rename(call, row, source, destination)
        call.manager.gates.forget()
        return _accepted(call)


def _accepted(call: Call) -> Answer:
    kind = registry.TYPES[GROUPS]
    headers = operations.start(call, kind, call.route.scope.lower(), ACCEPTED, method="POST", data={"empty": 204})
    return Answer(202, headers)


def _rename(call: Call, row: Resource, source: str, destination: Resource) -> None:
    """Give a resource, all below it and every mention of it the new id."""
    store, old = call.store, row.key
    new = destination.key + old[len(source) :]
    spelled = destination.id + row.id[len(source) :]
    pattern = re.compile(re.escape(f'"{row.id}') + r'(?=["/])', re.I)
    replacement = f'"{spelled}'
    affected = {item.key: item for item in [row, *store.below(old)]}
    mentions = {link.source for link in store.links_into(old)} - affected.keys()
    for key in [*affected, *sorted(mentions)]:
        item = affected.get(key) or store.get(key)
        if item is None:
            continue
        text = pattern.sub(lambda _match: replacement, item.text)
        moved_key = new + key[len(old) :] if key in affected else key
        id = spelled + item.id[len(row.id) :] if key in affected else item.id
        scope = item.scope
        if key == old:
            scope = destination.key
        elif key in affected:
            scope = new + scope[len(old) :] if scope.startswith(old) else scope
        store.sql.execute(
            "UPDATE resources SET key=?, id=?, scope=?, body=?, changed=? WHERE key=?",
            (moved_key, id, scope, text, call.now, key),
        )
    for table, column in (("links", "source"), ("links", "target"), ("tags", "key")):
        store.sql.execute(
            f"UPDATE {table} SET {column}=?||substr({column},?) WHERE {column}=? OR ({column}>? AND {column}<?)",
            (new, len(old) + 1, old, old + "/", old + "0"),
        )
    store.sql.execute(
        "UPDATE links SET holder=?||substr(holder,?) WHERE lower(holder)=? OR (lower(holder)>? AND lower(holder)<?)",
        (spelled, len(row.id) + 1, old, old + "/", old + "0"),
    )
    store.changes += 1


_GROUP_PATH = "/subscriptions/{subscription}/resourceGroups/{group}"
ENDPOINTS = [
    Endpoint("POST", _GROUP_PATH + "/moveResources", move),
    Endpoint("POST", _GROUP_PATH + "/validateMoveResources", validate_move),
]
