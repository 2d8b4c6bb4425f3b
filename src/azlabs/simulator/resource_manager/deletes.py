"""DELETE of one resource and of a whole resource group."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.records import Deleted, Resource
from azlabs.simulator.resource_manager import documents, identities, operations, reads, registry, writes
from azlabs.simulator.resource_manager.calls import Call, Write

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.resource_type import ResourceType

DAY = 86400.0


def delete(call: Call, kind: ResourceType) -> Answer:
    """Delete what the call names; `missing_delete` (204) when it is not there. Inside a transaction."""
    call.manager.require_group(call)
    if kind.part_of is not None:
        owner_call, _chain = call.manager.owner_of(call, kind)
        row = call.store.get(owner_call.key)
        if row is None:
            return Answer(kind.missing_delete)
        done = writes.delete_part(call, kind)
        return _announced(call, kind, row.location) if done else Answer(kind.missing_delete)
    row = call.store.get(call.key)
    if row is None:
        writes.check_preconditions(call, None)
        if kind.missing_delete == 404:
            raise reads.not_found(call, kind)
        return Answer(kind.missing_delete)
    writes.check_preconditions(call, row)
    write = Write(call, kind, row.id, row.name, row.copy(), row.body)
    write.resource, write.hidden = row, row.hidden
    call.manager.gates.check("delete", call.principal, write)
    documents.check_not_in_use(write)
    kind.deleting(write)
    if kind.deletes.headers and (kind.deletes.lingers or call.manager.latency(kind.type, "DELETE")):
        return _later(call, kind, row)
    remove(call, row, kind)
    if kind.deletes.body is True:
        return json_answer(reads.shown(call, kind, row, row.body), kind.deletes.status)
    return _announced(call, kind, row.location)


def _later(call: Call, kind: ResourceType, row: Resource) -> Answer:
    """A delete that takes its time: the resource is shown as being deleted until the operation is over."""
    row.pending = str(uuid.uuid4())
    call.store.update(row)
    data = {"work": "delete", "state": "Deleting"}
    headers = operations.start(call, kind, call.key, kind.deletes, location=row.location, data=data, id=row.pending)
    return Answer(kind.deletes.status, headers)


def put_off(call: Call, key: str) -> None:
    """Do a delete whose time has come."""
    row = call.store.get(key)
    kind = registry.find(row.type) if row is not None else None
    if row is not None and kind is not None:
        remove(call, row, kind)


def remove(call: Call, row: Resource, kind: ResourceType) -> None:
    """Take a resource and all below it out of the store; soft-deletable types are remembered."""
    store = call.store
    for key, type_key in store.keys_below(row.key):
        inner = registry.find(type_key)
        if inner is not None and (inner.soft_delete_days or "identity" in inner.members or inner.outlived):
            below = store.get(key)
            if below is not None:
                _gone(call, below, inner)
        call.manager.gates.touched(type_key)
    _gone(call, row, kind)
    store.delete(row.key)
    call.manager.gates.touched(kind.key)


def _gone(call: Call, row: Resource, kind: ResourceType) -> None:
    """What follows when a resource goes, by its own delete or with its group."""
    if "identity" in kind.members:
        identities.removed(call.store, row)
    if kind.outlived:
        kind.gone(call, row)
    if kind.soft_delete_days:
        bury(call, row, kind)


def bury(call: Call, row: Resource, kind: ResourceType) -> None:
    """Keep a deleted resource recoverable for as long as its type says."""
    call.store.bury(row, call.now, call.now + kind.kept_days(row) * DAY)


def recover(call: Call, deleted: Deleted) -> Resource:
    """Bring a soft-deleted resource back as it was; its row. Inside a transaction."""
    body = json.loads(deleted.text)
    id = str(body["id"])
    parent = id.rpartition("/")[0].rpartition("/")[0]
    scope = parent if parent.rpartition("/providers/")[2].count("/") else parent.rpartition("/providers/")[0]
    row = Resource(
        0, deleted.key, id, deleted.type, scope.lower(), call.route.subscription, deleted.location, str(uuid.uuid4()),
        call.api_version, call.now, call.now, None, deleted.text, deleted.hidden_text,
    )  # fmt: skip
    call.store.insert(row)
    call.store.set_tags(row.key, body.get("tags"))
    call.store.purge(deleted.key)
    call.manager.gates.touched(deleted.type)
    return row


def _announced(call: Call, kind: ResourceType, location: str) -> Answer:
    announce = kind.deletes
    headers: dict[str, str] = {}
    if announce.headers:
        headers = operations.start(call, kind, call.key, announce, location=location)
    if isinstance(announce.body, str):
        text = announce.body.replace("{id}", call.path()).replace("{name}", call.name)
        return json_answer(text, announce.status, headers)
    return Answer(announce.status, headers)
