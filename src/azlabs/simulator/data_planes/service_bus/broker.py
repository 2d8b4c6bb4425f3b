"""The broker: what happens to messages between the one who sends and the one who receives.

One thread uses it. Whatever it says to clients is said after `Journal.commit`, see `connection.Server.flush`.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from azlabs.simulator.data_planes.service_bus import errors, namespaces
from azlabs.simulator.data_planes.service_bus.amqp.message import Message
from azlabs.simulator.data_planes.service_bus.box import ACTIVE, DEFERRED, SCHEDULED, Box, Budget, Held, Lock, Session
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.intake import prepared
from azlabs.simulator.data_planes.service_bus.journal import Journal
from azlabs.simulator.data_planes.service_bus.namespaces import Entity, Namespace
from azlabs.simulator.data_planes.service_bus.rules import matching

if TYPE_CHECKING:
    from azlabs.simulator.clock import Clock
    from azlabs.simulator.data_planes.service_bus.receivers import Receiver
    from azlabs.simulator.store import Store

MOST_HOPS = 4
DEAD_REASON, DEAD_DESCRIPTION = "DeadLetterReason", "DeadLetterErrorDescription"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Place:
    """An entity that somebody uses: its settings as they are now, and its boxes by letter."""

    namespace: Namespace
    entity: Entity
    boxes: dict[str, Box]
    used: float = 0.0
    """When somebody did something with it (seconds since the epoch)."""
    mark: object = None
    """What `namespaces.marks` said of its rows when they were read last."""


class Broker:
    """Entities by their id, locks by their token, and what is to happen when."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.journal = Journal(store)
        self.budget = Budget()
        self.locks: dict[UUID, Lock] = {}
        self.places: dict[str, Place] = {}
        self.dirty: set[Box] = set()
        """Boxes that may have something for their receivers."""
        self._timers: list[tuple[float, int, Callable[[], None], bool]] = []
        self._count = itertools.count()
        self._generation = store.generation()

    # --- entities -------------------------------------------------------------------------------------------------------
    def load(self) -> None:
        """Open every box that holds something, so that its timers run; drop what belonged to entities that are gone."""
        alive = {
            entity.id: (namespace, entity)
            for namespace in namespaces.all_namespaces(self.store)
            for entity in self._entities(namespace)
        }
        for id in self.journal.used():
            entity_id, _, letter = id.partition("#")
            if entity_id in alive:
                self.box(self.place(*alive[entity_id]), letter)
            else:
                self.journal.forget(id)

    def _entities(self, namespace: Namespace) -> list[Entity]:
        kinds = (namespaces.QUEUE, namespaces.TOPIC, namespaces.SUBSCRIPTION)
        return [
            namespaces.entity_of(namespace, row) for row in self.store.below(namespace.row.key) if row.type in kinds
        ]

    def find(self, namespace: Namespace, path: str) -> Place:
        """The entity at a path. Raises `Refusal` when there is none."""
        entity = namespaces.entity_at(self.store, namespace, path)
        if entity is None:
            raise errors.not_found(f"sb://{namespace.host}/{path}")
        return self.place(namespace, entity)

    def place(self, namespace: Namespace, entity: Entity) -> Place:
        """The place of an entity, with these settings."""
        found = self.places.get(entity.id)
        if found is None:
            found = self.places[entity.id] = Place(namespace, entity, {})
        else:
            found.namespace, found.entity = namespace, entity
        return found

    def place_now(self, place: Place) -> Place:
        """The same place while its entity is there. Raises `Refusal` when it is gone."""
        if place.entity.id not in self.places:
            raise errors.not_found(f"sb://{place.namespace.host}/{place.entity.path}")
        place.used = self.clock.now()
        return place

    def box(self, place: Place, letter: str = "") -> Box:
        """The messages of an entity, or its dead letters ("dead", "transfer")."""
        found = place.boxes.get(letter)
        if found is None:
            id = f"{place.entity.id}#{letter}" if letter else place.entity.id
            found = place.boxes[letter] = Box(id, self.journal, self.budget, self.clock.now())
            for held in found.held.values():
                self._watch(place, held)
        return found

    def generation_is_new(self) -> bool:
        """Has the control plane changed anything since this was asked before?"""
        generation = self.store.generation()
        is_new, self._generation = generation != self._generation, generation
        return is_new

    def reload(self) -> None:
        """The journal holds other messages than before: forget every lock, read all of it again."""
        self.locks.clear()
        self.budget.used = 0
        self._timers = [one for one in self._timers if not one[3]]
        heapq.heapify(self._timers)
        for place in self.places.values():
            for box in place.boxes.values():
                box.load(self.clock.now())
                for held in box.held.values():
                    self._watch(place, held)
                self.dirty.add(box)
        self.load()

    def refresh(self) -> list[Place]:
        """Read settings again; returns places whose entity is gone."""
        gone = []
        marks = namespaces.marks(self.store)
        for id, place in list(self.places.items()):
            mark = (marks.get(place.namespace.row.key), marks.get(place.entity.key))
            if mark == place.mark:
                continue
            place.mark = mark
            namespace = namespaces.namespace_named(self.store, place.namespace.name)
            entity = namespaces.entity_at(self.store, namespace, place.entity.path) if namespace is not None else None
            if namespace is None or entity is None or entity.id != id:
                gone.append(self.places.pop(id))
                for box in place.boxes.values():
                    self.journal.forget(box.id)
            elif entity != place.entity or namespace.row.etag != place.namespace.row.etag:
                place.namespace, place.entity = namespace, entity
                self._forward_waiting(place)
        return gone

    def _forward_waiting(self, place: Place) -> None:
        """Messages that were there before forwarding was switched on go on as well."""
        box = place.boxes.get("")
        if box is None or not place.entity.forward_to:
            return
        for held in [one for one in box.held.values() if one.state == ACTIVE and one.lock is None]:
            message = held.message()
            box.remove(held)
            self._accept(place, message, None, 0, held.origin)

    # --- sending --------------------------------------------------------------------------------------------------------
    def send(self, place: Place, messages: list[Message], due: float | None = None) -> list[int]:
        """Accept messages, all or none; returns their numbers. `due`: when they are to appear."""
        now, entity = self.clock.now(), place.entity
        place.used = now
        if entity.status in ("Disabled", "SendDisabled"):
            raise Refusal(
                errors.DISABLED, f"Messaging entity 'sb://{place.namespace.host}/{entity.path}' is currently disabled."
            )
        box = self.box(place)
        wishes = [prepared(place, message) for message in messages]
        if box.bytes + sum(len(message.raw) for message in messages) > entity.max_bytes:
            raise Refusal(errors.FULL, f"The maximum entity size has been reached or exceeded for '{entity.path}'.")
        numbers = []
        for message, (message_id, wanted) in zip(messages, wishes, strict=True):
            when = due if due is not None else wanted
            if entity.duplicates and message_id and box.is_duplicate(message_id, now, entity.duplicates):
                numbers.append(0)
                continue
            later = when if when is not None and when > now else None
            held = self._accept(place, message, later, 0, None)
            numbers.append(held.sequence if held is not None else 0)
        return numbers

    def _accept(self, place: Place, message: Message, due: float | None, hops: int, origin: int | None) -> Held | None:
        """Store a message where it belongs: here, later, in every subscription that wants it, or in a target of forwarding."""
        now, entity = self.clock.now(), place.entity
        if due is not None:
            session = message.value_of("group-id")
            held = self.box(place).put(
                message.raw,
                now,
                state=SCHEDULED,
                due=due,
                session=None if entity.is_topic or not entity.sessions else str(session),
            )
            self._watch(place, held)
            return held
        if entity.is_topic:
            self._publish(place, message, hops)
            return None
        if entity.forward_to:
            self._forward(place, entity.forward_to, message, hops, origin)
            return None
        session_id = message.value_of("group-id") if entity.sessions else None
        if entity.sessions and session_id is None:
            description = "Session enabled entity doesn't allow a message whose session id is null."
            self.dead_letter(place, message, "Session id is null.", description)
            return None
        ttl = min((one for one in (message.ttl, entity.ttl) if one is not None), default=None)
        box = self.box(place)
        held = box.put(
            message.raw, now, expires=now + ttl if ttl is not None else None, origin=origin,
            session=str(session_id) if session_id is not None else None,
        )  # fmt: skip
        self._watch(place, held)
        self.dirty.add(box)
        return held

    def _publish(self, topic: Place, message: Message, hops: int) -> None:
        for entity in namespaces.subscriptions_of(self.store, topic.namespace, topic.entity):
            place = self.place(topic.namespace, entity)
            copies, failed = matching(self.store, entity.key, message)
            if failed and entity.dead_letter_filter_errors:
                self.dead_letter(place, message, "FilterEvaluationException", failed)
            for copy in copies:
                self._accept(place, copy, None, hops, None)

    def _forward(self, place: Place, target: str, message: Message, hops: int, origin: int | None) -> None:
        if hops >= MOST_HOPS:
            description = f"The maximum of {MOST_HOPS} transfer hops was exceeded."
            self.dead_letter(place, message, "MaxTransferHopCountExceeded", description, "transfer")
            return
        try:
            there = self.find(place.namespace, target)
            if there.entity.status in ("Disabled", "SendDisabled"):
                raise Refusal(errors.DISABLED, f"Messaging entity '{target}' is currently disabled.")
            if there.entity.duplicates:
                id = message.value_of("message-id")
                if id is not None and self.box(there).is_duplicate(str(id), self.clock.now(), there.entity.duplicates):
                    return
            self._accept(there, message, None, hops + 1, origin)
        except Refusal as refusal:
            reason = "MessagingEntityNotFound" if refusal.condition == errors.NOT_FOUND else "TransferFailed"
            self.dead_letter(place, message, reason, refusal.message, "transfer")

    def dead_letter(
        self, place: Place, message: Message, reason: str | None, description: str | None, letter: str = "dead",
        held: Held | None = None, more: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Put a message aside, with a reason and what else is to be written on it."""
        written = {DEAD_REASON: reason, DEAD_DESCRIPTION: description}
        message = message.changed(
            {**(more or {}), **{name: value for name, value in written.items() if value is not None}}
        )
        target = place.entity.forward_dead_letters_to
        if letter == "dead" and target:
            self._forward(place, target, message, 1, held.origin if held is not None else None)
            return
        box = self.box(place, letter)
        failures, origin = (held.failures, held.origin) if held is not None else (0, None)
        box.put(message.raw, self.clock.now(), failures=failures, origin=origin, source=place.entity.path)
        self.dirty.add(box)

    def delete(self, box: Box, before: float, session: str | None, most: int) -> int:
        """Take away the oldest messages that were sent before a time and that nobody holds; how many there were."""
        due = (
            held
            for held in box.held.values()
            if held.enqueued < before and held.lock is None and held.state != SCHEDULED
            and (session is None or held.session == session)
        )  # fmt: skip
        found = list(itertools.islice(due, most))
        for held in found:
            box.remove(held)
        return len(found)

    def cancel(self, place: Place, sequences: list[int]) -> None:
        """Take scheduled messages away before they appear; all or none."""
        box = self.box(place)
        found = [box.held.get(sequence) for sequence in sequences]
        for sequence, held in zip(sequences, found, strict=True):
            if held is None or held.state != SCHEDULED:
                raise Refusal(
                    errors.MESSAGE_NOT_FOUND,
                    f"The scheduled message with sequence number {sequence} could not be found.",
                )
        for held in found:
            if held is not None:
                box.remove(held)

    # --- locks and outcomes ---------------------------------------------------------------------------------------------
    def lock(self, place: Place, held: Held, receiver: Receiver | None, session: Session | None) -> Lock:
        """Claim a message for somebody."""
        until = session.until if session is not None else self.clock.now() + place.entity.lock
        lock = Lock(uuid4(), held, until, receiver, session)
        held.lock = lock
        self.locks[lock.token] = lock
        if session is None:
            self.at(until, lambda: self._lock_over(place, lock), of_message=True)
        return lock

    def locked(self, token: UUID, place: Place | None = None, session: str | None = None) -> Lock:
        """The lock with this token. Raises `Refusal` when it is over."""
        lock = self.locks.get(token)
        if lock is None or (place is not None and lock.held.box not in place.boxes.values()):
            raise errors.session_lost(session) if session else errors.lock_lost()
        return lock

    def unlock(self, lock: Lock, place: Place, *, failed: bool) -> None:
        """The message can be delivered again (a deferred one: asked for); after too many failures it is put aside."""
        held = lock.held
        self.locks.pop(lock.token, None)
        if held.lock is not lock:
            return
        held.lock = None
        failures = held.failures + failed
        is_letter = "#" in held.box.id
        if failed and failures >= place.entity.max_delivery and not is_letter:
            held.failures = failures
            description = f"Message could not be consumed after {place.entity.max_delivery} delivery attempts."
            message = held.message()
            held.box.remove(held)
            self.dead_letter(place, message, "MaxDeliveryCountExceeded", description, held=held)
            return
        held.box.change(held, held.state, failures)
        self._watch(place, held)
        self.dirty.add(held.box)

    def complete(self, lock: Lock) -> None:
        """The message is done with."""
        self.locks.pop(lock.token, None)
        lock.held.lock = None
        lock.held.box.remove(lock.held)

    def abandon(self, lock: Lock, place: Place, changes: dict[str, Any], *, failed: bool = True) -> None:
        """Give a message back."""
        self._modify(lock, changes)
        self.unlock(lock, place, failed=failed)

    def defer(self, lock: Lock, place: Place, changes: dict[str, Any]) -> None:
        """Set a message aside until somebody asks for it by number."""
        self._modify(lock, changes)
        self.locks.pop(lock.token, None)
        held = lock.held
        held.box.change(held, DEFERRED, held.failures + 1)
        self._watch(place, held)

    def reject(
        self, lock: Lock, place: Place, reason: str | None, description: str | None, changes: dict[str, Any]
    ) -> None:
        """Move a message to the dead-letter queue."""
        held = lock.held
        message = held.message()
        self.complete(lock)
        self.dead_letter(place, message, reason, description, held=held, more=changes)

    def _modify(self, lock: Lock, changes: dict[str, Any]) -> None:
        """Write application properties onto a stored message."""
        if not changes:
            return
        held = lock.held
        message = held.message().changed(changes)
        held.box.rewrite(held, message.raw)

    def renew(self, lock: Lock, place: Place) -> float:
        """A new end for a lock."""
        if lock.session is not None:
            return lock.session.until
        lock.until = self.clock.now() + place.entity.lock
        self.at(lock.until, lambda: self._lock_over(place, lock), of_message=True)
        return lock.until

    def session_locks(self, session: Session) -> list[Lock]:
        """The messages that are held by the lock of a session."""
        return [lock for lock in self.locks.values() if lock.session is session]

    def pump(self) -> None:
        """Deliver what can be delivered, one message for each receiver in turn."""
        while self.dirty:
            box = self.dirty.pop()
            for waiting in list(box.waiting):
                waiting.offer_session()
            turn = list(box.receivers)
            while turn:
                turn = [one for one in turn if one.pump_one()]
            for one in list(box.receivers):
                one.end_drain()

    def _lock_over(self, place: Place, lock: Lock) -> None:
        if self.locks.get(lock.token) is lock and lock.until <= self.clock.now():
            self.unlock(lock, place, failed=True)

    # --- time -----------------------------------------------------------------------------------------------------------
    def at(self, when: float, act: Callable[[], None], *, of_message: bool = False) -> None:
        """Do something at a time (seconds since the epoch), at the next `tick` after it."""
        heapq.heappush(self._timers, (when, next(self._count), act, of_message))

    def tick(self) -> None:
        """Do what is due."""
        now = self.clock.now()
        while self._timers and self._timers[0][0] <= now:
            act = heapq.heappop(self._timers)[2]
            try:
                act()
            except Exception:
                _log.exception("something that was due could not be done")

    def _watch(self, place: Place, held: Held) -> None:
        """Let a scheduled message appear and one with a time to live end."""
        if held.state == SCHEDULED and held.due is not None:
            self.at(held.due, lambda: self._appear(place, held), of_message=True)
        elif held.expires is not None and "#" not in held.box.id:
            self.at(held.expires, lambda: self._expire(place, held), of_message=True)

    def _appear(self, place: Place, held: Held) -> None:
        box = held.box
        if box.held.get(held.sequence) is held and place.entity.id in self.places:
            message = held.message()
            box.remove(held)
            self._accept(place, message, None, 0, held.sequence)

    def _expire(self, place: Place, held: Held) -> None:
        if held.lock is None and held.box.held.get(held.sequence) is held and place.entity.id in self.places:
            self.expired(place, held)

    def expired(self, place: Place, held: Held) -> None:
        """A message has outlived its time: put it aside or drop it, as the entity says."""
        message = held.message() if place.entity.dead_letter_expired else None
        held.box.remove(held)
        if message is not None:
            self.dead_letter(
                place, message, "TTLExpiredException", "The message expired and was dead lettered.", held=held
            )

    def close(self) -> None:
        """Write what is left."""
        self.journal.close()
