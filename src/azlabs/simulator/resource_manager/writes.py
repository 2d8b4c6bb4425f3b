"""PUT and PATCH of one resource: build the document, pass the gates, store it, announce it."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager import (
    documents,
    identities,
    locations,
    operations,
    paths,
    quotas,
    reads,
    tags,
    views,
)
from azlabs.simulator.resource_manager.calls import Call, Write
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

Body = dict[str, Any]
_NAMES: dict[str, re.Pattern[str]] = {}


def put(call: Call, kind: ResourceType) -> Answer:
    """Create or replace. Inside a transaction."""
    if kind.part_of is not None:
        return _put_part(call, kind, patch=False)
    call.manager.require_group(call)
    row = call.store.get(call.key)
    if row is not None and row.pending is not None:
        row = _without_delete(call, row)
    check_preconditions(call, row)
    if row is None:
        check_name(kind, call.name)
        if len(call.route.types) > 1:
            reads.missing_above(call, kind)
        elif call.route.group and "/providers/" in call.route.scope:
            reads.require_scope(call)
        if kind.soft_delete_days:
            for deleted in call.store.buried(kind.key, call.now, call.name):
                kind.buried(call, deleted)
            row = call.store.get(call.key)
    return _store(call, kind, row, dict(call.json()), kind.creates if row is None else kind.updates)


def _without_delete(call: Call, row: Resource) -> Resource | None:
    """The row once a delete of it that was accepted earlier is done."""
    operation = operations.load(call, row.pending or "")
    if operation is None or operation.data.get("work") != "delete":
        return row
    operations.hurry(call, operation)
    return call.store.get(row.key)


def patch(call: Call, kind: ResourceType) -> Answer:
    """Change tags or members of what exists. Inside a transaction."""
    if kind.patch == "none":
        raise method_not_allowed(call)
    if kind.part_of is not None:
        return _put_part(call, kind, patch=True)
    call.manager.require_group(call)
    row = call.store.get(call.key)
    if row is None:
        reads.missing_above(call, kind)
        raise reads.not_found(call, kind)
    check_preconditions(call, row)
    return _store(call, kind, row, _patched(kind, row.copy(), call.json()), kind.patched)


def _patched(kind: ResourceType, body: Body, request: Body) -> Body:
    if kind.patch == "tags":
        request = {name: value for name, value in request.items() if name == "tags"}
    tags_given = request.get("tags")
    paths.merge_patch(body, {name: value for name, value in request.items() if name != "tags"})
    if "tags" in request:
        body["tags"] = tags_given if tags_given is not None else {}
    return body


def check_name(kind: ResourceType, name: str) -> None:
    """Refuse names that break the type's rule."""
    pattern = _NAMES.get(kind.key)
    if pattern is None:
        pattern = _NAMES[kind.key] = re.compile(kind.name_rule.pattern)
    if pattern.fullmatch(name) is None:
        raise Refused(400, kind.name_rule.code, kind.name_rule.message.replace("{name}", name), target=None)


def check_preconditions(call: Call, row: Resource | None) -> None:
    """If-Match and If-None-Match against the stored etag: 412 PreconditionFailed."""
    headers = call.headers
    if "if-match" not in headers and "if-none-match" not in headers:
        return
    wanted, unwanted = headers.get("if-match"), headers.get("if-none-match")
    etag = row.etag if row is not None else None
    if (wanted is not None and wanted != "" and not _matches(wanted, etag)) or (unwanted and _matches(unwanted, etag)):
        raise Refused(
            412, "PreconditionFailed",
            f"The condition '{wanted or unwanted}' set in the request's {'If-Match' if wanted else 'If-None-Match'} header was not met "
            f"by the current state of resource '{call.path()}'.",
        )  # fmt: skip


def _matches(header: str, etag: str | None) -> bool:
    if etag is None:
        return False
    if header.strip() == "*":
        return True
    return any(part.strip().removeprefix("W/").strip('"') == etag for part in header.split(","))


def canonical_id(call: Call, kind: ResourceType) -> str:
    """The id with the spelling that Azure would show: group and parent as they were created, types as documented."""
    route = call.route
    if call.parent_id:
        return f"{call.parent_id}/{kind.type.rpartition('/')[2]}/{call.name}"
    return f"{call.scope_id}/providers/{kind.type}/{route.names[-1]}"


