"""What of a simulator needs memory or a port: the https listener, the proxy, the ports of Service Bus, the Functions host.

The host process is a station with a life of its own; a proof or a test opens one in its own process.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.files import write_private
from azlabs.simulator.attendant import unattended
from azlabs.simulator.data_planes.service_bus.doorway import Doorway
from azlabs.simulator.http import Answer, Request, split_url
from azlabs.simulator.proxy import Proxy
from azlabs.simulator.served import AZURE, SERVED
from azlabs.simulator.server import Listener, serve

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.functions import FunctionsHost

LOOK_SECONDS = 0.25
_SITES = "microsoft.web/sites"
_log = logging.getLogger(__name__)


class Station:
    """Attends one simulator until `close`. `home`: where it keeps its authority and tells how to reach it."""

    def __init__(self, simulator: Simulator, home: Path, ports: Mapping[str, int] | None = None) -> None:
        """`ports`: those of the station before, so that open programs find it again; others are taken when they are not free."""
        ports = ports or {}
        self.simulator = simulator
        self.home = home
        self._used = time.monotonic()
        self._listener = self._listen(ports.get("https_port", 0))
        self._proxy = self._open_proxy(ports.get("proxy_port", 0))
        self.messages = Doorway(simulator, home / "tls", ports.get("amqps_port", 0), ports.get("amqp_port", 0))
        self._functions: FunctionsHost | None = None
        self._functions_lock = threading.Lock()
        self._closing = threading.Event()
        self._told = threading.Event()
        simulator.attendant = self
        self._watcher = threading.Thread(target=self._watch, name="azlabs-station", daemon=True)
        self._watcher.start()

    def _listen(self, port: int) -> Listener:
        folder = self.home / "tls"
        try:
            listener = serve(self.simulator, port, folder=folder)
        except OSError:
            listener = serve(self.simulator, 0, folder=folder)
        listener.on_request = self._touch
        return listener

    def _open_proxy(self, port: int) -> Proxy:
        try:
            return Proxy(self._answer_plain, self._listener.port, port)
        except OSError:
            return Proxy(self._answer_plain, self._listener.port)

    def _answer_plain(self, request: Request) -> Answer:
        self._touch()
        return self.simulator.handle(request)

    def _touch(self) -> None:
        self._used = time.monotonic()

    @property
    def used(self) -> float:
        """`time.monotonic()` when it was last needed. A function app that waits for events keeps nothing awake."""
        return max(self._used, self.messages.used)

    def record(self) -> dict[str, Any]:
        """What clients need: {"pid", "started", "https_port", "proxy_port", "authority", "served", "azure", ...}."""
        owner, secret = self.simulator.sign_in_secret(self.simulator.tokens.owner.object_id)
        return {
            "pid": os.getpid(),
            "started": process_started(os.getpid()),
            "https_port": self._listener.port,
            "proxy_port": self._proxy.port,
            "amqps_port": self.messages.tls_port,
            "amqp_port": self.messages.port,
            "authority": str(self._listener.authority),
            "served": list(SERVED),
            "azure": list(AZURE),
            "tenant_id": owner.tenant_id,
            "owner": {"client_id": owner.app_id, "name": owner.name, "secret": secret},
        }

    def publish(self) -> Path:
        """Write the record where clients of this home look for it."""
        path = record_path(self.home)
        write_private(path, json.dumps(self.record(), indent=1))
        return path

    # --- function apps ---------------------------------------------------------------------------------------------------
    @property
    def functions(self) -> FunctionsHost:
        """The Functions host, made at first need."""
        with self._functions_lock:
            if self._functions is None:
                from azlabs.simulator.functions import FunctionsHost

                self._functions = FunctionsHost(self)
            return self._functions

    def answer(self, request: Request, path: str, query: str) -> Answer:
        """A request to a function app or to its deployment site."""
        if self._closing.is_set():
            return unattended(split_url(request.url)[0])
        return self.functions.answer(request, path, query)

    def needed(self) -> None:
        """Look soon at what has to run."""
        self._told.set()

    def _watch(self) -> None:
        """Tell the Functions host of every change, whichever process made it."""
        seen: object = None
        while not self._closing.is_set():
            with self.simulator.store.lock:
                now = self.simulator.store.generation()
            if now != seen or self._told.is_set():
                self._told.clear()
                seen = now
                try:
                    if self._functions is not None or self._any_app():
                        self.functions.changed()
                except Exception:
                    _log.exception("the function apps could not be looked at")
            self._told.wait(LOOK_SECONDS)

    def _any_app(self) -> bool:
        return any("functionapp" in str(row.body.get("kind", "")) for row in self._sites())

    def _sites(self) -> Any:
        with self.simulator.store.lock:
            return list(self.simulator.store.select("type = ?", (_SITES,)))

    def close(self) -> None:
        """End everything: function apps first, since they use the rest."""
        self._closing.set()
        self._told.set()
        self._watcher.join(timeout=10)
        if self._functions is not None:
            self._functions.close()
        self._proxy.close()
        self.messages.close()
        self._listener.close()
        if self.simulator.attendant is self:
            self.simulator.attendant = None


def record_path(home: Path) -> Path:
    """Where the station of a home tells how to reach it."""
    return home / "run" / "host.json"


def read_record(path: Path) -> dict[str, Any] | None:
    """The record; None when there is none or it cannot be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def process_started(pid: int) -> str:
    """When a process started, as an opaque text that differs for another process of the same number; "" if unknown."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
