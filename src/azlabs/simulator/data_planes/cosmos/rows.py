"""Items in the simulator's database, so that a snapshot or a file has them together with the resources they belong to."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

_TABLES = (
    "CREATE TABLE IF NOT EXISTS cosmos_containers (rid TEXT PRIMARY KEY, lsn INTEGER NOT NULL, stamp TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS cosmos_items (number INTEGER PRIMARY KEY AUTOINCREMENT, container TEXT NOT NULL, pk TEXT NOT NULL, "
    "id TEXT NOT NULL, etag TEXT NOT NULL, ts INTEGER NOT NULL, ttl INTEGER, lsn INTEGER NOT NULL, body TEXT NOT NULL, "
    "UNIQUE (container, pk, id))",
    "CREATE INDEX IF NOT EXISTS cosmos_items_by_lsn ON cosmos_items (container, lsn)",
    "CREATE TABLE IF NOT EXISTS cosmos_unique (container TEXT NOT NULL, pk TEXT NOT NULL, rule INTEGER NOT NULL, value TEXT NOT NULL, "
    "number INTEGER NOT NULL, PRIMARY KEY (container, pk, rule, value)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS cosmos_unique_by_item ON cosmos_unique (number)",
)
# cosmos_containers.stamp: another random word after every write, by which caches know that they are still right.


def prepare(store: Store) -> None:
    """Make the tables, unless they are there."""
    with store.lock:
        made = store.sql.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'cosmos\\_%' ESCAPE '\\'").fetchone()[0]
    if made >= len(_TABLES):
        return
    with store.writing():
        for statement in _TABLES:
            store.sql.execute(statement)


def ensure(store: Store, rid: str, known: set[str]) -> None:
    """A row for a container; rows of containers that are gone are dropped with their items."""
    with store.writing():
        execute = store.sql.execute
        for (old,) in execute("SELECT rid FROM cosmos_containers").fetchall():
            if old not in known:
                for table, column in (("cosmos_containers", "rid"), ("cosmos_items", "container"), ("cosmos_unique", "container")):
                    execute(f"DELETE FROM {table} WHERE {column}=?", (old,))
        execute("INSERT OR IGNORE INTO cosmos_containers VALUES (?,0,?)", (rid, secrets.token_hex(8)))


def state(store: Store, rid: str) -> tuple[int, str]:
    """(log sequence number, stamp) of a container."""
    row = store.sql.execute("SELECT lsn, stamp FROM cosmos_containers WHERE rid=?", (rid,)).fetchone()
    return (row[0], row[1]) if row is not None else (0, "")
