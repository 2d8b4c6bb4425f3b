"""The host process of one home: the https listener, the proxy, the ports of Service Bus, whatever needs memory or a port.

    python -m azlabs.simulator.host HOME

It writes `run/host.json` (0600) when it answers, and leaves when it was not used for a while, when it is told to, or when
another host has taken its place. A crash loses connections only: all state is in the store.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from azlabs.files import write_private
from azlabs.simulator import Answer, Request, Simulator
from azlabs.simulator.data_planes.service_bus.doorway import Doorway
from azlabs.simulator.proxy import Proxy
from azlabs.simulator.served import AZURE, SERVED
from azlabs.simulator.server import Listener, serve

IDLE_SECONDS = 30 * 60.0
LOOK_SECONDS = 1.0
CLOSE_SECONDS = 8.0
START_LOOK_SECONDS = 0.005


class Host:
    """Everything that runs in the process, and when it was last used."""

    def __init__(self, home: Path, ports: dict[str, int]) -> None:
        self._home = home
        self._used = time.monotonic()
        self._leave = threading.Event()
        (home / "simulator").mkdir(parents=True, exist_ok=True, mode=0o700)
        self.simulator = Simulator(home / "simulator" / "state.sqlite")
        self._listener = self._listen(ports.get("https_port", 0))
        self._proxy = self._open_proxy(ports.get("proxy_port", 0))
        self._messages = Doorway(self.simulator, home / "tls", ports.get("amqps_port", 0), ports.get("amqp_port", 0))

    def _listen(self, port: int) -> Listener:
        """The listener on the port of the host before, so that open programs find it again; else on any."""
        folder = self._home / "tls"
        try:
            listener = serve(self.simulator, port, folder=folder)
        except OSError:
            listener = serve(self.simulator, 0, folder=folder)
        listener.on_request = self._touch
        return listener

    def _open_proxy(self, port: int) -> Proxy:
        try:
            return Proxy(self._answer, self._listener.port, port)
        except OSError:
            return Proxy(self._answer, self._listener.port)

    def _answer(self, request: Request) -> Answer:
        self._touch()
        return self.simulator.handle(request)

    def _touch(self) -> None:
        self._used = time.monotonic()

    def record(self) -> dict[str, Any]:
        """What clients need: {"pid", "started", "https_port", "proxy_port", "authority", "served", "azure", ...}."""
        owner, secret = self.simulator.sign_in_secret(self.simulator.tokens.owner.object_id)
        return {
            "pid": os.getpid(),
            "started": process_started(os.getpid()),
            "https_port": self._listener.port,
            "proxy_port": self._proxy.port,
            "amqps_port": self._messages.tls_port,
            "amqp_port": self._messages.port,
            "authority": str(self._listener.authority),
            "served": list(SERVED),
            "azure": list(AZURE),
            "tenant_id": owner.tenant_id,
            "owner": {"client_id": owner.app_id, "name": owner.name, "secret": secret},
        }

    def run(self) -> None:
        """Answer until there is a reason to leave; removes the record when it is still this host's."""
        path = record_path(self._home)
        write_private(path, json.dumps(self.record(), indent=1))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        while not self._leave.wait(LOOK_SECONDS):
            if time.monotonic() - max(self._used, self._messages.used) > IDLE_SECONDS or not self._is_mine(path):
                break
        _end_even_if_stuck()
        self._proxy.close()
        self._messages.close()
        self._listener.close()
        self.simulator.close()
        if self._is_mine(path):
            path.unlink(missing_ok=True)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self._leave.set()

    def _is_mine(self, path: Path) -> bool:
        found = read_record(path)
        return found is not None and found.get("pid") == os.getpid()


def _end_even_if_stuck() -> None:
    """A part that does not close in time must not keep the process: all state that was answered is on disk."""
    timer = threading.Timer(CLOSE_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()


def record_path(home: Path) -> Path:
    """Where the host of a home tells how to reach it."""
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


def main(arguments: list[str]) -> int:
    """Run the host of the home that is named, in a process of its own that nobody has to wait for.

    Returns in the calling process when the host answers (0) or could not start (1).
    """
    home = Path(arguments[0])
    child = os.fork()
    if child:
        return _await(home, child)
    os.setsid()
    _serve(home)
    return 0


def _await(home: Path, child: int) -> int:
    """Wait until the forked host has written its record, or died."""
    path = record_path(home)
    while True:
        found = read_record(path)
        if found is not None and found.get("pid") == child:
            return 0
        if os.waitpid(child, os.WNOHANG)[0]:
            return 1
        time.sleep(START_LOOK_SECONDS)


def _serve(home: Path) -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    ports = home / "run" / "ports.json"
    before = read_record(ports) or {}
    host = Host(home, {name: port for name, port in before.items() if isinstance(port, int)})
    record = host.record()
    write_private(ports, json.dumps({name: port for name, port in record.items() if name.endswith("_port")}))
    host.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