def _store(call: Call, kind: ResourceType, row: Resource | None, request: Body, announce: Announce) -> Answer:
    write = prepare(call, kind, row, request)
    documents.complete(write)
    return commit(write, announce)


def prepare(call: Call, kind: ResourceType, row: Resource | None, request: Body) -> Write:
    """The write as the gates and the type see it: managed members out, location and tags in order, defaults merged."""
    call.resolve_scope()
    id = row.id if row is not None else kind.canonical_id(call) or canonical_id(call, kind)
    body = documents.cleaned(kind, request, call)
    write = Write(call, kind, id, id.rpartition("/")[2], body, row.body if row is not None else None)
    write.request, write.resource = request, row
    if row is not None:
        write.hidden = row.hidden
    if kind.located:
        locations.settle(write)
    tags.check(write)
    call.manager.gates.check("write", call.principal, write)
    return write


def commit(write: Write, announce: Announce) -> Answer:
    """Store a completed write and answer it."""
    call, kind, body = write.call, write.kind, write.body
    if kind.quotas:
        quotas.check(write)
    row = write.resource
    if "identity" in kind.members:
        identities.settle(write)
    etag = str(uuid.uuid4()) if kind.etag else format(call.manager.next_etag(), "x")
    if kind.counted_etag:
        etag = str(int(row.etag) + 1 if row is not None else 1)
        body["etag"] = f'"{etag}"'
    documents.set_managed(write, etag)
    location = str(body.get("location") or "")
    if row is None:
        row = Resource(
            0, write.key, write.id, kind.key, call.scope_key, call.route.subscription, location, etag, write.api_version,
            write.now, write.now, None, None, None,
        )  # fmt: skip
        insert = True
    else:
        insert = False
    row.body, row.etag, row.api_version, row.changed, row.location = body, etag, write.api_version, write.now, location
    row.hidden_text = dumps(write.hidden) if write.hidden else None
    row.pending = write.pending
    store = write.store
    if insert:
        store.insert(row)
    else:
        store.update(row)
    new_tags, old_tags = body.get("tags"), (write.before or {}).get("tags")
    if new_tags or old_tags:
        store.set_tags(row.key, new_tags, new=insert)
    if write.links or not insert:
        store.set_links(row.key, write.links)
    write.resource = row
    kind.written(write)
    call.manager.gates.touched(kind.key)
    announce = kind.announced(write, announce)
    headers = _announce(call, kind, row, announce)
    if announce.body is not True:
        return (
            json_answer(announce.body, announce.status, headers) if announce.body else Answer(announce.status, headers)
        )
    if announce.state is None and announce.parts_state is None and views.plain(kind):
        return json_answer(row.text, announce.status, headers)
    shown = views.show(call, kind, row.copy(), row.key)
    documents.set_states(kind, shown, announce.state, announce.parts_state)
    if announce.state is not None:
        kind.accepted(write, shown)
    return json_answer(shown, announce.status, headers)


def _announce(call: Call, kind: ResourceType, row: Resource, announce: Announce) -> dict[str, str]:
    headers = reads.etag_header(kind, row) or {}
    if announce.state is not None and not announce.headers:
        headers["retry-after-ms"] = "1"  # clients poll the resource itself
    if announce.headers:
        id, data = "", {}
        if call.manager.latency(kind.type, call.method) and row.pending is None:
            id = row.pending = str(uuid.uuid4())
            data = {"state": announce.state}
            call.store.update(row)
        headers.update(operations.start(call, kind, call.key, announce, location=row.location, data=data, id=id))
    return headers


