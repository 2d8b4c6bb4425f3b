"""Blobs as rows: the current ones, their snapshots and versions, and the deleted ones that can come back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from azlabs.simulator.data_planes.blobs import content
from azlabs.simulator.http import dumps

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

Facts = dict[str, Any]
TABLES = """
CREATE TABLE IF NOT EXISTS blobs (number INTEGER PRIMARY KEY, container TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
    moment TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL,
    deleted REAL, facts TEXT NOT NULL, inline BLOB);
CREATE INDEX IF NOT EXISTS blobs_by_name ON blobs (container, name);
"""
BASE, SNAPSHOT, VERSION = "base", "snapshot", "version"
_COLUMNS = "number, container, name, state, moment, kind, size, etag, created, modified, deleted, facts, inline"
_prepared: WeakSet[Store] = WeakSet()
_DAY = 86400.0


@dataclass(slots=True)
class Blob:
    """`container`: uid of the container. `state`: BASE, SNAPSHOT or VERSION; `moment`: the snapshot's or version's time,
    "" for a blob of an account without versions. `kind`: BlockBlob, PageBlob or AppendBlob. `deleted`: when it was
    soft-deleted. `facts`: headers, metadata, tags, tier, lease, copy. `inline`: the content when it is small."""

    number: int
    container: str
    name: str
    state: str
    moment: str
    kind: str
    size: int
    etag: str
    created: float
    modified: float
    deleted: float | None = None
    facts: Facts = field(default_factory=dict)
    inline: bytes | None = None


def prepare(store: Store, now: float) -> None:
    """Make the tables when they are missing; clean up once per process."""
    if (
        store.sql.execute("SELECT 1 FROM sqlite_master WHERE name='blobs'").fetchone() is not None
        and store in _prepared
    ):
        return
    with store.writing():
        for statement in (TABLES + content.TABLES).split(";\n"):
            if statement.strip():
                store.sql.execute(statement)
        forget_orphans(store)
    content.sweep(store, now - _DAY)
    _prepared.add(store)


def forget_orphans(store: Store) -> None:
    """Forget blobs of containers that are gone with their group or account."""
    used = {
        row[0]
        for row in store.sql.execute(
            "SELECT DISTINCT container FROM blobs UNION SELECT DISTINCT container FROM blob_blocks"
        )
    }
    if not used:
        return
    kind = "microsoft.storage/storageaccounts/blobservices/containers"
    known = {row.hidden.get("uid") for row in store.of_type(kind)}
    known |= {
        json.loads(text or "{}").get("uid")
        for (text,) in store.sql.execute("SELECT hidden FROM deleted WHERE type=?", (kind,))
    }
    for uid in used - known:
        forget_container(store, uid)


def forget_container(store: Store, uid: str) -> None:
    """Take away everything in a container."""
    for blob in select(store, "container=?", (uid,)):
        remove(store, blob)
    drop_blocks(store, uid)


def _blob(row: tuple[Any, ...]) -> Blob:
    return Blob(*(*row[:11], json.loads(row[11]), row[12]))


def select(store: Store, where: str, values: Iterable[Any]) -> list[Blob]:
    """Blobs by a condition in SQL."""
    return [_blob(row) for row in store.sql.execute(f"SELECT {_COLUMNS} FROM blobs WHERE {where}", tuple(values))]


def find(store: Store, container: str, name: str, snapshot: str = "", version: str = "") -> Blob | None:
    """The blob, or the snapshot or version of that moment, unless it is deleted."""
    if snapshot:
        condition, values = "state=? AND moment=?", (SNAPSHOT, snapshot)
    elif version:
        condition, values = "state IN ('base','version') AND moment=?", (version,)  # type: ignore[assignment]
    else:
        condition, values = "state=?", (BASE,)  # type: ignore[assignment]
    row = store.sql.execute(
        f"SELECT {_COLUMNS} FROM blobs WHERE container=? AND name=? AND deleted IS NULL AND {condition}",
        (container, name, *values),
    ).fetchone()
    return _blob(row) if row is not None else None


def family(store: Store, container: str, name: str) -> list[Blob]:
    """Everything with a name: the blob, snapshots, versions, deleted or not, oldest first."""
    return select(store, "container=? AND name=? ORDER BY moment, number", (container, name))


def insert(store: Store, blob: Blob) -> None:
    """Store a new row; sets its number."""
    b = blob
    b.number = store.sql.execute(
        "INSERT INTO blobs (container, name, state, moment, kind, size, etag, created, modified, deleted, facts, inline) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        (b.container, b.name, b.state, b.moment, b.kind, b.size, b.etag, b.created, b.modified, b.deleted, dumps(b.facts), b.inline),
    ).lastrowid or 0  # fmt: skip


def update(store: Store, blob: Blob) -> None:
    """Store what has changed of a row."""
    b = blob
    store.sql.execute(
        "UPDATE blobs SET state=?, moment=?, kind=?, size=?, etag=?, created=?, modified=?, deleted=?, facts=?, inline=? WHERE number=?",
        (
            b.state,
            b.moment,
            b.kind,
            b.size,
            b.etag,
            b.created,
            b.modified,
            b.deleted,
            dumps(b.facts),
            b.inline,
            b.number,
        ),
    )


def remove(store: Store, blob: Blob) -> None:
    """Take a row away for good, and its content as far as nothing else uses it."""
    if blob.inline is None:
        content.set_pieces(store, blob.number, [])
    store.sql.execute("DELETE FROM blobs WHERE number=?", (blob.number,))


def drop_blocks(store: Store, container: str, name: str | None = None) -> None:
    """Forget uncommitted blocks of a blob, or of all blobs of a container."""
    where, values = ("container=?", [container]) if name is None else ("container=? AND name=?", [container, name])
    chunks = {row[0] for row in store.sql.execute(f"SELECT chunk FROM blob_blocks WHERE {where}", values)}
    if chunks:
        store.sql.execute(f"DELETE FROM blob_blocks WHERE {where}", values)
        content.release(store, chunks)


def duplicate(store: Store, blob: Blob, **changed: Any) -> Blob:
    """A row of its own with the same content: a snapshot, a version, a copy."""
    copied = Blob(
        0, blob.container, blob.name, blob.state, blob.moment, blob.kind, blob.size, blob.etag, blob.created, blob.modified,
        blob.deleted, dict(blob.facts), blob.inline,
    )  # fmt: skip
    for name, value in changed.items():
        setattr(copied, name, value)
    insert(store, copied)
    if blob.inline is None:
        content.add_pieces(store, copied.number, content.pieces(store, blob.number))
    return copied
