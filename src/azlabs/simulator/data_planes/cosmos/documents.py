"""Requests for single items."""

from __future__ import annotations

from azlabs.simulator.data_planes.cosmos import access, charges, items
from azlabs.simulator.data_planes.cosmos.asking import Asking, answer
from azlabs.simulator.data_planes.cosmos.patch import patch
from azlabs.simulator.data_planes.cosmos.places import Container
from azlabs.simulator.http import Answer


def scope(container: Container) -> str:
    """A container's place in scopes of data roles."""
    return f"/dbs/{container.database}/colls/{container.name}"


def create(asking: Asking, container: Container) -> Answer:
    """POST: a new item, or with x-ms-documentdb-is-upsert one that may be there."""
    upsert = asking.flag("x-ms-documentdb-is-upsert")
    access.require(asking, access.ITEMS + ("upsert" if upsert else "create"), scope(container))
    item = items.check_item(asking.json(), len(asking.body))
    key = items.required_key(asking, container)
    with items.Writing(asking, container) as writing:
        found = items.put(writing, item, key, "upsert" if upsert else "create", match=asking.headers.get("if-match", ""))
    return _shown(asking, found)


def one(asking: Asking, container: Container, id: str) -> Answer:
    """GET, PUT, PATCH or DELETE of one item."""
    return {"GET": _read, "HEAD": _read, "PUT": _replace, "PATCH": _patch, "DELETE": _delete}[asking.method](asking, container, id)


def _read(asking: Asking, container: Container, id: str) -> Answer:
    access.require(asking, access.ITEMS + "read", scope(container))
    key = items.required_key(asking, container)
    _, etag, _, _, text = items.read(asking, container, key, id)
    charge = charges.read(len(text))
    if asking.headers.get("if-none-match") == etag:
        return Answer(304, {"etag": etag, "x-ms-request-charge": f"{charge:g}"})
    return answer(text, 200, charge, etag)


def _replace(asking: Asking, container: Container, id: str) -> Answer:
    access.require(asking, access.ITEMS + "replace", scope(container))
    item = items.check_item(asking.json(), len(asking.body))
    key = items.required_key(asking, container)
    with items.Writing(asking, container) as writing:
        found = items.put(writing, item, key, "replace", id, asking.headers.get("if-match", ""))
    return _shown(asking, found)


def _patch(asking: Asking, container: Container, id: str) -> Answer:
    access.require(asking, access.ITEMS + "replace", scope(container))
    key = items.required_key(asking, container)
    body = asking.json()
    with items.Writing(asking, container) as writing:
        found = patch(writing, key, id, body, asking.headers.get("if-match", ""))
    return _shown(asking, found)


def _delete(asking: Asking, container: Container, id: str) -> Answer:
    access.require(asking, access.ITEMS + "delete", scope(container))
    key = items.required_key(asking, container)
    with items.Writing(asking, container) as writing:
        found = items.delete(writing, key, id, asking.headers.get("if-match", ""))
    return _shown(asking, found)


def delete_partition(asking: Asking, container: Container) -> Answer:
    """All items of a partition key."""
    access.require(asking, access.ITEMS + "delete", scope(container))
    key = items.required_key(asking, container)
    select = "SELECT id FROM cosmos_items WHERE container=? AND pk=?"
    with items.Writing(asking, container) as writing:
        for (id,) in asking.simulator.store.sql.execute(select, (container.rid, key)).fetchall():
            items.delete(writing, key, id)
    return answer("", 200, 10.0)


def _shown(asking: Asking, found: items.Outcome) -> Answer:
    """The item, unless the client prefers less."""
    text = "" if asking.headers.get("prefer", "").lower() == "return=minimal" else found.text
    return answer(text, found.status, found.charge, found.etag, lsn=str(found.lsn))