def _put_part(call: Call, kind: ResourceType, *, patch: bool) -> Answer:
    """A write of a part: a write of the document it lives in, answered with the part."""
    owner_call, chain = call.manager.owner_of(call, kind)
    owner = chain[0][0]
    row = call.store.get(owner_call.key)
    if row is None:
        call.manager.require_group(call)
        raise reads.parent_missing(call, kind)
    document = row.copy()
    holder = document
    for part, name in chain[1:-1]:
        found = views.item_named(paths.get(holder, part.part_of or ""), name)
        if found is None:
            raise reads.parent_missing(call, kind)
        holder = found
    path = kind.part_of or ""
    items = paths.get(holder, path)
    if not isinstance(items, list):
        items = []
        paths.put(holder, path, items)
    existing = views.item_named(items, call.name)
    check_preconditions(call, row if existing is not None else None)
    if existing is None:
        if patch:
            raise reads.not_found(call, kind)
        check_name(kind, call.name)
    request = dict(call.json())
    changed = _patched(kind, dict(paths.fresh(existing)), request) if patch and existing is not None else dict(request)
    changed["name"] = existing["name"] if existing is not None else call.name
    if existing is None:
        items.append(changed)
    else:
        items[items.index(existing)] = changed
    write = _owner_write(call, owner_call, owner, row, document, (kind, str(changed["name"])))
    part_write = write.part
    if part_write is None:
        raise reads.not_found(call, kind)
    commit(write, owner.updates_silently)
    announce = kind.announced(part_write, kind.patched if patch else kind.creates if existing is None else kind.updates)
    fresh_row, stored = views.locate(call.store, kind, call.key)
    if fresh_row is None or stored is None:
        raise reads.not_found(call, kind)
    shown = reads.shown(call, kind, fresh_row, stored)
    headers = reads.etag_header(kind, fresh_row) or {}
    if announce.headers:
        headers.update(operations.start(call, kind, call.key, announce, location=fresh_row.location))
    if announce.body is not True:
        return (
            json_answer(announce.body, announce.status, headers) if announce.body else Answer(announce.status, headers)
        )
    documents.set_states(kind, shown, announce.state, announce.parts_state)
    return json_answer(shown, announce.status, headers)


def _owner_write(
    call: Call, owner_call: Call, owner: ResourceType, row: Resource, document: Body, focus: tuple[ResourceType, str]
) -> Write:
    """The write of a parent document whose part changed. The gates judge the part's request, as Azure does."""
    owner_call.resolve_scope()
    write = Write(owner_call, owner, row.id, row.name, document, row.body)
    write.request, write.resource, write.hidden, write.focus = document, row, row.hidden, (focus[0], call.key)
    documents.complete(write)
    if write.part is not None:
        write.part.call = call
        call.manager.gates.check("write", call.principal, write.part)
    return write


def delete_part(call: Call, kind: ResourceType) -> bool:
    """Take a part out of its document; False when it is not there. Inside a transaction."""
    owner_call, chain = call.manager.owner_of(call, kind)
    owner = chain[0][0]
    row = call.store.get(owner_call.key)
    if row is None:
        return False
    document = row.copy()
    holder: Any = document
    for part, name in chain[1:-1]:
        holder = views.item_named(paths.get(holder, part.part_of or ""), name)
        if holder is None:
            return False
    items = paths.get(holder, kind.part_of or "")
    found = views.item_named(items, call.name)
    if found is None:
        return False
    check_preconditions(call, row)
    part_write = Write(call, kind, str(found.get("id", call.path())), call.name, found, found)
    part_write.parent_body, part_write.resource = document, row
    call.manager.gates.check("delete", call.principal, part_write)
    documents.check_not_in_use(part_write)
    kind.deleting(part_write)
    items.remove(found)
    owner_call.resolve_scope()
    write = Write(owner_call, owner, row.id, row.name, document, row.body)
    write.request, write.resource, write.hidden, write.removed = document, row, row.hidden, call.key
    documents.complete(write)
    commit(write, owner.updates_silently)
    return True


def method_not_allowed(call: Call) -> Refused:
    """405 in ARM's words."""
    return Refused(405, "HttpMethodNotAllowed", f"The requested resource does not support http method '{call.method}'.")


def system_data(write: Write) -> Body:
    """createdBy and lastModifiedBy, for types that show them."""
    kind = "User" if write.principal.kind == "User" else "Application"
    by = (
        write.principal.name
        if kind == "User" and write.principal.name
        else write.principal.app_id or write.principal.object_id
    )
    created = (write.before or {}).get("systemData") or {
        "createdBy": by,
        "createdByType": kind,
        "createdAt": stamp(write.now),
    }
    return {
        "createdBy": created.get("createdBy", by), "createdByType": created.get("createdByType", kind),
        "createdAt": created.get("createdAt", stamp(write.now)),
        "lastModifiedBy": by, "lastModifiedByType": kind, "lastModifiedAt": stamp(write.now),
    }  # fmt: skip
