"""A box holds the messages of a queue, a subscription, a topic (scheduled ones) or a dead-letter queue, in order of their numbers."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from azlabs.simulator.data_planes.service_bus import journal as writing
from azlabs.simulator.data_planes.service_bus.amqp.message import Message
from azlabs.simulator.data_planes.service_bus.journal import Journal

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.receivers import Receiver

ACTIVE, DEFERRED, SCHEDULED = 0, 1, 2
CACHE_BYTES = 64 * 1024 * 1024
"""Bodies beyond this many bytes are read from disk when they are delivered."""


class Held:
    """One stored message. `failures`: deliveries that failed; `origin`: its number where it was first sent; `source`: whose
    dead letter it is; times in seconds since the epoch."""

    __slots__ = (
        "box",
        "due",
        "enqueued",
        "expires",
        "failures",
        "lock",
        "origin",
        "raw",
        "sequence",
        "session",
        "size",
        "source",
        "state",
    )

    def __init__(
        self, box: Box, sequence: int, state: int, enqueued: float, expires: float | None, due: float | None, session: str | None,
        failures: int, origin: int, source: str | None, size: int, raw: bytes | None = None,
    ) -> None:  # fmt: skip
        self.box, self.sequence, self.state, self.enqueued, self.expires, self.due = (
            box,
            sequence,
            state,
            enqueued,
            expires,
            due,
        )
        self.session, self.failures, self.origin, self.source, self.size, self.raw = (
            session,
            failures,
            origin,
            source,
            size,
            raw,
        )
        self.lock: Lock | None = None

    def message(self) -> Message:
        """What was sent, from memory or disk."""
        raw = self.raw
        return Message(raw if raw is not None else self.box.journal.body(self.box.number, self.sequence))


class Lock:
    """A consumer's claim on a message. `session`: it is held by the lock of this session."""

    __slots__ = ("held", "receiver", "session", "token", "until")

    def __init__(
        self, token: UUID, held: Held, until: float, receiver: Receiver | None, session: Session | None
    ) -> None:
        self.token, self.held, self.until, self.receiver, self.session = token, held, until, receiver, session


class Session:
    """The messages of one session id and who works on them."""

    __slots__ = ("changed", "id", "owner", "ready", "state", "until")

    def __init__(self, id: str) -> None:
        self.id = id
        self.ready: list[int] = []
        self.owner: Receiver | None = None
        self.until = 0.0
        self.state: bytes | None = None
        self.changed = 0.0


class Budget:
    """How many bytes of bodies all boxes together keep in memory."""

    def __init__(self) -> None:
        self.used = 0


