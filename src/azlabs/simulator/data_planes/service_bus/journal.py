"""The broker's memory on disk: messages, session states and seen message ids in a SQLite file beside the simulator's store.

Changes are collected and committed together; nothing that was told to a client can be lost with the process after `commit`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from azlabs.simulator.database import rollback_format

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

FILE_NAME = "service_bus.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS entities (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    entity INTEGER NOT NULL, sequence INTEGER NOT NULL, state INTEGER NOT NULL, enqueued REAL NOT NULL, expires REAL, due REAL,
    session TEXT, failures INTEGER NOT NULL, origin INTEGER NOT NULL, source TEXT, size INTEGER NOT NULL, body BLOB NOT NULL,
    UNIQUE (entity, sequence)
);
CREATE TABLE IF NOT EXISTS sessions (entity INTEGER NOT NULL, session TEXT NOT NULL, state BLOB, changed REAL NOT NULL,
    PRIMARY KEY (entity, session)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (entity INTEGER NOT NULL, message TEXT NOT NULL, until REAL NOT NULL,
    PRIMARY KEY (entity, message)) WITHOUT ROWID;
"""
INSERT = "INSERT INTO messages VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
DELETE = "DELETE FROM messages WHERE entity=? AND sequence=?"
CHANGE = "UPDATE messages SET state=?, failures=? WHERE entity=? AND sequence=?"
REWRITE = "UPDATE messages SET body=?, size=? WHERE entity=? AND sequence=?"
COUNTER = "UPDATE entities SET next=? WHERE number=?"
SESSION = "INSERT OR REPLACE INTO sessions VALUES (?,?,?,?)"
FORGET_SESSION = "DELETE FROM sessions WHERE entity=? AND session=?"
SEEN = "INSERT OR REPLACE INTO seen VALUES (?,?,?)"
FORGET_SEEN = "DELETE FROM seen WHERE entity=? AND until<?"
_ROW = "sequence, state, enqueued, expires, due, session, failures, origin, source, size"
_replaced: WeakKeyDictionary[Store, int] = WeakKeyDictionary()
"""How often the messages of a store in memory were replaced by those of a snapshot."""
_memory: WeakKeyDictionary[Store, sqlite3.Connection] = WeakKeyDictionary()


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _open(store: Store) -> sqlite3.Connection:
    """The database beside the store; of a store in memory one database in memory for the whole process."""
    if store.path is None:
        found = _memory.get(store)
        if found is None:
            found = _in_memory()
            found.executescript(_TABLES)
            _memory[store] = found
        return found
    path = store.path.with_name(FILE_NAME)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    connection.executescript(_TABLES)
    return connection


