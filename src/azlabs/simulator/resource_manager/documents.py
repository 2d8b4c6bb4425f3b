"""Building the document of a write: managed members, shape, parts, references, provisioning state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.resource_manager import kinds, paths, registry, views
from azlabs.simulator.resource_manager.calls import Call, Write
from azlabs.simulator.resource_manager.errors import Refused, reading

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.resource_type import Reference, ResourceType

Body = dict[str, Any]
MANAGED = ("id", "name", "type", "etag", "systemData")
COMMON = frozenset(
    {"location", "tags", "properties", *MANAGED, "apiVersion", "scale", "resources", "scope", "dependsOn", "comments"}
)


def cleaned(kind: ResourceType, request: Body, call: Call) -> Body:
    """The request without managed members, nulls and what the type computes itself. 400 for unknown members."""
    raw = call.raw
    body: Body = paths.without_nulls(request) if raw is None or b"null" in raw else request
    if body is request:
        body = dict(request)
    for name in MANAGED:
        body.pop(name, None)
    allowed = kind.members
    for name in list(body):
        if name not in COMMON and name not in allowed:
            spelled = next(
                (word for word in allowed | {"location", "tags", "properties"} if word.lower() == name.lower()), None
            )
            if spelled is None:
                raise Refused(
                    400, "InvalidRequestContent",
                    f"The request content was invalid and could not be deserialized: 'Could not find member '{name}' on object of type "
                    "'ResourceDefinition'. Path '" + name + "'.'.",
                )  # fmt: skip
            body[spelled] = body.pop(name)
    properties = body.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise Refused(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: 'properties' is not an object.",
        )
    if properties is not None:
        body["properties"] = dict(properties)
    return body


def complete(write: Write) -> None:
    """Fill, check and link a document with all its parts. `write.part` is the part in `write.focus`, if any."""
    with reading(write.kind.type):
        _complete(write)


def _complete(write: Write) -> None:
    everything = [write]
    shape(write)
    if write.focus is None and write.removed is None:
        write.kind.fill(write)
    _parts(write, write, everything)
    set_identity(write)
    for one in everything:
        if one is write or write.focus is None or one is write.part:
            one.kind.validate(one)
    write.links = [link for one in everything for link in references(one, write)]


def shape(write: Write) -> None:
    """Read-only members, secrets, defaults, required members and closed choices."""
    kind, body, before = write.kind, write.body, write.before
    kinds.check(kind, write.name, body)
    for path in kind.read_only:
        paths.drop(body, path)
        if before is not None and "[*]" not in path:
            kept = paths.get(before, path)
            if kept is not None:
                paths.put(body, path, paths.fresh(kept))
    for path in kind.secret:
        value = paths.get(body, path)
        if value is not None:
            paths.put(write.hidden, path, value)
            paths.drop(body, path)
    if kind.state is not None:
        paths.drop(body, kind.state)
    if kind.defaults:
        _merge_defaults(write, body, kind.defaults)
    if kind.guid is not None:
        paths.put(body, kind.guid, write.old(kind.guid) or write.guid())
    for path in kind.required:
        if paths.get(body, path) is None:
            code, message = kind.required_code
            raise Refused(400, code, _words(message, write, path=path))
    for path, words in kind.choices.items():
        for value, holder, member in list(paths.each(body, path)):
            if holder is None:
                continue
            spelled = next((word for word in words if isinstance(value, str) and word.lower() == value.lower()), None)
            if spelled is None:
                code, message = kind.choices_code
                raise Refused(400, code, _words(message, write, path=path, value=value, allowed=", ".join(words)))
            holder[member] = spelled


def _words(message: str, write: Write, **more: Any) -> str:
    for word, value in {"name": write.name, "id": write.id, **more}.items():
        message = message.replace("{" + word + "}", str(value))
    return message


def _merge_defaults(write: Write, body: Body, defaults: Any) -> None:
    for name, value in defaults.items():
        if isinstance(value, dict):
            present = body.get(name)
            if present is None:
                present = body[name] = {}
            if isinstance(present, dict):
                _merge_defaults(write, present, value)
        elif body.get(name) is None:
            body[name] = value(write) if callable(value) else paths.fresh(value)


def _parts(write: Write, top: Write, everything: list[Write]) -> None:
    """Complete every part inside a document, depth first."""
    for part in registry.parts_of(write.kind.key):
        path = part.part_of or ""
        items = paths.get(write.body, path)
        if items is None:
            continue
        if not isinstance(items, list):
            raise Refused(400, "InvalidRequestFormat", f"Cannot parse the request: '{path}' is not a list.")
        segment = part.type.rpartition("/")[2]
        old_items = paths.get(write.before, path) if write.before is not None else None
        seen: set[str] = set()
        for index, item in enumerate(items):
            name = _named(item) if isinstance(item, dict) else None
            if not isinstance(name, str) or not name:
                raise Refused(
                    400, "InvalidRequestFormat", f"Cannot parse the request: item {index} of '{path}' has no name."
                )
            if name.lower() in seen:
                raise Refused(
                    400,
                    "InvalidRequestFormat",
                    f"Cannot parse the request: '{path}' has two items with the name '{name}'.",
                )
            seen.add(name.lower())
            id = f"{write.id}/{segment}/{name}"
            before = views.item_named(old_items, name)
            inner = Write(top.call, part, id, name, item, before)
            inner.parent_body, inner.resource, inner.hidden = write.body, top.resource, top.hidden
            focused = top.focus is not None and top.focus[0] is part and top.focus[1] == inner.key
            if focused:
                top.part = inner
            everything.append(inner)
            if focused or (top.focus is None and top.removed is None) or before is None:
                for managed in ("id", "type", "etag"):
                    item.pop(managed, None)
                inner.request = item
                shape(inner)
                part.fill(inner)
            _parts(inner, top, everything)
            set_identity(inner)


def _named(item: Body) -> Any:
    """The name of a part; members of parts may be spelled in any case."""
    if "name" not in item:
        for member in list(item):
            if member != member.lower() and member.lower() in ("name", "properties", "id"):
                item[member.lower()] = item.pop(member)
    return item.get("name")


def set_identity(write: Write) -> None:
    """id, name, type and the final provisioning state, where Azure shows them."""
    body, kind = write.body, write.kind
    body["name"], body["id"] = write.name, write.id
    if kind.shows_type:
        body["type"] = kind.type
    if kind.state is not None:
        paths.put(body, kind.state, "Succeeded")


def set_managed(write: Write, etag: str) -> None:
    """Members that change with every write: etags of the document and its parts, systemData."""
    if write.kind.etag:
        _set_etags(write.kind, write.body, f'W/"{etag}"')
    if write.kind.system_data:
        from azlabs.simulator.resource_manager.writes import system_data

        write.body["systemData"] = system_data(write)


def _set_etags(kind: ResourceType, body: Body, etag: str) -> None:
    if kind.etag:
        body["etag"] = etag
    for part in registry.parts_of(kind.key):
        items = paths.get(body, part.part_of or "")
        if isinstance(items, list):
            for item in items:
                if isinstance(item, dict):
                    _set_etags(part, item, etag)


def set_states(kind: ResourceType, body: Body, state: str | None, parts_state: str | None) -> None:
    """Put the provisioning state of a first answer into a shown document."""
    if state is not None and kind.state is not None and kind.state_follows:
        paths.put(body, kind.state, state)
    if parts_state is None:
        return
    for part in registry.parts_of(kind.key):
        items = paths.get(body, part.part_of or "")
        if isinstance(items, list):
            for item in items:
                if isinstance(item, dict):
                    set_states(part, item, parts_state, parts_state)


def references(write: Write, top: Write) -> list[tuple[str, str, str]]:
    """Check what a document refers to; the links to keep: (holder id, path, target key)."""
    links = []
    for reference in write.kind.references:
        for value, holder in paths.with_holders(write.body, reference.path, write.id):
            id = value.get("id") if isinstance(value, dict) else value
            if id is None:
                continue
            if not isinstance(id, str) or not id.startswith("/"):
                raise Refused(
                    400, "LinkedInvalidPropertyId",
                    f"Property id '{id}' at path '{reference.path}' is invalid. Expect fully qualified resource Id that start with "
                    "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
                )  # fmt: skip
            key = id.rstrip("/").lower()
            if reference.must_exist and not _target_exists(write, top, key):
                raise _missing_target(write, reference, id)
            _check_type(write, reference, key, id)
            if reference.link:
                links.append((holder, reference.path, key))
    return links


def _check_type(write: Write, reference: Reference, key: str, id: str) -> None:
    allowed = (reference.type,) if isinstance(reference.type, str) else reference.type
    if not allowed:
        return
    from azlabs.simulator.resource_manager.routes import parse

    found = parse(key).type_key
    if found not in [word.lower() for word in allowed]:
        raise Refused(
            400,
            reference.code,
            f"Resource {id} referenced by resource {write.id} is not of type {' or '.join(allowed)}.",
        )


def _target_exists(write: Write, top: Write, key: str) -> bool:
    if key.startswith(top.key + "/"):
        return views.inside(top.body, key[len(top.key) + 1 :]) is not None
    return views.known(write.store, key)


def _missing_target(write: Write, reference: Reference, id: str) -> Refused:
    message = _words(
        reference.message.replace("{id}", id).replace("{source}", write.id).replace("{name}", id.rpartition("/")[2]),
        write,
    )
    return Refused(reference.status, reference.code, message, details=[])


def check_not_in_use(write: Write, outside: str = "") -> None:
    """Refuse to delete what others refer to; with `outside`, only those that are not below that key count."""
    kind = write.kind
    owner = write.resource.key if write.resource is not None else write.key
    for link in write.store.links_into(write.key):
        if (link.source == owner and kind.part_of is None) or (outside and link.source.startswith(outside + "/")):
            continue
        rule = kind.in_use or _part_rule(kind, link.target)
        if rule is None or _gone(write.call, link.source):
            continue
        name = link.target.rpartition("/")[2] if link.target != write.key else write.name
        used = write.id if link.target == write.key else _spelled(write, link.target)
        raise Refused(
            rule.status,
            rule.code,
            rule.message.replace("{name}", name).replace("{id}", used).replace("{user}", link.holder),
            details=[],
        )


def _gone(call: Call, key: str) -> bool:
    """Is a resource deleted by now, whose delete was accepted before?"""
    row = call.store.get(key)
    if row is None or row.pending is None:
        return False
    from azlabs.simulator.resource_manager import operations

    operations.settle(call)
    return call.store.get(key) is None


def _part_rule(kind: ResourceType, target: str) -> Any:
    from azlabs.simulator.resource_manager.routes import parse

    part = registry.find(parse(target).type_key)
    return part.in_use if part is not None and part is not kind else None


def _spelled(write: Write, key: str) -> str:
    document = views.find(write.store, key)
    return str(document.get("id", key)) if document is not None else key
