"""The broker's ports, open from the start; the broker itself starts with the first client, or at once when it has something to do.

Light: a host process that nobody asks for Service Bus does not even import it.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.service_bus.service import ServiceBus

JOURNAL = "service_bus.sqlite"
_RUNNING = "azlabs.simulator.data_planes.service_bus.running"
_doors: WeakKeyDictionary[Simulator, Doorway] = WeakKeyDictionary()
_log = logging.getLogger(__name__)


def door_of(simulator: Simulator) -> Doorway | None:
    """The ports of a simulator's broker in this process."""
    return _doors.get(simulator)


def _bound(port: int) -> socket.socket:
    """A socket on the port of the host before, so that open programs find it again; else on any."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError:
        return socket.create_server(("127.0.0.1", 0), backlog=128)


class Doorway:
    """`tls_port`: amqps, `port`: amqp. `folder` keeps the private authority."""

    def __init__(self, simulator: Simulator, folder: Path, tls_port: int = 0, port: int = 0) -> None:
        self._simulator, self._folder = simulator, folder
        self._sockets = (_bound(tls_port), _bound(port))
        self.tls_port, self.port = (int(one.getsockname()[1]) for one in self._sockets)
        self._wake, self._woken = socket.socketpair()
        self._service: ServiceBus | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._wait, name="azlabs-service-bus-door", daemon=True)
        _doors[simulator] = self
        self._thread.start()

    @property
    def used(self) -> float:
        """`time.monotonic()` when a client was last heard."""
        return self._service.used if self._service is not None else 0.0

    def _wait(self) -> None:
        path = self._simulator.store.path
        if path is None or not path.with_name(JOURNAL).exists():
            select.select([*self._sockets, self._woken], [], [])
        if self._closing:
            return
        try:
            from azlabs.simulator import certificates
            from azlabs.simulator.data_planes.service_bus import running

            self._service = service = running.broker_of(self._simulator)
            service.open_ports(certificates.certificate(self._folder), self._sockets)
        except Exception:
            _log.exception("the Service Bus broker could not be started")

    def close(self) -> None:
        """End the broker when it runs, and free the ports."""
        self._closing = True
        if _doors.get(self._simulator) is self:
            del _doors[self._simulator]
        self._wake.send(b".")
        self._thread.join(timeout=10)
        running = sys.modules.get(_RUNNING)
        if running is not None:
            running.end(self._simulator)
        for one in (*self._sockets, self._wake, self._woken):
            with contextlib.suppress(OSError):
                one.close()
