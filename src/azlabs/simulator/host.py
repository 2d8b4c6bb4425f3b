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

from azlabs.files import write_private
from azlabs.simulator import Simulator
from azlabs.simulator.station import Station, read_record, record_path

IDLE_SECONDS = 30 * 60.0
LOOK_SECONDS = 1.0
CLOSE_SECONDS = 8.0
START_LOOK_SECONDS = 0.005


class Host:
    """A station on the simulator of a home, and when it has to end."""

    def __init__(self, home: Path, ports: dict[str, int]) -> None:
        self._home = home
        self._leave = threading.Event()
        (home / "simulator").mkdir(parents=True, exist_ok=True, mode=0o700)
        self.simulator = Simulator(home / "simulator" / "state.sqlite")
        self.station = Station(self.simulator, home, ports)

    def run(self) -> None:
        """Answer until there is a reason to leave; removes the record when it is still this host's."""
        path = self.station.publish()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        while not self._leave.wait(LOOK_SECONDS):
            if time.monotonic() - self.station.used > IDLE_SECONDS or not self._is_mine(path):
                break
        _end_even_if_stuck()
        self.station.close()
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
    record = host.station.record()
    write_private(ports, json.dumps({name: port for name, port in record.items() if name.endswith("_port")}))
    host.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
