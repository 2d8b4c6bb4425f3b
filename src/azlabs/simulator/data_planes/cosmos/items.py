"""Items: create, read, replace, upsert, delete, with their checks; every write is one transaction."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from azlabs.simulator.data_planes.cosmos import charges, rows
from azlabs.simulator.data_planes.cosmos.asking import Asking
from azlabs.simulator.data_planes.cosmos.errors import bad, conflict, not_found, stale, too_large
from azlabs.simulator.data_planes.cosmos.partition import WRONG, look_up, of_header, of_item
from azlabs.simulator.data_planes.cosmos.places import Container
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED, canonical
from azlabs.simulator.http import dumps

LARGEST = 2 * 1024 * 1024
LONGEST_ID = 1023
SYSTEM = ("_rid", "_self", "_etag", "_attachments", "_ts", "_lsn")
_SELECT = "SELECT number, etag, ts, ttl, body FROM cosmos_items WHERE container=? AND pk=? AND id=?"


@dataclass(slots=True)
class Outcome:
    """What one operation answers. `text`: the item's JSON."""

    status: int
    text: str = ""
    etag: str = ""
    charge: float = 1.0
    lsn: int = 0


@dataclass(slots=True)
class Writing:
    """A transaction over one container: `with Writing(asking, container) as writing`. Caches follow when it is committed."""

    asking: Asking
    container: Container
    before: str = ""
    after: str = ""
    lsn: int = 0
    changes: list[tuple[int, str, dict[str, Any] | None]] = field(default_factory=list)
    inner: Any = None

    def __enter__(self) -> Writing:
        store = self.asking.simulator.store
        self.inner = store.writing()
        self.inner.__enter__()
        self.lsn, self.before = rows.state(store, self.container.rid)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: Any) -> None:
        store = self.asking.simulator.store
        if kind is None and self.changes:
            self.after = secrets.token_hex(8)
            store.sql.execute("UPDATE cosmos_containers SET lsn=?, stamp=? WHERE rid=?", (self.lsn, self.after, self.container.rid))
        with store.lock:
            self.inner.__exit__(kind, value, trace)
            cache = self.asking.plane.caches.get(self.container.rid)
            if kind is None and self.changes and cache is not None:
                cache.apply(self.before, self.after, self.changes)


def key_of_request(asking: Asking, container: Container) -> str | None:
    """The partition key of the header; None when there is none."""
    text = asking.headers.get("x-ms-documentdb-partitionkey")
    return of_header(text, len(container.paths)) if text is not None else None


def required_key(asking: Asking, container: Container) -> str:
    """The partition key of the header. Raises 400."""
    key = key_of_request(asking, container)
    if key is None:
        raise bad("PartitionKey value must be supplied for this operation.", 0)
    return key


def check_id(value: Any) -> str:
    """The id of an item. Raises 400."""
    if value is None:
        raise bad('Message: {"Errors":["The input content is invalid because the required properties - \'id; \' - are missing"]}')
    if not isinstance(value, str) or not value or any(char in value for char in "/\\?#"):
        raise bad('Message: {"Errors":["One of the specified inputs is invalid: the id."]}')
    if len(value.encode("utf-8", "surrogatepass")) > LONGEST_ID:
        raise bad('Message: {"Errors":["The input name is invalid. Ensure that it has at most 1023 bytes."]}')
    return value


def check_item(item: Any, size: int) -> dict[str, Any]:
    """A new item as it was sent. Raises 400, 413."""
    if size > LARGEST:
        raise too_large()
    if not isinstance(item, dict):
        raise bad('Message: {"Errors":["The input content is invalid because it is not a JSON object."]}')
    check_id(item.get("id"))
    ttl = item.get("ttl")
    if ttl is not None and (type(ttl) is not int or ttl == 0 or ttl < -1):
        raise bad(f'Message: {{"Errors":["The input ttl \'{ttl}\' is invalid. Ensure to provide a nonzero positive integer or -1."]}}')
    return item


def read(asking: Asking, container: Container, key: str, id: str) -> tuple[int, str, int, int | None, str]:
    """(number, etag, ts, ttl, text) of an item. Raises 404."""
    row: tuple[int, str, int, int | None, str] | None = asking.simulator.store.sql.execute(_SELECT, (container.rid, key, id)).fetchone()
    if row is None:
        raise not_found()
    return row


