"""Bytes of blobs: chunks in files beside the state file, or in the database of a simulator in memory.

A chunk never changes once it is written, so blobs, snapshots, versions and copies share chunks. A blob's content is a
list of pieces, each a range of a chunk; small contents stand in the blob's own row instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

TABLES = """
CREATE TABLE IF NOT EXISTS blob_chunks (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, file TEXT, data BLOB);
CREATE TABLE IF NOT EXISTS blob_pieces (blob INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
    chunk INTEGER NOT NULL, skip INTEGER NOT NULL, block TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS blob_pieces_by_blob ON blob_pieces (blob, start);
CREATE INDEX IF NOT EXISTS blob_pieces_by_chunk ON blob_pieces (chunk);
CREATE TABLE IF NOT EXISTS blob_blocks (container TEXT NOT NULL, name TEXT NOT NULL, block TEXT NOT NULL, part INTEGER NOT NULL,
    chunk INTEGER NOT NULL, size INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (container, name, block, part)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blob_blocks_by_chunk ON blob_blocks (chunk);
"""
STEP = 1 << 20
"""Bytes that are moved at a time."""
ROW = 4 << 20
"""Most bytes of a chunk that is kept in the database."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`start`, `length`: the range of the blob; `skip`: where in the chunk it begins; `block`: id of the block, or ""."""

    start: int
    length: int
    chunk: int
    skip: int
    block: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes that are kept already, in a file that no row names yet or in memory."""

    size: int
    file: str | None
    data: tuple[bytes, ...]
    md5: bytes


def folder(store: Store) -> Path | None:
    """Where the files of chunks are; None: in the database."""
    return store.path.with_name(store.path.name + ".blobs") if store.path is not None else None


def receive(store: Store, body: bytes, spool: IO[bytes] | None) -> Written:
    """Write a request's body away, outside of any lock; bodies are read a step at a time."""
    digest = hashlib.md5(usedforsecurity=False)
    place = folder(store)
    if place is None:
        parts = []
        for part in _steps(body, spool, ROW):
            digest.update(part)
            parts.append(part)
        return Written(sum(map(len, parts)), None, tuple(parts), digest.digest())
    name = uuid.uuid4().hex
    path = place / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    size = 0
    with path.open("wb") as file:
        for part in _steps(body, spool, STEP):
            digest.update(part)
            file.write(part)
            size += len(part)
    return Written(size, f"{name[:2]}/{name}", (), digest.digest())


def _steps(body: bytes, spool: IO[bytes] | None, size: int) -> Iterator[bytes]:
    if spool is not None:
        spool.seek(0)
        while part := spool.read(size):
            yield part
    elif len(body) <= size:
        yield body
    else:
        view = memoryview(body)
        for start in range(0, len(body), size):
            yield bytes(view[start : start + size])


def discard(store: Store, written: Written) -> None:
    """Forget bytes that no row names."""
    place = folder(store)
    if place is not None and written.file is not None:
        with contextlib.suppress(OSError):
            (place / written.file).unlink()


def keep(store: Store, written: Written) -> list[tuple[int, int]]:
    """Make chunks of written bytes; [(chunk, size)] in order. Inside a transaction."""
    execute = store.sql.execute
    rows = (
        [(written.size, written.file, None)]
        if written.file is not None
        else [(len(data), None, data) for data in written.data]
    )
    found = []
    for size, file, data in rows:
        number = execute("INSERT INTO blob_chunks (size, file, data) VALUES (?,?,?)", (size, file, data)).lastrowid
        found.append((number or 0, size))
    return found


def pieces(store: Store, blob: int) -> list[Piece]:
    """The content of a blob, in order."""
    rows = store.sql.execute(
        "SELECT start, length, chunk, skip, block FROM blob_pieces WHERE blob=? ORDER BY start, rowid", (blob,)
    )
    return [Piece(*row) for row in rows]


def set_pieces(store: Store, blob: int, content: list[Piece]) -> None:
    """Replace the content of a blob; chunks that nothing else uses go. Inside a transaction."""
    old = {row[0] for row in store.sql.execute("SELECT DISTINCT chunk FROM blob_pieces WHERE blob=?", (blob,))}
    if old:
        store.sql.execute("DELETE FROM blob_pieces WHERE blob=?", (blob,))
    add_pieces(store, blob, content)
    if old:
        release(store, old - {piece.chunk for piece in content})


def add_pieces(store: Store, blob: int, content: list[Piece]) -> None:
    """Put pieces behind what is there."""
    store.sql.executemany(
        "INSERT INTO blob_pieces VALUES (?,?,?,?,?,?)",
        [(blob, one.start, one.length, one.chunk, one.skip, one.block) for one in content],
    )


def release(store: Store, chunks: set[int]) -> None:
    """Forget chunks that neither a blob nor an uncommitted block uses."""
    place = folder(store)
    execute = store.sql.execute
    for chunk in chunks:
        used = execute(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM blob_pieces WHERE chunk=?) OR EXISTS (SELECT 1 FROM blob_blocks WHERE chunk=?)",
            (chunk, chunk),
        ).fetchone()
        if used is not None:
            continue
        row = execute("SELECT file FROM blob_chunks WHERE id=?", (chunk,)).fetchone()
        execute("DELETE FROM blob_chunks WHERE id=?", (chunk,))
        if row is not None and row[0] and place is not None and not store.snapshots:
            with contextlib.suppress(OSError):
                (place / row[0]).unlink()


def read(store: Store, content: list[Piece], start: int, length: int) -> Iterator[bytes]:
    """The bytes of a range, a step at a time; holes are zeros."""
    place, position, end = folder(store), start, start + length
    for piece in content:
        if piece.start + piece.length <= position or piece.start >= end:
            continue
        if piece.start > position:
            yield from _zeros(piece.start - position)
            position = piece.start
        skip = piece.skip + position - piece.start
        count = min(end, piece.start + piece.length) - position
        yield from _chunk(store, place, piece.chunk, skip, count)
        position += count
    yield from _zeros(end - position)


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield bytes(min(count, STEP))
        count -= STEP


def _chunk(store: Store, place: Path | None, chunk: int, skip: int, count: int) -> Iterator[bytes]:
    with store.lock:
        row = store.sql.execute("SELECT file FROM blob_chunks WHERE id=?", (chunk,)).fetchone()
    if row is None:
        raise LookupError(chunk)
    if row[0] is None:
        with store.lock:
            data = store.sql.execute(
                "SELECT substr(data, ?, ?) FROM blob_chunks WHERE id=?", (skip + 1, count, chunk)
            ).fetchone()[0]
        yield data
    elif place is not None:
        with (place / row[0]).open("rb") as file:
            file.seek(skip)
            while count > 0:
                part = file.read(min(count, STEP))
                if not part:
                    raise LookupError(chunk)
                count -= len(part)
                yield part


def sweep(store: Store, older: float) -> None:
    """Delete files of chunks that no row names and that are older than a time: what a crash or a restored snapshot left."""
    place = folder(store)
    if place is None or not place.is_dir():
        return
    known = {row[0] for row in store.sql.execute("SELECT file FROM blob_chunks WHERE file IS NOT NULL")}
    for path in place.glob("*/*"):
        with contextlib.suppress(OSError):
            if f"{path.parent.name}/{path.name}" not in known and path.stat().st_mtime < older:
                path.unlink()
