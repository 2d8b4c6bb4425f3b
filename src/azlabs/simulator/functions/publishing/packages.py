"""The deployed content of an app: found where Azure keeps it, unpacked once per content."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from azlabs.files import locked
from azlabs.simulator.functions.model import FunctionProblem, Package
from azlabs.simulator.functions.publishing import archives, loop, stores

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

KEPT = 24
"""Unpacked packages that stay on disk beside those in use."""


@dataclass(frozen=True, slots=True)
class _Seen:
    generation: object
    stamp: str
    package: Package | None
    problem: str


_seen: dict[tuple[int, str], _Seen] = {}
"""What was found at the last look, by simulator and site."""
_lock = threading.Lock()


def current(simulator: Simulator, home: Path, site_id: str) -> Package | None:
    """The package that an app is to run now; None when there is none, or when it cannot be had (see `problem`). Never raises."""
    return _look(simulator, home, site_id).package


def problem(simulator: Simulator, home: Path, site_id: str) -> str:
    """Why an app that was published has no package: a sentence, "" when nothing is wrong."""
    return _look(simulator, home, site_id).problem


def _look(simulator: Simulator, home: Path, site_id: str) -> _Seen:
    key = (id(simulator), site_id.lower())
    running = loop.of_site(simulator, site_id)
    if running is not None:
        return _Seen(None, "", running.package, "")
    with simulator.store.lock:
        generation = (simulator.store.generation(), home)
    before = _seen.get(key)
    if before is not None and before.generation == generation and _there(before):
        return before
    try:
        found = _find(simulator, home, site_id, generation, before)
    except (FunctionProblem, archives.Unusable) as refusal:
        found = _Seen(generation, "", None, str(refusal))
    with _lock:
        if len(_seen) > 200:
            _seen.clear()
        _seen[key] = found
    return found


def _there(seen: _Seen) -> bool:
    return seen.package is None or seen.package.folder.is_dir()


def _find(simulator: Simulator, home: Path, site_id: str, generation: object, before: _Seen | None) -> _Seen:
    store = stores.store_of(simulator, home, site_id)
    stamp = store.stamp()
    if not stamp:
        return _Seen(generation, "", None, "")
    stamp = f"{type(store).__name__} {stamp}"
    if before is not None and before.stamp == stamp and before.package is not None and _there(before):
        return _Seen(generation, stamp, before.package, "")
    with store.read() as file:
        digest = archives.digest(file)
        folder = home / "functions" / "_packages" / digest[:32]
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with locked(folder.parent / ".lock"):
                if not folder.is_dir():
                    archives.unpack(file, folder)
                    _sweep(folder)
    with contextlib.suppress(OSError):
        os.utime(folder)
    return _Seen(generation, stamp, Package(folder, digest), "")


def _sweep(fresh: Path) -> None:
    """Delete what was unpacked long ago and is not what an app of this process runs."""
    used = {seen.package.folder for seen in list(_seen.values()) if seen.package is not None} | {fresh}
    folders = [one for one in fresh.parent.iterdir() if one.is_dir() and one not in used]
    for old in sorted(folders, key=lambda one: -one.stat().st_mtime)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