class Box:
    """Not safe for threads. Every change goes into the journal, which the owner commits."""

    def __init__(self, id: str, journal: Journal, budget: Budget, now: float) -> None:
        self.id, self.journal, self._budget = id, journal, budget
        self.receivers: list[Receiver] = []
        """Open links that take messages from here, the one whose turn it is first."""
        self.waiting: list[Receiver] = []
        """Links that wait for any free session."""
        self.sessions: dict[str, Session] = {}
        self.load(now)

    def load(self, now: float) -> None:
        """Read what the journal has. Receivers stay, but the sessions that they work on are lost to them."""
        owners = [one.owner for one in self.sessions.values() if one.owner is not None]
        self.number, self._next = self.journal.entity(self.id)
        self.held: dict[int, Held] = {}
        self.ready: list[int] = []
        self.sessions = {}
        self.bytes = 0
        for row in self.journal.messages(self.number):
            self._keep(Held(self, *row))
        for name, state, changed in self.journal.sessions(self.number):
            session = self.session(name)
            session.state, session.changed = state, changed
        self.seen = {message: until for message, until in self.journal.seen(self.number) if until > now}
        for owner in owners:
            owner.lose_session()

    def session(self, id: str) -> Session:
        """The session with this id, made when it is new."""
        found = self.sessions.get(id)
        if found is None:
            found = self.sessions[id] = Session(id)
        return found

    def put(
        self, raw: bytes, now: float, *, state: int = ACTIVE, expires: float | None = None, due: float | None = None,
        session: str | None = None, failures: int = 0, origin: int | None = None, source: str | None = None,
    ) -> Held:  # fmt: skip
        """Store a message; it gets the next number."""
        sequence = self._next
        self._next = sequence + 1
        kept: bytes | None = raw if self._budget.used + len(raw) <= CACHE_BYTES else None
        held = Held(
            self, sequence, state, now, expires, due, session, failures, origin or sequence, source, len(raw), kept
        )
        if kept is not None:
            self._budget.used += len(raw)
        row = (self.number, sequence, state, now, expires, due, session, failures, held.origin, source, len(raw), raw)
        self.journal.add(writing.INSERT, row)
        self._keep(held)
        return held

    def _keep(self, held: Held) -> None:
        self.held[held.sequence] = held
        self.bytes += held.size
        if held.state == ACTIVE:
            self._make_ready(held)

    def _make_ready(self, held: Held) -> None:
        heap = self.ready if held.session is None else self.session(held.session).ready
        heapq.heappush(heap, held.sequence)

    def remove(self, held: Held) -> None:
        """Take a message away for good. Its place in the heap is skipped later."""
        if self.held.pop(held.sequence, None) is None:
            return
        self.bytes -= held.size
        if held.raw is not None:
            self._budget.used -= held.size
        if held.sequence == self._next - 1:  # else a stored message still says how far the numbers go
            self.journal.add(writing.COUNTER, (self._next, self.number))
        self.journal.add(writing.DELETE, (self.number, held.sequence))

    def change(self, held: Held, state: int, failures: int) -> None:
        """Another state or number of failed deliveries; unlocks it."""
        held.lock = None
        if (state, failures) != (held.state, held.failures):
            held.state, held.failures = state, failures
            self.journal.add(writing.CHANGE, (state, failures, self.number, held.sequence))
        if state == ACTIVE:
            self._make_ready(held)

    def rewrite(self, held: Held, raw: bytes) -> None:
        """Other bytes for a stored message."""
        if held.raw is not None:
            self._budget.used += len(raw) - held.size
            held.raw = raw
        self.bytes += len(raw) - held.size
        held.size = len(raw)
        self.journal.add(writing.REWRITE, (raw, len(raw), self.number, held.sequence))

    def take(self, session: Session | None = None) -> Held | None:
        """The next message that can be delivered, still in the box; None when there is none."""
        heap = self.ready if session is None else session.ready
        while heap:
            held = self.held.get(heapq.heappop(heap))
            if held is not None and held.lock is None and held.state == ACTIVE:
                return held
        return None

    def give_back(self, held: Held) -> None:
        """Undo `take`."""
        self._make_ready(held)

    def has_ready(self, session: Session) -> bool:
        """Is there something to deliver in a session?"""
        heap = session.ready
        while heap:
            held = self.held.get(heap[0])
            if held is not None and held.lock is None and held.state == ACTIVE:
                return True
            heapq.heappop(heap)
        return False

    def free_session(self) -> Session | None:
        """The session without an owner whose first message is the oldest."""
        free = [one for one in self.sessions.values() if one.owner is None and self.has_ready(one)]
        return min(free, key=lambda one: one.ready[0], default=None)

    def tidy_session(self, session: Session) -> None:
        """Forget a session that holds nothing any more."""
        if session.owner is None and session.state is None and not session.ready:
            self.sessions.pop(session.id, None)

    def browse(self, first: int, session: str | None) -> Iterator[Held]:
        """Messages from a number on, in order, whatever their state."""
        for held in self.held.values():
            if held.sequence >= first and (session is None or held.session == session):
                yield held

    def set_state(self, session: Session, state: bytes | None, now: float) -> None:
        """Keep (or, with None, forget) what a consumer has written down about a session."""
        session.state, session.changed = state, now
        if state is None:
            self.journal.add(writing.FORGET_SESSION, (self.number, session.id))
        else:
            self.journal.add(writing.SESSION, (self.number, session.id, state, now))

    def is_duplicate(self, message_id: str, now: float, window: float) -> bool:
        """Was this id seen within the window (seconds)? Remembers it when not."""
        until = self.seen.get(message_id)
        if until is not None and until > now:
            return True
        if len(self.seen) >= 1000 and next(iter(self.seen.values())) <= now:
            self.seen = {key: value for key, value in self.seen.items() if value > now}
            self.journal.add(writing.FORGET_SEEN, (self.number, now))
        self.seen.pop(message_id, None)
        self.seen[message_id] = now + window
        self.journal.add(writing.SEEN, (self.number, message_id, now + window))
        return False

    def was_seen(self, message_id: str, now: float) -> bool:
        """`is_duplicate` without remembering."""
        return self.seen.get(message_id, 0.0) > now

    def deferred(self, sequence: int) -> Held | None:
        """A deferred message that nobody holds."""
        held = self.held.get(sequence)
        return held if held is not None and held.state == DEFERRED and held.lock is None else None
