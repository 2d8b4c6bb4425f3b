"""Messages of queues as rows; they belong to the queue's uid."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

TABLES = """
CREATE TABLE IF NOT EXISTS queue_messages (number INTEGER PRIMARY KEY, queue TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL,
    inserted REAL NOT NULL, expires REAL NOT NULL, visible REAL NOT NULL, receipt TEXT NOT NULL, count INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS queue_messages_by_queue ON queue_messages (queue, visible);
CREATE UNIQUE INDEX IF NOT EXISTS queue_messages_by_id ON queue_messages (queue, id);
"""
FOREVER = 253402300799.0
"""The last second of the year 9999: messages that do not expire."""
_COLUMNS = "number, id, text, inserted, expires, visible, receipt, count"
_prepared: WeakSet[Store] = WeakSet()


@dataclass(slots=True)
class Message:
    """`expires`, `visible`: seconds since the epoch; `receipt`: proves the last dequeue; `count`: how often it was dequeued."""

    number: int
    id: str
    text: str
    inserted: float
    expires: float
    visible: float
    receipt: str
    count: int


def prepare(store: Store) -> None:
    """Make the tables when they are missing, and forget messages of queues that are gone."""
    if (
        store.sql.execute("SELECT 1 FROM sqlite_master WHERE name='queue_messages'").fetchone() is not None
        and store in _prepared
    ):
        return
    with store.writing():
        for statement in TABLES.split(";\n"):
            if statement.strip():
                store.sql.execute(statement)
        known = {
            row.hidden.get("uid") for row in store.of_type("microsoft.storage/storageaccounts/queueservices/queues")
        }
        for (queue,) in store.sql.execute("SELECT DISTINCT queue FROM queue_messages").fetchall():
            if queue not in known:
                clear(store, queue)
    _prepared.add(store)


def receipt() -> str:
    """A new pop receipt."""
    return secrets.token_urlsafe(16)


def count(store: Store, queue: str, now: float) -> int:
    """Messages that have not expired, visible or not."""
    prepare(store)
    row = store.sql.execute("SELECT count(*) FROM queue_messages WHERE queue=? AND expires>?", (queue, now)).fetchone()
    return int(row[0])


def add(store: Store, queue: str, text: str, now: float, expires: float, visible: float) -> Message:
    """Put a message at the end."""
    message = Message(0, str(uuid.uuid4()), text, now, expires, visible, receipt(), 0)
    store.sql.execute("DELETE FROM queue_messages WHERE queue=? AND expires<=?", (queue, now))
    m = message
    store.sql.execute(
        "INSERT INTO queue_messages (queue, id, text, inserted, expires, visible, receipt, count) VALUES (?,?,?,?,?,?,?,?)",
        (queue, m.id, m.text, m.inserted, m.expires, m.visible, m.receipt, m.count),
    )
    return message


def front(store: Store, queue: str, now: float, most: int) -> list[Message]:
    """The first visible messages."""
    rows = store.sql.execute(
        f"SELECT {_COLUMNS} FROM queue_messages WHERE queue=? AND visible<=? AND expires>? ORDER BY visible, number LIMIT ?",
        (queue, now, now, most),
    )
    return [Message(*row) for row in rows]


def find(store: Store, queue: str, id: str, now: float) -> Message | None:
    """A message by its id."""
    row = store.sql.execute(
        f"SELECT {_COLUMNS} FROM queue_messages WHERE queue=? AND id=? AND expires>?", (queue, id.lower(), now)
    ).fetchone()
    return Message(*row) if row is not None else None


def update(store: Store, message: Message) -> None:
    """Store what has changed."""
    m = message
    store.sql.execute(
        "UPDATE queue_messages SET text=?, visible=?, receipt=?, count=? WHERE number=?",
        (m.text, m.visible, m.receipt, m.count, m.number),
    )


def delete(store: Store, message: Message) -> None:
    """Take a message away."""
    store.sql.execute("DELETE FROM queue_messages WHERE number=?", (message.number,))


def clear(store: Store, queue: str) -> None:
    """Take all messages away."""
    store.sql.execute("DELETE FROM queue_messages WHERE queue=?", (queue,))
