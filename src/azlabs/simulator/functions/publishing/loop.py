"""The code loop: for as long as somebody asks for it, an app runs from a folder in place of what is deployed.

Whoever runs the loop says so again and again; when it falls silent, the deployed app comes back.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions.model import FunctionProblem, Package

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

SILENT_SECONDS = 10.0


@dataclass(slots=True)
class Loop:
    """`digest` changes with the files; `debugger`: the port on which the app waits for one, 0 for none."""

    folder: Path
    digest: str
    debugger: int = 0
    heard: float = 0.0

    @property
    def package(self) -> Package:
        """What the app runs."""
        return Package(self.folder, f"loop-{self.digest}-{self.debugger}")


_loops: dict[tuple[int, str], Loop] = {}
_lock = threading.Lock()


def of_site(simulator: Simulator, site_id: str) -> Loop | None:
    """The loop that an app is in."""
    return _loops.get((id(simulator), site_id.lower()))


def of_package(package: Package) -> Loop | None:
    """The loop that a package belongs to."""
    return next((one for one in list(_loops.values()) if one.package == package), None)


def ask(simulator: Simulator, site_id: str, body: bytes, changed: Callable[[], None]) -> None:
    """Begin a loop, say that it goes on, or that the files are others: {"folder", "digest", "debugger"}. Raises `FunctionProblem`."""
    wanted = _read(body)
    key = (id(simulator), site_id.lower())
    with _lock:
        before = _loops.get(key)
        wanted.heard = time.monotonic()
        _loops[key] = wanted
    if before is None or before.package != wanted.package:
        _tell(simulator, changed)
    if before is None:
        threading.Thread(target=_watch, args=(simulator, key, changed), name="azlabs-loop", daemon=True).start()


def give_back(simulator: Simulator, site_id: str, changed: Callable[[], None]) -> None:
    """End a loop: the deployed app runs again."""
    with _lock:
        found = _loops.pop((id(simulator), site_id.lower()), None)
    if found is not None:
        _tell(simulator, changed)


def _watch(simulator: Simulator, key: tuple[int, str], changed: Callable[[], None]) -> None:
    while True:
        time.sleep(SILENT_SECONDS / 10)
        with _lock:
            found = _loops.get(key)
            if found is None:
                return
            if time.monotonic() - found.heard < SILENT_SECONDS:
                continue
            del _loops[key]
        _tell(simulator, changed)
        return


def _tell(simulator: Simulator, changed: Callable[[], None]) -> None:
    """Let the host look: nothing in the store has changed, so its generation is moved."""
    with simulator.store.lock:
        simulator.store.changes += 1
    changed()


def _read(body: bytes) -> Loop:
    try:
        found: Any = json.loads(body)
        loop = Loop(Path(str(found["folder"])), str(found["digest"]), int(found.get("debugger") or 0))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FunctionProblem("The code loop takes a folder and the digest of its files.") from None
    if not loop.folder.is_absolute() or not loop.folder.is_dir():
        raise FunctionProblem(f"There is no folder {loop.folder}.")
    if not 0 <= loop.debugger < 65536:
        raise FunctionProblem(f"{loop.debugger} is not a port.")
    if loop.debugger:
        from importlib.util import find_spec

        if find_spec("debugpy") is None:
            raise FunctionProblem("A debugger needs the package debugpy beside azlabs: pip install debugpy.")
    return loop