class Journal:
    """Written by one broker only."""

    def __init__(self, store: Store) -> None:
        self._store, self._in_memory = store, store.path is None
        self._connection = _open(store)
        self._lock = threading.RLock()
        self._waiting: list[tuple[str, list[tuple[Any, ...]]]] = []
        self._version = 0
        self.changed_elsewhere()

    def add(self, statement: str, values: tuple[Any, ...]) -> None:
        """One more change of the next commit."""
        if self._waiting and self._waiting[-1][0] is statement:
            self._waiting[-1][1].append(values)
        else:
            self._waiting.append((statement, [values]))

    def changed_elsewhere(self) -> bool:
        """Has another process (or `restore`) written since this was asked before? What was read is out of date then."""
        version = _replaced.get(self._store, 0)
        if not self._in_memory:
            version += int(self._connection.execute("PRAGMA data_version").fetchone()[0]) << 32
        changed, self._version = version != self._version, version
        if changed:
            self._waiting.clear()
        return changed

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    def commit(self) -> None:
        """Write everything that was added, in order, at once."""
        changes, self._waiting = self._waiting, []
        if not changes:
            return
        with self._lock:
            if len(changes) == 1 and len(changes[0][1]) == 1:
                self._connection.execute(changes[0][0], changes[0][1][0])
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for statement, rows in changes:
                    self._connection.executemany(statement, rows)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def entity(self, id: str) -> tuple[int, int]:
        """(number, next sequence number) of an entity, made when it is new."""
        self.commit()
        with self._lock:
            self._connection.execute("INSERT OR IGNORE INTO entities (id, next) VALUES (?, 1)", (id,))
            number, following = self._connection.execute(
                "SELECT number, next FROM entities WHERE id=?", (id,)
            ).fetchone()
            last = self._connection.execute("SELECT max(sequence) FROM messages WHERE entity=?", (number,)).fetchone()[
                0
            ]
        return int(number), max(int(following), (last or 0) + 1)

    def messages(self, number: int) -> list[tuple[Any, ...]]:
        """What is kept of an entity's messages, in the order of their numbers, bodies aside."""
        query = f"SELECT {_ROW} FROM messages WHERE entity=? ORDER BY sequence"
        return self._connection.execute(query, (number,)).fetchall()

    def body(self, number: int, sequence: int) -> bytes:
        """The bytes of one message. Raises LookupError when it is not there (any more)."""
        self.commit()
        row = self._connection.execute(
            "SELECT body FROM messages WHERE entity=? AND sequence=?", (number, sequence)
        ).fetchone()
        if row is None:
            raise LookupError(sequence)
        return bytes(row[0])

    def sessions(self, number: int) -> list[tuple[str, bytes | None, float]]:
        """(session id, state, when it changed)."""
        return self._connection.execute(
            "SELECT session, state, changed FROM sessions WHERE entity=?", (number,)
        ).fetchall()

    def seen(self, number: int) -> list[tuple[str, float]]:
        """Message ids that duplicate detection remembers, and until when."""
        return self._connection.execute(
            "SELECT message, until FROM seen WHERE entity=? ORDER BY until", (number,)
        ).fetchall()

    def used(self) -> list[str]:
        """Ids of the entities that hold something."""
        query = ("SELECT id FROM entities WHERE number IN (SELECT entity FROM messages UNION SELECT entity FROM sessions)")  # fmt: skip
        return [row[0] for row in self._connection.execute(query)]

    def forget(self, id: str) -> None:
        """Everything of an entity that is gone."""
        self.commit()
        row = self._connection.execute("SELECT number FROM entities WHERE id=?", (id,)).fetchone()
        if row is None:
            return
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            for table in ("messages", "sessions", "seen"):
                self._connection.execute(f"DELETE FROM {table} WHERE entity=?", row)
            self._connection.execute("DELETE FROM entities WHERE number=?", row)
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Commit and close. What is in memory stays as long as its store."""
        self.commit()
        if not self._in_memory:
            self._connection.close()


def counts(store: Store, ids: list[str]) -> list[tuple[str, int, int, int]]:
    """(id, state, messages, bytes) of entities that hold something, from any process."""
    if not _is_there(store):
        return []
    query = (
        "SELECT entities.id, state, count(*), sum(size) FROM messages JOIN entities ON number = entity "
        f"WHERE entities.id IN ({','.join('?' * len(ids))}) GROUP BY entities.id, state"
    )
    with _reading(store) as connection:
        return connection.execute(query, ids).fetchall()


def _is_there(store: Store) -> bool:
    return store in _memory if store.path is None else store.path.with_name(FILE_NAME).exists()


@contextlib.contextmanager
def _reading(store: Store) -> Iterator[sqlite3.Connection]:
    """The database for somebody who is not its broker."""
    if store.path is None:
        with store.lock:
            yield _open(store)
        return
    with contextlib.closing(_open(store)) as connection:
        yield connection


def photograph(store: Store) -> bytes:
    """Everything as an image of the database; b"" when there is nothing."""
    if not _is_there(store):
        return b""
    with _reading(store) as connection:
        if connection.execute("SELECT 1 FROM entities LIMIT 1").fetchone() is None:
            return b""
        if store.path is None:
            return connection.serialize()
        with contextlib.closing(_in_memory()) as copied:
            connection.backup(copied)
            return rollback_format(copied.serialize())


def put_back(store: Store, image: bytes) -> None:
    """Replace everything by what `photograph` has given. A broker notices, see `Journal.changed_elsewhere`."""
    if store.path is None:
        if image or _is_there(store):
            _deserialize(_open(store), image)
            _replaced[store] = _replaced.get(store, 0) + 1
        return
    if not image and not _is_there(store):
        return
    connection = _open(store)
    with contextlib.closing(connection), contextlib.closing(_in_memory()) as source:
        _deserialize(source, image)
        source.backup(connection)


def _deserialize(connection: sqlite3.Connection, image: bytes) -> None:
    if image:
        connection.deserialize(image)
        connection.executescript(_TABLES)
        return
    connection.executescript(_TABLES)
    for table in ("entities", "messages", "sessions", "seen"):
        connection.execute(f"DELETE FROM {table}")


def remove(folder: Path) -> None:
    """Delete the file of a state folder; no broker may run."""
    for suffix in ("", "-wal", "-shm"):
        (folder / (FILE_NAME + suffix)).unlink(missing_ok=True)
