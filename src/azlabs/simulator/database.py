"""Opening the SQLite database behind a store: file mode, WAL, format, and what happens to a file that cannot be read."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from azlabs.errors import AzlabsError
from azlabs.simulator.schema import TABLES, VERSION

BUSY_SECONDS = 60.0


class StateUnreadable(AzlabsError):
    """The state file is damaged or of another format; `set_aside` makes room for a new one."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The simulator's state in {path} cannot be read: {reason}.",
            action="Run `azlabs simulator reset`; the damaged file is kept beside it.",
            code="StateUnreadable",
        )
        self.path = path


def set_aside(path: Path) -> Path:
    """Rename a state file, its -wal and -shm files and its folder of blobs; return its new name. Nothing is deleted."""
    kept = path.with_name(f"{path.name}.unreadable-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}")
    for suffix in ("", "-wal", "-shm", ".blobs"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(kept.with_name(kept.name + suffix))
    return kept


def connect(target: str) -> sqlite3.Connection:
    """A connection that starts transactions only when told."""
    return sqlite3.connect(
        target, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL. Two processes that open a new file at once may be told `locked` without waiting, so try again."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    connection.execute("PRAGMA mmap_size=268435456")


def open_database(path: Path | None) -> sqlite3.Connection:
    """The database of a state file, made 0600 when it is new; None: one in memory. Raises `StateUnreadable`."""
    if path is None:
        connection = connect(":memory:")
    else:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        connection = connect(str(path))
    try:
        if path is not None:
            _write_ahead(connection)
        connection.execute("PRAGMA temp_store=MEMORY")
        _prepare(connection)
    except BaseException as problem:
        connection.close()
        damaged = isinstance(problem, sqlite3.DatabaseError) and not isinstance(problem, sqlite3.OperationalError)
        if path is not None and damaged:
            raise StateUnreadable(path, str(problem)) from problem
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables of a new database; check the format of an old one."""
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in TABLES.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
    elif version != VERSION:
        raise sqlite3.DatabaseError(f"it has format {version}, this version of azlabs reads format {VERSION}")
    connection.execute("COMMIT")


def rollback_format(image: bytes) -> bytes:
    """A database image whose header does not ask for WAL (bytes 18 and 19 of SQLite's file format)."""
    return image[:18] + b"\x01\x01" + image[20:]