def rid_of(container: Container, number: int) -> str:
    """The rid of an item: the container's bytes and its number."""
    try:
        above = base64.b64decode(container.rid)
    except binascii.Error:
        above = container.rid.encode()
    return base64.b64encode(above + number.to_bytes(8, "little")).decode()


def _complete(writing: Writing, item: dict[str, Any], number: int) -> tuple[dict[str, Any], str, str]:
    """(item with what the service adds, etag, text)."""
    container, now = writing.container, int(writing.asking.now)
    rid = rid_of(container, number)
    etag = f'"{secrets.token_hex(4)}-0000-0700-0000-{now & 0xFFFFFFFF:08x}0000"'
    whole = {name: value for name, value in item.items() if name not in SYSTEM}
    whole |= {"_rid": rid, "_self": f"{container.link}docs/{rid}/", "_etag": etag, "_attachments": "attachments/", "_ts": now}
    try:
        return whole, etag, dumps(whole)
    except (ValueError, RecursionError):
        raise bad('Message: {"Errors":["The input content is invalid because it cannot be stored."]}') from None


def put(writing: Writing, item: dict[str, Any], key: str, mode: str, id: str = "", match: str = "") -> Outcome:
    """Create, replace or upsert an item. `mode`: create, replace (of `id`) or upsert; `match`: the etag it has to have."""
    container = writing.container
    execute = writing.asking.simulator.store.sql.execute
    extracted = of_item(item, container.paths)
    if extracted != key:
        raise bad(WRONG, 1001)
    old = execute(_SELECT, (container.rid, key, id or item["id"])).fetchone()
    if old is None and mode == "replace":
        raise not_found()
    if old is not None and mode == "create":
        raise conflict()
    if match and old is not None and match not in ("*", old[1]):
        raise stale()
    if id and id != item["id"] and execute(_SELECT, (container.rid, key, item["id"])).fetchone() is not None:
        raise conflict()
    writing.lsn += 1
    ttl = item.get("ttl")
    if old is None:
        number = execute(
            "INSERT INTO cosmos_items (container, pk, id, etag, ts, ttl, lsn, body) VALUES (?,?,?,'',0,NULL,0,'')",
            (container.rid, key, item["id"]),
        ).lastrowid or 0
    else:
        number = old[0]
    whole, etag, text = _complete(writing, item, number)
    execute(
        "UPDATE cosmos_items SET id=?, etag=?, ts=?, ttl=?, lsn=?, body=? WHERE number=?",
        (item["id"], etag, whole["_ts"], ttl, writing.lsn, text, number),
    )
    _keep_unique(writing, whole, key, number, fresh=old is None)
    writing.changes.append((number, key, json.loads(text)))
    charge = charges.write(len(text), container.indexing.count(whole), replaces=old is not None)
    return Outcome(201 if old is None else 200, text, etag, charge, writing.lsn)


def _keep_unique(writing: Writing, item: dict[str, Any], key: str, number: int, *, fresh: bool) -> None:
    container = writing.container
    if not container.unique:
        return
    execute = writing.asking.simulator.store.sql.execute
    if not fresh:
        execute("DELETE FROM cosmos_unique WHERE number=?", (number,))
    for rule, paths in enumerate(container.unique):
        found = [look_up(item, path) for path in paths]
        value = canonical([{} if one is UNDEFINED else one for one in found])
        place = (container.rid, key, rule, value)
        if execute("SELECT 1 FROM cosmos_unique WHERE container=? AND pk=? AND rule=? AND value=?", place).fetchone():
            raise conflict("Unique index constraint violation.")
        execute("INSERT INTO cosmos_unique VALUES (?,?,?,?,?)", (*place, number))


def delete(writing: Writing, key: str, id: str, match: str = "") -> Outcome:
    """Take an item away. Raises 404, 412."""
    number, etag, _, _, text = read(writing.asking, writing.container, key, id)
    if match and match not in ("*", etag):
        raise stale()
    execute = writing.asking.simulator.store.sql.execute
    execute("DELETE FROM cosmos_items WHERE number=?", (number,))
    if writing.container.unique:
        execute("DELETE FROM cosmos_unique WHERE number=?", (number,))
    writing.lsn += 1
    writing.changes.append((number, key, None))
    return Outcome(204, "", "", charges.write(len(text), writing.container.indexing.count(json.loads(text))), writing.lsn)


def new_id(item: dict[str, Any]) -> None:
    """An id for an item without one, for clients that leave it to the service."""
    if "id" not in item:
        item["id"] = str(uuid.uuid4())
