"""What is left: rows of the store, locks, files, processes, ports."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

from azlabs.cloud import host
from azlabs.cloud.simulator import state_file
from azlabs.sandbox.lock import is_held

_PATIENCE_SECONDS = 10.0


def rows(connection: sqlite3.Connection) -> dict[str, str]:
    """Every resource, assignment, lock, directory object and kept name: {key: digest of what it says}."""
    found = {
        key: hashlib.sha256(f"{body}{hidden}".encode()).hexdigest()
        for key, body, hidden in connection.execute("SELECT key, body, hidden FROM resources")
    }
    found |= {
        f"deleted {key}": "" for (key,) in connection.execute("SELECT key FROM deleted WHERE purge_at>?", (time.time(),))
    }
    return found


def rows_of(home: Path) -> dict[str, str]:
    """The same of the simulator of a home; nothing when it was never used."""
    path = state_file(home)
    if not path.exists():
        return {}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return rows(connection)


def left_over(home: Path, before: dict[str, str], record: dict[str, Any] | None = None) -> list[str]:
    """All that is there and was not before, or is not any more. `record`: that of the host that ran.

    Processes that a host has started are given some seconds to see that it has ended.
    """
    now = rows_of(home)
    found = [key for key in sorted(now.keys() | before.keys()) if now.get(key) != before.get(key)]
    folder = home / "sandboxes"
    found += [str(path) for path in folder.glob("*.json")] + [str(path) for path in folder.glob(".*.new")]
    end = time.monotonic() + _PATIENCE_SECONDS
    while processes := _processes(home):
        if time.monotonic() > end:
            found += processes
            break
        time.sleep(0.02)
    found += [f"lock {path}" for path in home.rglob("*.lock") if is_held(path)]
    if host.find(home) is not None:
        found.append("the host runs")
    for name, port in (record or {}).items():
        if name.endswith("_port") and _answers(port):
            found.append(f"port {port} ({name})")
    return found


def _processes(home: Path) -> list[str]:
    """Processes that were started for this home: its path is in their command, folder or environment."""
    found = []
    wanted = f"{home}/"
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if state == "Z":
                continue
            command = (entry / "cmdline").read_bytes()
            open_now = [str((entry / "cwd").readlink()) + "/", *_open_files(entry)]
            named = wanted in command.decode(errors="replace").replace("\0", "/") + "/"
            if named or any(file.startswith(wanted) for file in open_now):
                found.append(f"process {entry.name}: {command.replace(bytes(1), b' ').decode(errors='replace')[:120]}")
    return found


def _open_files(entry: Path) -> list[str]:
    found: list[str] = []
    with contextlib.suppress(OSError):
        for number in (entry / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(str(number.readlink()))
    return found


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
        return True
    return False
