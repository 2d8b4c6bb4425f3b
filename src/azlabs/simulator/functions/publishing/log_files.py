"""The log of an app as its deployment engine shows it: a stream that goes on, and files that can be read from any place."""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions import log
from azlabs.simulator.http import Answer, CaseInsensitive, LiveAnswer, json_answer

if TYPE_CHECKING:
    from azlabs.simulator.functions.publishing.scm import Asked

FOLDER = "/api/vfs/logfiles/application/functions/host"
FILES = ("log.1.jsonl", "log.jsonl")
"""Older lines and newer ones; one JSON object a line, as `functions.log` writes them."""
LAST = 20
"""Lines from before that a stream begins with."""
SILENCE_SECONDS = 60.0
_RANGE = re.compile(r"bytes=(\d{1,15})-")


def stream(asked: Asked) -> Answer:
    """The last lines, and then each new one: what `az webapp log tail` reads."""
    ended = threading.Event()
    found = log.follow(asked.home, asked.app, last=LAST, ended=ended, idle=True)
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    head = f"{moment}  Welcome, you are now connected to log-streaming service.\r\n"
    head += "".join(line(one) for one in itertools.takewhile(bool, found))
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-cache"}
    return LiveAnswer(200, headers, head.encode("utf-8", "replace"), _lines(found, ended))


def _lines(found: Iterator[dict[str, Any]], ended: threading.Event) -> Iterator[bytes]:
    """New lines, and a word when there is none for a while, so that a listener who has left is noticed."""
    quiet = time.monotonic()
    try:
        for one in found:
            if one:
                quiet = time.monotonic()
                yield line(one).encode("utf-8", "replace")
            elif time.monotonic() - quiet > SILENCE_SECONDS:
                quiet = time.monotonic()
                yield b"No new trace in the past 1 min(s).\r\n"
    finally:
        ended.set()


def line(one: Mapping[str, Any]) -> str:
    """A line of the log as text."""
    moment = datetime.fromtimestamp(float(one.get("time", 0)), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return f"{moment}Z   [{one.get('level', 'Information')}]   {one.get('text', '')}\r\n"


def browse(asked: Asked) -> Answer:
    """The folder of log files, or one of them, from a byte on (`Range: bytes=N-`). The ETag changes when a file begins anew."""
    folder = log.folder_of(asked.home, asked.app)
    if asked.path == FOLDER:
        return json_answer([_entry(folder / name, asked) for name in FILES if (folder / name).is_file()])
    name = asked.path.removeprefix(FOLDER + "/")
    if not asked.path.startswith(FOLDER + "/") or name not in FILES:
        return Answer(404, {"Content-Type": "text/plain"}, b"There is no such log file.")
    return _part(folder / name, CaseInsensitive(asked.request.headers).get("range", ""))


def _entry(path: Path, asked: Asked) -> dict[str, Any]:
    found = path.stat()
    written = datetime.fromtimestamp(found.st_mtime, UTC).isoformat()
    href = f"https://{asked.name}/api/vfs/LogFiles/Application/Functions/Host/{path.name}"
    return {"name": path.name, "size": found.st_size, "mtime": written, "crtime": written, "mime": "application/x-ndjson", "href": href}


def _part(path: Path, range: str) -> Answer:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            headers = {"Content-Type": "application/x-ndjson", "ETag": f'"{found.st_dev:x}-{found.st_ino:x}"'}
            wanted = _RANGE.fullmatch(range.strip())
            start = int(wanted[1]) if wanted else 0
            if wanted and start >= found.st_size:
                return Answer(416, {**headers, "Content-Range": f"bytes */{found.st_size}"})
            file.seek(start)
            body = file.read(found.st_size - start)
    except OSError:
        return Answer(404, {"Content-Type": "text/plain"}, b"There is no such log file.")
    if not wanted:
        return Answer(200, headers, body)
    return Answer(206, {**headers, "Content-Range": f"bytes {start}-{found.st_size - 1}/{found.st_size}"}, body)
