"""The simulator of a home as a server for other programs: serve it, see what it holds, empty it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azlabs.cloud.simulator import connect, open_simulator, state_file
from azlabs.errors import AzlabsError
from azlabs.home import home as default_home
from azlabs.home import not_writable, writable_folder

_GROUPS_API = "2024-11-01"
_RESOURCES_API = "2021-04-01"
_STATE_SUFFIXES = ("", "-wal", "-shm")


class SimulatorServed(AzlabsError):
    """The simulator is being served, so it cannot be served again or emptied."""


class PortTaken(AzlabsError):
    """Another program listens on the port."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server at work: clients go to `url` and trust the PEM file `authority`."""

    url: str
    authority: Path
    pid: int
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SimulatorStatus:
    """What the simulator holds. `size_bytes` is that of its state file, 0 before the first use."""

    state: Path
    size_bytes: int
    resource_groups: tuple[str, ...]
    resources: int
    served: Served | None
    notices: tuple[str, ...] = ()


@contextmanager
def serve(port: int = 0, home: Path | None = None) -> Iterator[Served]:
    """Answer https requests on loopback while the block runs; 0: a free port. Raises SimulatorServed, PortTaken."""
    from azlabs.simulator import server

    home = home or default_home()
    running = _served(home)
    if running is not None:
        raise SimulatorServed(
            f"The simulator is being served already, on {running.url}.", action=f"Use it, or end process {running.pid}."
        )
    simulator, notices = open_simulator(home)
    try:
        try:
            listener = server.serve(simulator, port, folder=writable_folder(home / "tls"))
        except (OSError, OverflowError) as problem:
            raise PortTaken(
                f"Nothing can be served on port {port}: {problem}.", action="Choose another port, or none."
            ) from problem
        served = Served(listener.url, listener.authority, os.getpid(), tuple(notices))
        try:
            _announce(home, served)
            yield served
        finally:
            _announcement(home).unlink(missing_ok=True)
            listener.close()
    finally:
        simulator.close()


def status(home: Path | None = None) -> SimulatorStatus:
    """What the simulator of a home holds, and whether it is served. Makes nothing that is not there."""
    home = home or default_home()
    path = state_file(home)
    if not path.exists():
        return SimulatorStatus(path, 0, (), 0, _served(home))
    with connect(home) as cloud:
        scope = f"/subscriptions/{cloud.subscription_id}"
        groups = tuple(str(group["name"]) for group in cloud.items(f"{scope}/resourcegroups", _GROUPS_API))
        resources = sum(1 for _ in cloud.items(f"{scope}/resources", _RESOURCES_API))
        notices = tuple(cloud.notices)
    return SimulatorStatus(path, path.stat().st_size, groups, resources, _served(home), notices)


def reset(home: Path | None = None) -> bool:
    """Delete the simulator's state; whether there was any. Knows nothing of sandboxes, on Azure or here.

    Ends the host process of open shells, which starts again when it is needed. Raises SimulatorServed while somebody
    serves the simulator.
    """
    from azlabs.cloud import host
    from azlabs.simulator.data_planes.service_bus import journal

    home = home or default_home()
    running = _served(home)
    if running is not None:
        raise SimulatorServed(
            f"The simulator is being served on {running.url}.", action=f"End process {running.pid} first."
        )
    host.stop(home)
    path = state_file(home)
    existed = path.exists()
    for suffix in _STATE_SUFFIXES:
        try:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError as problem:
            raise not_writable(path, problem) from problem
    shutil.rmtree(path.with_name(path.name + ".blobs"), ignore_errors=True)
    journal.remove(path.parent)
    return existed


def _announcement(home: Path) -> Path:
    return home / "run" / "simulator.json"


def _announce(home: Path, served: Served) -> None:
    path = _announcement(home)
    writable_folder(path.parent)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"url": served.url, "authority": str(served.authority), "pid": served.pid}, file)


def _served(home: Path) -> Served | None:
    """The server that is announced, if its process lives."""
    try:
        told = json.loads(_announcement(home).read_text(encoding="utf-8"))
        served = Served(str(told["url"]), Path(told["authority"]), int(told["pid"]))
        os.kill(served.pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return served
