"""The log of a function app: one JSON object a line, bounded on disk, read by other processes as it grows.

Each line is {"time": seconds, "level", "function", "invocation", "text"}; levels as Azure's: Trace, Debug, Information, ...
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_BYTES = 2_000_000
"""Of each of the two files."""
LINE = 32_768
LOOK_SECONDS = 0.2


def folder_of(home: Path, app: str) -> Path:
    """Where the host keeps what belongs to an app."""
    return home / "functions" / app.lower()


class Log:
    """Writes the lines of one app; for any thread."""

    def __init__(self, home: Path, app: str) -> None:
        self._folder = folder_of(home, app)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = self._folder / "log.jsonl"
        self._lock = threading.Lock()
        self._file = self._open()
        self._size = self._path.stat().st_size

    def _open(self) -> Any:
        return os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)

    def write(self, level: str, text: str, function: str = "", invocation: str = "", at: float | None = None) -> None:
        """Append a line."""
        line = {
            "time": round(at or time.time(), 6),
            "level": level,
            "function": function,
            "invocation": invocation,
            "text": text[:LINE],
        }
        raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._size + len(raw) > MOST_BYTES:
                self._file.close()
                self._path.replace(self._path.with_name("log.1.jsonl"))
                self._file, self._size = self._open(), 0
            self._file.write(raw)
            self._size += len(raw)

    def close(self) -> None:
        """The lines stay."""
        with self._lock:
            self._file.close()


def lines(home: Path, app: str) -> list[dict[str, Any]]:
    """The lines that are kept of an app, oldest first."""
    found: list[dict[str, Any]] = []
    for name in ("log.1.jsonl", "log.jsonl"):
        with contextlib.suppress(OSError):
            found += _parsed((folder_of(home, app) / name).read_bytes())
    return found


def follow(
    home: Path, app: str, *, last: int = 0, ended: threading.Event | None = None, idle: bool = False
) -> Iterator[dict[str, Any]]:
    """The `last` lines that are there, then each new one as it is written, until `ended` is set; with `idle` an empty one at
    each look that finds nothing new."""
    path = folder_of(home, app) / "log.jsonl"
    place, raw = _identity(path), b""
    with contextlib.suppress(OSError):
        raw = path.read_bytes()
    offset = raw.rfind(b"\n") + 1
    if last:
        older = b""
        with contextlib.suppress(OSError):
            older = path.with_name("log.1.jsonl").read_bytes()
        yield from (_parsed(older) + _parsed(raw[:offset]))[-last:]
    rest = b""
    ended = ended or threading.Event()
    while not ended.is_set():
        now = _identity(path)
        if now != place:
            place, offset, rest = now, 0, b""
        if now is not None:
            with contextlib.suppress(OSError), path.open("rb") as file:
                file.seek(offset)
                new = file.read()
                offset += len(new)
                whole, _, rest = (rest + new).rpartition(b"\n")
                yield from _parsed(whole)
        if idle:
            yield {}
        ended.wait(LOOK_SECONDS)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _parsed(raw: bytes) -> list[dict[str, Any]]:
    found = []
    for line in raw.splitlines():
        with contextlib.suppress(ValueError):
            one = json.loads(line)
            if isinstance(one, dict):
                found.append(one)
    return found
