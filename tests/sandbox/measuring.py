"""Counting what a command costs: sequential round trips, and seconds on a virtual clock.

Both look at the same thing, the moments when every thread of the command waits for an answer. A round trip ends when all
requests that are on their way are answered at once; the clock moves when everybody sleeps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from azlabs.cloud.memory import ScratchCloud
from azlabs.simulator.clock import Clock
from azlabs.simulator.resource_manager.operations import FOLDERS

QUIET_SECONDS = 0.03


def is_poll(url: str) -> bool:
    """Whether a request asks how far a long-running operation is: its pace is Azure's."""
    parts = url.split("?", 1)[0].lower().split("/")
    return len(parts) > 2 and parts[-2] in FOLDERS


class Rounds:
    """Holds requests back until nobody sends another one, and lets them go together: one round trip."""

    def __init__(self, cloud: ScratchCloud) -> None:
        self.count = 0
        self.requests = 0
        self.of_round: list[list[str]] = []
        self._cloud = cloud
        self._handle = cloud.simulator.handle
        self._gate = threading.Condition()
        self._waiting: list[str] = []
        self._last = time.monotonic()
        self._over = False

    def __enter__(self) -> Rounds:
        self._cloud.simulator.handle = self._hold  # type: ignore[method-assign]
        threading.Thread(target=self._pump, daemon=True).start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._cloud.simulator.handle = self._handle  # type: ignore[method-assign]
        with self._gate:
            self._over = True
            self._gate.notify_all()

    def _hold(self, request: Any) -> Any:
        if not is_poll(request.url):
            with self._gate:
                mine = self.count
                self.requests += 1
                self._waiting.append(f"{request.method} {request.url.split('?', 1)[0].rpartition('/')[2]}")
                self._last = time.monotonic()
                while self.count == mine and not self._over:
                    self._gate.wait()
        answer = self._handle(request)
        self._last = time.monotonic()
        return answer

    def _pump(self) -> None:
        while not self._over:
            time.sleep(QUIET_SECONDS / 4)
            with self._gate:
                if self._waiting and time.monotonic() - self._last > QUIET_SECONDS:
                    self.count += 1
                    self.of_round.append(sorted(self._waiting))
                    self._waiting = []
                    self._gate.notify_all()


class StoppedClock(Clock):
    """Stands still until it is moved."""

    def now(self) -> float:
        return self.offset


class VirtualTime:
    """Sleeping costs nothing: when everybody sleeps, the clock goes on to the end of the next operation."""

    def __init__(self, cloud: ScratchCloud) -> None:
        self._cloud = cloud
        self._simulator = cloud.simulator
        self._clock = StoppedClock(time.time())
        self._simulator.clock = self._simulator.resource_manager.clock = self._clock
        self._place = cloud.place
        self._handle = cloud.simulator.handle
        self._began = self._clock.now()
        self._gate = threading.Condition()
        self._asleep = 0
        self._busy = 0
        self._turn = 0
        self._last = time.monotonic()
        self._over = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self._clock.now() - self._began

    def __enter__(self) -> VirtualTime:
        self._simulator.resource_manager.set_latency(real=True)
        self._simulator.handle = self._watch  # type: ignore[method-assign]
        self._place.sleep = self._sleep
        self._cloud._arm = None  # it has taken the sleep of before
        threading.Thread(target=self._pump, daemon=True).start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._simulator.handle = self._handle  # type: ignore[method-assign]
        with self._gate:
            self._over = True
            self._gate.notify_all()

    def _watch(self, request: Any) -> Any:
        with self._gate:
            self._busy += 1
        try:
            return self._handle(request)
        finally:
            with self._gate:
                self._busy -= 1
                self._last = time.monotonic()

    def _sleep(self, _seconds: float) -> None:
        with self._gate:
            turn = self._turn
            self._asleep += 1
            self._last = time.monotonic()
            while self._turn == turn and not self._over:
                self._gate.wait()
            self._asleep -= 1

    def _pump(self) -> None:
        while not self._over:
            time.sleep(QUIET_SECONDS / 4)
            with self._gate:
                if self._asleep and not self._busy and time.monotonic() - self._last > QUIET_SECONDS:
                    self._clock.offset = max(self._clock.offset, self._next_end())
                    self._turn += 1
                    self._last = time.monotonic()
                    self._gate.notify_all()

    def _next_end(self) -> float:
        with self._simulator.store.lock:
            rows = self._simulator.store.sql.execute(
                "SELECT MIN(ready) FROM operations WHERE finished IS NULL AND ready>?", (self._clock.now(),)
            ).fetchall()
        return float(rows[0][0]) if rows and rows[0][0] is not None else self._clock.now() + 1


def least(attempts: int, measure: Callable[[], float], good_enough: Callable[[], float]) -> float:
    """The smallest of some measurements: a slow machine makes them larger, never smaller."""
    best = measure()
    for _ in range(attempts - 1):
        if best <= good_enough():
            break
        best = min(best, measure())
    return best
