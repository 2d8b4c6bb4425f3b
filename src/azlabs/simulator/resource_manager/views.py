"""Documents as they are read: parts inside their parents, members computed from links, members of newer api-versions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import dumps
from azlabs.simulator.records import Link, Resource
from azlabs.simulator.resource_manager import paths, registry
from azlabs.simulator.resource_manager.resource_type import ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader
    from azlabs.simulator.store import Store

Body = dict[str, Any]


@functools.cache
def plain(kind: ResourceType) -> bool:
    """Is the document shown exactly as it is stored?"""
    return not _has_back_references(kind) and _fixed(kind)


def item_named(items: Any, name: str) -> Body | None:
    """The object of a list with this name, compared without case."""
    wanted = name.lower()
    if isinstance(items, list):
        for item in items:
            if isinstance(item, dict) and str(item.get("name", "")).lower() == wanted:
                return item
    return None


def locate(store: Store, kind: ResourceType, key: str) -> tuple[Resource | None, Body | None]:
    """(stored row, document) of a resource; for a part the row is its owner's and the document its object, or None."""
    if kind.part_of is None:
        row = store.get(key)
        return row, (row.body if row is not None else None)
    parent = registry.find(kind.key.rpartition("/")[0])
    if parent is None:
        return None, None
    above, _, name = key.rpartition("/")
    row, document = locate(store, parent, above.rpartition("/")[0])
    return row, item_named(paths.get(document, kind.part_of), name) if document is not None else None


def known(store: Store, key: str) -> bool:
    """Does a resource or part with this key exist?"""
    if store.exists(key) or find(store, key) is not None:
        return True
    from azlabs.simulator.resource_manager.routes import parse

    kind = registry.find(parse(key).type_key)
    return kind is not None and kind.exists(store, key)


def find(store: Store, key: str) -> Body | None:
    """A fresh copy of the document of any resource or part by key, without knowing its type.

    Parts that no type describes are found in the list of their parent that has their segment's name.
    """
    row = store.get(key)
    if row is not None:
        return row.copy()
    above, _, name = key.rpartition("/")
    above, _, segment = above.rpartition("/")
    if not segment or above.count("/") < 8 or segment == "providers" or "/providers/" not in above:
        return None
    parent = find(store, above)
    if parent is None:
        return None
    return inside(parent, f"{segment}/{name}")


def inside(document: Body, below: str) -> Body | None:
    """The part of a document at "segment/name[/segment/name...]" (lower case) below its id."""
    segment, _, rest = below.partition("/")
    name, _, rest = rest.partition("/")
    properties = document.get("properties")
    for member, items in properties.items() if isinstance(properties, dict) else ():
        if member.lower() == segment:
            found = item_named(items, name)
            if found is not None:
                return inside(found, rest) if rest else found
    return None


def show(reader: Reader, kind: ResourceType, body: Body, row_key: str) -> Body:
    """Turn a fresh copy of a stored document into what a GET answers."""
    if plain(kind):
        return body
    return _show(reader, kind, body, row_key, _links(reader.store, kind, row_key))


def text(reader: Reader, kind: ResourceType, row: Resource) -> str:
    """JSON of a stored resource as a GET answers it; the stored text itself wherever nothing is computed."""
    if plain(kind):
        return row.text
    links = _links(reader.store, kind, row.key)
    if not links and _fixed(kind):
        return row.text
    return dumps(_show(reader, kind, row.copy(), row.key, links))


def _links(store: Store, kind: ResourceType, key: str) -> dict[str, list[Link]]:
    """By target: everything that refers to a resource or to its parts."""
    links: dict[str, list[Link]] = {}
    if _has_back_references(kind):
        for link in store.links_at(key):
            links.setdefault(link.target, []).append(link)
    return links


@functools.cache
def _has_back_references(kind: ResourceType) -> bool:
    return bool(kind.back_references) or any(_has_back_references(part) for part in registry.parts_of(kind.key))


@functools.cache
def _fixed(kind: ResourceType) -> bool:
    """Are links all that the shown document depends on?"""
    own = not kind.members_since and type(kind).shown is ResourceType.shown
    return own and all(_fixed(part) for part in registry.parts_of(kind.key))


def _show(reader: Reader, kind: ResourceType, body: Body, key: str, links: dict[str, list[Link]]) -> Body:
    for part in registry.parts_of(kind.key):
        if plain(part) or part.part_of is None:
            continue
        items = paths.get(body, part.part_of)
        if isinstance(items, list):
            segment = part.key.rpartition("/")[2]
            items[:] = [
                _show(reader, part, item, f"{key}/{segment}/{str(item.get('name', '')).lower()}", links)
                if isinstance(item, dict)
                else item
                for item in items
            ]
    for back in kind.back_references:
        sources = (back.sources,) if isinstance(back.sources, str) else back.sources
        found = [link for link in links.get(key, ()) if link.path in sources]
        if found:
            ids = list(dict.fromkeys(link.holder if back.holder else _owner_id(reader.store, link) for link in found))
            paths.put(body, back.path, {"id": ids[0]} if back.single else [{"id": id} for id in ids])
    for path, version in kind.members_since.items():
        if reader.api_version < version:
            paths.drop(body, path)
    return kind.shown(body, reader)


def _owner_id(store: Store, link: Link) -> str:
    row = store.get(link.source)
    return row.id if row is not None else link.source
