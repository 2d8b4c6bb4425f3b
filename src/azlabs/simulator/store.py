"""All state of a simulator: one SQLite database, in memory or in a file that several processes may share.

One connection per simulator, guarded by a lock; every check-and-write runs inside BEGIN IMMEDIATE, so that what a rule
has read is still true when its write is committed. Documents are stored as the JSON text that is answered.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from azlabs.simulator import database
from azlabs.simulator.http import dumps
from azlabs.simulator.records import Deleted, Link, Resource

ACTIVITY_KEPT = 20_000
_PACKED = b"azlabs:2"
_PATIENCE_SECONDS = 10.0

_COLUMNS = (
    "number, key, id, type, scope, subscription, location, etag, api_version, created, changed, pending, body, hidden"
)
_SELECT = f"SELECT {_COLUMNS} FROM resources "
_INSERT = (
    "INSERT INTO resources (key, id, type, scope, subscription, location, etag, api_version, created, changed, pending, body, hidden) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_UPDATE = "UPDATE resources SET location=?, etag=?, api_version=?, changed=?, pending=?, body=?, hidden=? WHERE key=?"


class Transaction:
    """What `Store.writing` returns."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store.begin()

    def __exit__(self, kind: type[BaseException] | None, _value: object, _trace: object) -> None:
        self._store.end(kind is not None)


