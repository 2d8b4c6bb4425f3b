"""The broker of a simulator in this process: one, started when it is first needed, whoever needs it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.service_bus.service import ServiceBus

_lock = threading.Lock()
_running: WeakKeyDictionary[Simulator, ServiceBus] = WeakKeyDictionary()


def broker_of(simulator: Simulator) -> ServiceBus:
    """The running broker of a simulator; started without ports when there is none yet.

    Raises RuntimeError for a state file whose station is in another process: messages have one broker.
    """
    from azlabs.simulator.data_planes.service_bus import doorway
    from azlabs.simulator.data_planes.service_bus.service import ServiceBus

    with _lock:
        found = _running.get(simulator)
        if found is None or not found.alive:
            if simulator.store.path is not None and doorway.door_of(simulator) is None:
                raise RuntimeError("The messages of a state file are in the hands of the process that holds its station.")
            found = _running[simulator] = ServiceBus(simulator, ports=False)
        return found


def running(simulator: Simulator) -> ServiceBus | None:
    """The broker, if it runs in this process."""
    found = _running.get(simulator)
    return found if found is not None and found.alive else None


def adopt(simulator: Simulator, bus: ServiceBus) -> None:
    """A broker that was started elsewhere is the one of this simulator."""
    with _lock:
        _running[simulator] = bus


def end(simulator: Simulator) -> None:
    """End the broker of a simulator, if it runs in this process."""
    with _lock:
        found = _running.pop(simulator, None)
    if found is not None:
        found.close()
