"""Entities that are deleted when nobody has used them for a while (autoDeleteOnIdle).

Use is sending, a receiver that is open, a request about messages, and a change of the entity. What happened before the broker
was started is not remembered: its start counts as use of everything.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.service_bus import control, namespaces

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.service_bus.broker import Broker, Place
    from azlabs.simulator.records import Resource

LOOK_SECONDS = 10.0
KINDS = (namespaces.QUEUE, namespaces.TOPIC, namespaces.SUBSCRIPTION)
_log = logging.getLogger(__name__)


class Idle:
    """Looks now and then for entities whose time is over."""

    def __init__(self, simulator: Simulator, broker: Broker) -> None:
        self._simulator, self._broker = simulator, broker
        self._start = broker.clock.now()
        self._looked = self._start
        self._limits: dict[str, tuple[float, float]] = {}
        """By the key of an entity with a limit: (seconds, when it was changed)."""
        self._seen: tuple[int, int] | None = None

    def look(self) -> None:
        """Delete what is due."""
        now = self._broker.clock.now()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        store = self._simulator.store
        if self._seen != store.generation():
            self._seen = store.generation()
            self._limits = {row.key: limit for kind in KINDS for row in store.of_type(kind) if (limit := _limit(row))}
        used = {place.entity.key: self._used(place, now) for place in self._broker.places.values()} if self._limits else {}
        for key, (idle, changed) in list(self._limits.items()):
            below = [when for one, when in used.items() if one == key or one.startswith(key + "/")]
            if now - max(self._start, changed, *below) < idle:
                continue
            row = store.get(key)
            answer = control.arm(self._simulator, "DELETE", row.id) if row is not None else None
            if answer is not None and answer.status >= 400:
                _log.warning("%s was idle and could not be deleted: %s", key, answer.body)

    def _used(self, place: Place, now: float) -> float:
        if any(box.receivers or box.waiting for box in place.boxes.values()):
            place.used = now
        return place.used


def _limit(row: Resource) -> tuple[float, float] | None:
    seconds = namespaces.seconds((row.body.get("properties") or {}).get("autoDeleteOnIdle"), None)
    return None if seconds is None else (seconds, row.changed)
