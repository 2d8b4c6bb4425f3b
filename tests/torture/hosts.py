"""Host processes that start in no time: forked from a warm process that has opened nothing yet.

`begin()` forks that process; from then on `azlabs.cloud.host` starts hosts through it. A host may be told to kill itself at a
moment of its n-th request.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from azlabs.cloud import host

_zygote: socket.socket | None = None
next_point: list[Any] = []
"""The point at which the next host that starts dies: [number, moment]; empty for none."""


def begin() -> None:
    """Fork the warm process. Call it before this process has opened a database or started a thread."""
    global _zygote
    if _zygote is not None:
        return
    mine, theirs = socket.socketpair()
    if os.fork() == 0:
        mine.close()
        with contextlib.suppress(OSError):  # whoever asked was killed
            _serve(theirs)
        os._exit(0)
    theirs.close()
    _zygote = mine
    host._start = _start  # type: ignore[assignment]


def warm() -> None:
    """Import and do once what every command does, in memory, so that forks have it."""
    import importlib
    import pkgutil

    import azlabs.simulator.data_planes as planes
    import azlabs.simulator.functions as functions
    import azlabs.simulator.providers as providers
    from azlabs.catalog.labs import load_lab
    from azlabs.cloud import scratch
    from azlabs.sandbox.down import down
    from azlabs.sandbox.down_plan import plan_down
    from azlabs.sandbox.ledger import Ledger
    from azlabs.sandbox.solve import solve
    from azlabs.sandbox.up import up

    for package in (planes, functions, providers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".program" not in module.name:
                importlib.import_module(module.name)
    importlib.import_module("azlabs.simulator.host")
    importlib.import_module("azure.cosmos")
    lab = load_lab("az104-vnet-nsg")
    with tempfile.TemporaryDirectory() as folder, scratch() as cloud:
        ledger = Ledger(Path(folder))
        box = up(lab, cloud, ledger=ledger).sandbox
        solve(box, lab, cloud, ledger=ledger)
        down(plan_down(box, cloud), cloud, ledger=ledger)
    while threading.active_count() > 1:
        time.sleep(0.005)


def _start(home: Path, run: Path) -> dict[str, Any]:
    assert _zygote is not None
    point = list(next_point)
    next_point.clear()
    _zygote.sendall(json.dumps({"home": str(home), "point": point}).encode() + b"\n")
    _zygote.recv(1)
    record = host.find(home)
    if record is None:
        raise host.AzlabsError("The simulator's host process did not start.", code="HostNotStarted")
    return record


def _serve(connection: socket.socket) -> None:
    for line in connection.makefile("r"):
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            connection.close()
            _be_host(Path(asked["home"]), asked["point"])
            os._exit(0)
        os.waitpid(child, 0)
        connection.sendall(b".")


def _be_host(home: Path, point: list[Any]) -> None:
    from azlabs.simulator import host as program

    log = os.open(home / "run" / "host.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    counter = deadly(int(point[0]), str(point[1]), of_host=True, died=home / "died") if point else None
    program.main([str(home)])
    if counter is not None and len(point) > 2:
        Path(point[2]).write_text(f"{counter.number} {' '.join(map(str, sorted(counter.wrote)))}")


class Counter:
    """The requests of a process from outside, and which of them have written."""

    def __init__(self) -> None:
        self.number = 0
        self.wrote: set[int] = set()
        self._local = threading.local()
        self._lock = threading.Lock()

    def current(self) -> int:
        return int(getattr(self._local, "number", 0))

    def enter(self) -> int:
        with self._lock:
            self.number += 1
            self._local.number = self.number
            return self.number

    def leave(self) -> None:
        self._local.number = 0


def deadly(number: int = 0, moment: str = "", *, of_host: bool = False, died: Path | None = None) -> Counter:
    """Let this process kill itself before its n-th request is handled ("before"), once something of it or of a later one is
    committed ("commit"), or before its answer ("reply"). 0: only count."""
    from azlabs.simulator import Simulator
    from azlabs.simulator.store import Store

    def die() -> None:
        if died is not None:
            died.touch()
        os.kill(os.getpid(), signal.SIGKILL)

    counter = Counter()
    handle, commit = Simulator.handle, Store._commit

    def killing(self: Any, request: Any) -> Any:
        outside = not of_host or threading.current_thread().name == "azlabs-connection"
        if counter.current() or not outside:
            return handle(self, request)
        mine = counter.enter()
        try:
            if (mine, "before") == (number, moment):
                die()
            answer = handle(self, request)
            if (mine, "reply") == (number, moment):
                die()
            return answer
        finally:
            counter.leave()

    def committing(self: Any, depth: int) -> None:
        commit(self, depth)
        mine = counter.current()
        if mine and not depth:
            counter.wrote.add(mine)
            if moment == "commit" and mine >= number:
                die()

    Simulator.handle = killing  # type: ignore[method-assign]
    Store._commit = committing  # type: ignore[method-assign]
    return counter