class Store:
    """Resources by key (lower-case id) and what belongs to them. Not for use after `close`."""

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(path) if path is not None else None
        self.lock = threading.RLock()
        self._depth = 0
        self._external = 0
        self.changes = 0
        """Grows with every write of this process; see `generation`."""
        self.snapshots = 0
        """Snapshots that this process has taken: files that one of them may need are not deleted."""
        self._connection = database.open_database(self.path)
        self._execute = self._connection.execute

    def close(self) -> None:
        """Close the database; committed state stays in the file."""
        with self.lock:
            self._connection.close()

    # --- transactions ---------------------------------------------------------------------------------------------------
    def writing(self) -> Transaction:
        """One transaction; inside another one a savepoint. An exception rolls back what the block wrote."""
        return Transaction(self)

    def begin(self) -> None:
        """Enter one level; use `writing`."""
        self.lock.acquire()
        try:
            if self._depth:
                self._execute(f"SAVEPOINT level{self._depth}")
            else:
                self._take()
        except BaseException:
            self.lock.release()
            raise
        self._depth += 1

    def _take(self) -> None:
        """Begin to write. While another thread of this process is reading what another process has changed since, SQLite
        refuses at once and does not wait; that is over in a moment."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                self._execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as problem:
                stale = getattr(problem, "sqlite_errorname", "") == "SQLITE_BUSY_SNAPSHOT"
                if not stale or time.monotonic() > end:
                    raise
            time.sleep(0.001)

    def end(self, failed: bool) -> None:
        """Leave one level; use `writing`."""
        self._depth -= 1
        depth = self._depth
        try:
            if not failed:
                self._commit(depth)
                return
            self.changes += 1
            if self._connection.in_transaction:
                self._execute(f"ROLLBACK TO level{depth}" if depth else "ROLLBACK")
                if depth:
                    self._execute(f"RELEASE level{depth}")
        finally:
            self.lock.release()

    def _commit(self, depth: int) -> None:
        try:
            self._execute(f"RELEASE level{depth}" if depth else "COMMIT")
        except sqlite3.Error:
            self.changes += 1
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise

    def generation(self) -> tuple[int, int]:
        """Changes whenever anything in the store may have changed, by this process or another."""
        if self.path is not None:
            self._external = self._execute("PRAGMA data_version").fetchone()[0]
        return self.changes, self._external

    # --- resources ------------------------------------------------------------------------------------------------------
    def get(self, key: str) -> Resource | None:
        """The resource with this key (lower-case id)."""
        row = self._execute(_SELECT + "WHERE key=?", (key,)).fetchone()
        return Resource(*row) if row is not None else None

    def exists(self, key: str) -> bool:
        return self._execute("SELECT 1 FROM resources WHERE key=?", (key,)).fetchone() is not None

    def insert(self, resource: Resource) -> None:
        """Store a new resource; its key must be free."""
        r = resource
        self._execute(
            _INSERT,
            (r.key, r.id, r.type, r.scope, r.subscription, r.location, r.etag, r.api_version, r.created, r.changed,
             r.pending, r.text, r.hidden_text),
        )  # fmt: skip
        self.changes += 1

    def update(self, resource: Resource) -> None:
        """Replace what may change of a stored resource."""
        r = resource
        self._execute(_UPDATE, (r.location, r.etag, r.api_version, r.changed, r.pending, r.text, r.hidden_text, r.key))
        self.changes += 1

    def delete(self, key: str) -> None:
        """Take the resource, everything below it and what hangs on it (tags, links from it) away."""
        below = (key + "/", key + "0")
        self._execute("DELETE FROM resources WHERE key=?", (key,))
        self._execute("DELETE FROM resources WHERE key>? AND key<?", below)
        self._execute("DELETE FROM tags WHERE key=?", (key,))
        self._execute("DELETE FROM tags WHERE key>? AND key<?", below)
        self._execute("DELETE FROM links WHERE source=?", (key,))
        self._execute("DELETE FROM links WHERE source>? AND source<?", below)
        self.changes += 1

    def below(self, key: str) -> list[Resource]:
        """Everything whose id starts with this one's, itself excluded, by key."""
        rows = self._execute(_SELECT + "WHERE key>? AND key<? ORDER BY key", (key + "/", key + "0"))
        return [Resource(*row) for row in rows]

    def keys_below(self, key: str) -> list[tuple[str, str]]:
        """(key, type) of everything below."""
        return self._execute(
            "SELECT key, type FROM resources WHERE key>? AND key<? ORDER BY key", (key + "/", key + "0")
        ).fetchall()

    def at_scope(self, scope: str, type_key: str, *, after: int = 0, limit: int = -1) -> list[Resource]:
        """Resources of a type directly at a scope (a group, a parent, a subscription), oldest first."""
        rows = self._execute(
            _SELECT + "WHERE scope=? AND type=? AND number>? ORDER BY number LIMIT ?", (scope, type_key, after, limit)
        )
        return [Resource(*row) for row in rows]

    def in_subscription(self, subscription: str, type_key: str, *, after: int = 0, limit: int = -1) -> list[Resource]:
        """Resources of a type anywhere in a subscription, oldest first."""
        rows = self._execute(
            _SELECT + "WHERE type=? AND subscription=? AND number>? ORDER BY number LIMIT ?",
            (type_key, subscription, after, limit),
        )
        return [Resource(*row) for row in rows]

    def of_type(self, type_key: str) -> list[Resource]:
        """All resources of a type, in every subscription and at every scope."""
        return [Resource(*row) for row in self._execute(_SELECT + "WHERE type=? ORDER BY number", (type_key,))]

    def has_type(self, type_key: str) -> bool:
        """Is there any resource of this type?"""
        return self._execute("SELECT 1 FROM resources WHERE type=? LIMIT 1", (type_key,)).fetchone() is not None

    def count(self, where: str, values: Sequence[Any]) -> int:
        """How many resources fulfil a condition in SQL over the columns of `resources`."""
        return int(self._execute("SELECT count(*) FROM resources WHERE " + where, values).fetchone()[0])

    def select(self, where: str, values: Sequence[Any]) -> list[Resource]:
        """Resources by a condition in SQL over the columns of `resources`; for lists with filters."""
        return [Resource(*row) for row in self._execute(_SELECT + "WHERE " + where, values)]

    # --- tags and links -------------------------------------------------------------------------------------------------
    def set_tags(self, key: str, tags: dict[str, str] | None, *, new: bool = False) -> None:
        """Replace the index of a resource's tags (the document keeps its own copy); `new`: it has none yet."""
        if not new:
            self._execute("DELETE FROM tags WHERE key=?", (key,))
        if tags:
            self._connection.executemany(
                "INSERT OR REPLACE INTO tags VALUES (?,?,?,?)",
                [(key, name.lower(), name, "" if value is None else str(value)) for name, value in tags.items()],
            )

    def tag_counts(self) -> list[tuple[str, str, int]]:
        """(name, value, number of resources), one row for each name and value in use."""
        return self._execute(
            "SELECT max(spelling), value, count(*) FROM tags GROUP BY name, value ORDER BY name, value"
        ).fetchall()

    def set_links(self, source: str, links: Iterable[tuple[str, str, str]]) -> None:
        """Replace the links from a resource: (holder id, path, target key)."""
        self._execute("DELETE FROM links WHERE source=?", (source,))
        self._connection.executemany("INSERT INTO links VALUES (?,?,?,?)", [(source, *link) for link in links])
        self.changes += 1

    def links_to(self, target: str) -> list[Link]:
        """Who refers to exactly this key."""
        rows = self._execute("SELECT source, holder, path, target FROM links WHERE target=? ORDER BY rowid", (target,))
        return [Link(*row) for row in rows]

    def links_into(self, target: str) -> list[Link]:
        """Who refers to this key or to anything below it, from outside of it."""
        rows = self._execute(
            "SELECT source, holder, path, target FROM links WHERE (target=? OR (target>? AND target<?)) "
            "AND NOT (source=? OR (source>? AND source<?)) ORDER BY rowid",
            (target, target + "/", target + "0", target, target + "/", target + "0"),
        )
        return [Link(*row) for row in rows]

    def links_at(self, target: str) -> list[Link]:
        """Everything that refers to this key or to anything below it, from wherever."""
        rows = self._execute(
            "SELECT source, holder, path, target FROM links WHERE target=? OR (target>? AND target<?) ORDER BY rowid",
            (target, target + "/", target + "0"),
        )
        return [Link(*row) for row in rows]

    # --- soft delete ----------------------------------------------------------------------------------------------------
    def bury(self, resource: Resource, at: float, purge_at: float) -> None:
        """Remember a deleted resource until `purge_at` (seconds since the epoch)."""
        self._execute(
            "INSERT OR REPLACE INTO deleted VALUES (?,?,?,?,?,?,?,?)",
            (resource.key, resource.type, resource.key.rpartition("/")[2], resource.location, at, purge_at, resource.text,
             resource.hidden_text),
        )  # fmt: skip
        self.changes += 1

    def buried(self, type_key: str, now: float, name: str | None = None) -> list[Deleted]:
        """Soft-deleted resources of a type that are not past their purge date, by name when given."""
        condition, values = ("AND name=?", [name.lower()]) if name is not None else ("", [])
        rows = self._execute(
            "SELECT key, type, name, location, at, purge_at, body, hidden FROM deleted "
            f"WHERE type=? AND purge_at>? {condition} ORDER BY key",
            [type_key, now, *values],
        )
        return [Deleted(*row) for row in rows]

    def purge(self, key: str) -> bool:
        """Forget a soft-deleted resource for good; False when there is none."""
        self.changes += 1
        return self._execute("DELETE FROM deleted WHERE key=?", (key,)).rowcount > 0

    # --- small facts, activity, snapshots -------------------------------------------------------------------------------
    def meta(self, name: str) -> str | None:
        row = self._execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        self._execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (name, value))
        self.changes += 1

    def note_activity(
        self,
        at: float,
        key: str,
        action: str,
        status: int,
        correlation: str,
        principal: str,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Append to the activity log; the oldest entries beyond ACTIVITY_KEPT fall out."""
        number = self._execute(
            "INSERT INTO activity (at, key, action, status, correlation, principal, detail) VALUES (?,?,?,?,?,?,?)",
            (at, key, action, status, correlation, principal, dumps(detail) if detail else None),
        ).lastrowid
        if number is not None and number % 1000 == 0:
            self._execute("DELETE FROM activity WHERE number<=?", (number - ACTIVITY_KEPT,))

    def activity(self, key: str = "", *, since: float = 0.0) -> list[dict[str, Any]]:
        """Entries at or below a key since a time, newest first."""
        rows = self._execute(
            "SELECT at, key, action, status, correlation, principal, detail FROM activity "
            "WHERE at>=? AND (?='' OR key=? OR (key>? AND key<?)) ORDER BY number DESC",
            (since, key, key, key + "/", key + "0"),
        )
        names = ("at", "key", "action", "status", "correlation", "principal")
        return [{**dict(zip(names, row[:6], strict=True)), **(json.loads(row[6]) if row[6] else {})} for row in rows]

    @property
    def sql(self) -> sqlite3.Connection:
        """The connection, for the modules of the resource manager that keep rows of their own (operations)."""
        return self._connection

    def snapshot(self) -> bytes:
        """The whole state as bytes; quick, in memory and on a file."""
        self.snapshots += 1
        with self.lock:
            if self.path is None:
                return self._connection.serialize()
            # A file's pages carry its WAL mode, which an in-memory database cannot take: go through a copy.
            with contextlib.closing(database.connect(":memory:")) as copied:
                self._connection.backup(copied)
                return database.rollback_format(copied.serialize())

    def restore(self, snapshot: bytes) -> None:
        """Put a snapshot back; other processes on the same file see it as one change."""
        with self.lock:
            if self._depth:
                raise RuntimeError("cannot restore inside a transaction")
            if self.path is None:
                self._connection.deserialize(snapshot)
            else:
                with contextlib.closing(database.connect(":memory:")) as source:
                    source.deserialize(snapshot)
                    source.backup(self._connection)
            self.changes += 1


def pack(state: bytes, more: bytes) -> bytes:
    """Two images as one; `unpack` takes them apart."""
    return state + more + len(more).to_bytes(8, "big") + _PACKED


def unpack(packed: bytes) -> tuple[bytes, bytes]:
    """(state, more) of what `pack` has made; of a bare image (image, b"")."""
    if not packed.endswith(_PACKED):
        return packed, b""
    end = len(packed) - len(_PACKED) - 8
    start = end - int.from_bytes(packed[end : end + 8], "big")
    return packed[:start], packed[start:end]
