"""Links over which messages leave: queues, subscriptions, dead letters, sessions. And what consumers say about messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from azlabs.simulator.data_planes.service_bus import errors
from azlabs.simulator.data_planes.service_bus.amqp import performatives as amqp
from azlabs.simulator.data_planes.service_bus.amqp.types import Described, Symbol, Timestamp
from azlabs.simulator.data_planes.service_bus.box import Box, Held, Lock, Session
from azlabs.simulator.data_planes.service_bus.errors import Refusal

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.broker import Broker, Place

SEQUENCE, ENQUEUED, LOCKED_UNTIL = (
    Symbol("x-opt-sequence-number"),
    Symbol("x-opt-enqueued-time"),
    Symbol("x-opt-locked-until"),
)
ORIGIN, STATE, SOURCE = (
    Symbol("x-opt-enqueue-sequence-number"),
    Symbol("x-opt-message-state"),
    Symbol("x-opt-deadletter-source"),
)
SESSION_FILTER = Symbol("com.microsoft:session-filter")
SESSION_UNTIL = Symbol("com.microsoft:locked-until-utc")
TICKS_AT_EPOCH = 621_355_968_000_000_000
DEAD_LETTER = "com.microsoft:dead-letter"
SESSION_WAIT = 60.0


def milliseconds(seconds: float) -> Timestamp:
    """A time as AMQP writes it."""
    return Timestamp(round(seconds * 1000))


def encoded(held: Held, until: float | None) -> bytes:
    """The message as a consumer gets it; `until`: end of its lock."""
    annotations: dict[Symbol, Any] = {
        ENQUEUED: milliseconds(held.enqueued), SEQUENCE: held.sequence, ORIGIN: held.origin, STATE: held.state,
    }  # fmt: skip
    if until is not None:
        annotations[LOCKED_UNTIL] = milliseconds(until)
    if held.source is not None:
        annotations[SOURCE] = held.source
    life = held.expires - held.enqueued if held.expires is not None else None
    return held.message().delivered(held.failures, annotations, life)


def check_intake(place: Place, path: str, letter: str) -> None:
    """Raise `Refusal` where nothing can be sent to an address now."""
    if letter or "/subscriptions/" in path.lower():
        raise Refusal(errors.NOT_ALLOWED, f"Messages cannot be sent to '{path}'.")
    check_active(place, "SendDisabled")


def check_active(place: Place, direction: str) -> None:
    """Raise `Refusal` where an entity is switched off, altogether or in one direction (SendDisabled, ReceiveDisabled)."""
    if place.entity.status in ("Disabled", direction):
        path = f"sb://{place.namespace.host}/{place.entity.path}"
        raise Refusal(errors.DISABLED, f"Messaging entity '{path}' is currently disabled.")


class Outlet(Protocol):
    """Where the messages of a receiver go: a link of a connection, or a part of this process."""

    @property
    def owner(self) -> object:
        """Who may work on the session of the receiver: one connection, or one part of this process."""

    def opened(self, receiver: Receiver) -> None:
        """The receiver is open, with its session if it asked for one."""

    def given_up(self, refusal: Refusal) -> None:
        """The receiver waited for a session, and none came."""

    def can_send(self) -> bool:
        """May a message go out now?"""

    def transfer(self, tag: bytes, payload: bytes, settled: bool) -> int:
        """One message; returns a number for the delivery."""

    def flow(self, delivery_count: int, credit: int, *, drain: bool) -> None:
        """Where the receiver stands."""

    def refuse(self, refusal: Refusal) -> None:
        """The receiver ends, for this reason."""


class Receiver:
    """A consumer's link. `session`: the one it works on."""

    def __init__(self, link: Outlet, broker: Broker, place: Place, box: Box, settled: bool) -> None:
        self.link, self.broker, self.place, self.box, self.settled = link, broker, place, box, settled
        self.credit = 0
        self.delivery_count = 0
        self.drain = False
        self.session: Session | None = None
        self.unsettled: dict[int, Lock] = {}
        """Locks by delivery id."""

    # --- opening ------------------------------------------------------------------------------------------------------
    def check(self) -> None:
        """Raise `Refusal` where nothing can be received now."""
        entity = self.place.entity
        check_active(self.place, "ReceiveDisabled")
        if entity.forward_to and "#" not in self.box.id:
            raise Refusal(errors.NOT_ALLOWED, f"'{entity.path}' forwards its messages to '{entity.forward_to}'.")

    def open(self, letter: str, asked: bool, wanted: str | None, patience: float) -> None:
        """Begin to take messages. `asked`: for a session, `wanted` (None: any that is free, waited for `patience` seconds)."""
        entity = self.place.entity
        if entity.is_topic:
            raise Refusal(
                errors.NOT_ALLOWED, f"Messages are received from the subscriptions of the topic '{entity.path}'."
            )
        self.check()
        if entity.sessions and not letter:
            if not asked:
                raise Refusal(
                    errors.NOT_ALLOWED,
                    "It is not possible for an entity that requires sessions to create a non-sessionful message receiver.",
                )
            if wanted is None:
                self.box.waiting.append(self)
                self.broker.at(self.broker.clock.now() + patience, self._wait_over)
                self.offer_session()
                return
            self.take_session(self.box.session(wanted))
        elif asked:
            raise Refusal(
                errors.NOT_ALLOWED,
                "A sessionful message receiver cannot be created on an entity that does not require sessions.",
            )
        self._opened()

    def _opened(self) -> None:
        self.box.receivers.append(self)
        self.link.opened(self)

    def offer_session(self) -> None:
        """Take a free session, when one is waited for."""
        session = self.box.free_session()
        if session is not None and self in self.box.waiting:
            self.box.waiting.remove(self)
            self.take_session(session)
            self._opened()

    def _wait_over(self) -> None:
        if self in self.box.waiting:
            self.box.waiting.remove(self)
            text = "The operation did not complete within the allotted timeout. No session is available."
            self.link.given_up(Refusal(errors.TIMEOUT, text))

    # --- sessions -------------------------------------------------------------------------------------------------------
    def take_session(self, session: Session) -> None:
        """Lock a session for this link."""
        now = self.broker.clock.now()
        if session.owner is not None:
            raise Refusal(
                errors.SESSION_TAKEN,
                f"The requested session '{session.id}' cannot be accepted. It may be locked by another receiver.",
            )
        session.owner, session.until = self, now + self.place.entity.lock
        self.session = session
        self.broker.at(session.until, self._session_over)

    def renew_session(self) -> float:
        """A new end for the lock of the session."""
        session = self.session
        if session is None:
            raise errors.session_lost("")
        session.until = self.broker.clock.now() + self.place.entity.lock
        for lock in self.broker.session_locks(session):
            lock.until = session.until
        self.broker.at(session.until, self._session_over)
        return session.until

    def _session_over(self) -> None:
        session = self.session
        if session is None or session.owner is not self or session.until > self.broker.clock.now():
            return
        self._leave_session(failed=True)
        self.link.refuse(errors.session_lost(session.id))

    def lose_session(self) -> None:
        """The session is not there any more as it was."""
        session, self.session = self.session, None
        if session is not None:
            self.link.refuse(errors.session_lost(session.id))

    def _leave_session(self, *, failed: bool) -> None:
        session, self.session = self.session, None
        if session is None or session.owner is not self:
            return
        for lock in self.broker.session_locks(session):
            self.broker.unlock(lock, self.place, failed=failed)
        session.owner = None
        self.box.tidy_session(session)
        self.broker.dirty.add(self.box)

    # --- delivering -----------------------------------------------------------------------------------------------------
    def pump_one(self) -> bool:
        """Deliver the next message if there is credit and one is there."""
        if self.credit <= 0 or not self.link.can_send():
            return False
        held = self.box.take(self.session)
        while (
            held is not None
            and held.expires is not None
            and held.expires <= self.broker.clock.now()
            and "#" not in self.box.id
        ):
            self.broker.expired(self.place, held)
            held = self.box.take(self.session)
        if held is None:
            return False
        if self.settled:
            payload, tag, lock = encoded(held, None), held.sequence.to_bytes(16, "little"), None
            self.box.remove(held)
        else:
            lock = self.broker.lock(self.place, held, self, self.session)
            payload, tag = encoded(held, lock.until), lock.token.bytes_le
        self.credit -= 1
        self.delivery_count = (self.delivery_count + 1) & 0xFFFFFFFF
        delivery = self.link.transfer(tag, payload, self.settled)
        if lock is not None:
            self.unsettled[delivery] = lock
        return True

    def end_drain(self) -> None:
        """Nothing is left to send: the rest of the credit is used up."""
        if self.drain:
            self.delivery_count = (self.delivery_count + self.credit) & 0xFFFFFFFF
            self.credit, self.drain = 0, False
            self.link.flow(self.delivery_count, 0, drain=True)

    def flow(self, delivery_count: int | None, credit: int | None, drain: bool, echo: bool) -> None:
        """The consumer says how much it wants."""
        if credit is not None:
            behind = ((delivery_count if delivery_count is not None else 0) + credit - self.delivery_count) & 0xFFFFFFFF
            self.credit = behind if behind < 0x80000000 else 0
        self.drain = drain
        self.broker.dirty.add(self.box)
        if echo:
            self.link.flow(self.delivery_count, self.credit, drain=False)

    # --- settling -------------------------------------------------------------------------------------------------------
    def settle(self, delivery: int, state: Any, settled: bool) -> Described | None:
        """Carry out what the consumer says about a delivery; returns the state to answer with, None: nothing to answer."""
        lock = self.unsettled.get(delivery)
        if lock is None:
            return None
        code, fields = amqp.composite(state)
        if code not in _OUTCOMES and not settled:
            return None
        self.unsettled.pop(delivery, None)
        if self.broker.locks.get(lock.token) is not lock:
            refusal = errors.lock_lost() if self.session is None else errors.session_lost(self.session.id)
            return amqp.described(amqp.REJECTED, [amqp.error(refusal.condition, refusal.message)])
        if code not in _OUTCOMES:
            return None
        return self._outcome(lock, code, fields)

    def _outcome(self, lock: Lock, code: int, fields: list[Any]) -> Described:
        broker, place = self.broker, self.place
        if code == amqp.ACCEPTED:
            broker.complete(lock)
            return amqp.ACCEPTED_STATE
        if code == amqp.RELEASED:
            broker.abandon(lock, place, {}, failed=False)
            return amqp.RELEASED_STATE
        if code == amqp.REJECTED:
            reason, description, changes = _reasons(amqp.item(fields, 0))
            broker.reject(lock, place, reason, description, changes)
            return amqp.described(amqp.REJECTED, [])
        changes = amqp.item(fields, 2)
        changed = {str(name): value for name, value in changes.items()} if isinstance(changes, dict) else {}
        if amqp.item(fields, 1):
            broker.defer(lock, place, changed)
        else:
            broker.abandon(lock, place, changed, failed=amqp.item(fields, 0) is not False)
        return amqp.described(amqp.MODIFIED, [amqp.item(fields, 0), amqp.item(fields, 1)])

    def close(self) -> None:
        """The link is gone. Messages stay locked until their time is over; those of a session come back at once."""
        for collection in (self.box.receivers, self.box.waiting):
            if self in collection:
                collection.remove(self)
        self._leave_session(failed=False)


_OUTCOMES = frozenset({amqp.ACCEPTED, amqp.RELEASED, amqp.REJECTED, amqp.MODIFIED})


def _reasons(described: Any) -> tuple[str | None, str | None, dict[str, Any]]:
    """(reason, description, other application properties) of a rejected outcome's error."""
    code, fields = amqp.composite(described)
    if code != amqp.ERROR:
        return None, None, {}
    condition, text, info = amqp.item(fields, 0), amqp.item(fields, 1), amqp.item(fields, 2)
    more = {str(name): value for name, value in info.items()} if isinstance(info, dict) else {}
    reason, description = more.pop("DeadLetterReason", None), more.pop("DeadLetterErrorDescription", None)
    if str(condition) != DEAD_LETTER:
        reason = reason or str(condition)
        description = description or text
    return _word(reason), _word(description), more


def _word(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)


def ticks(seconds: float) -> int:
    """A time as .NET counts."""
    return TICKS_AT_EPOCH + round(seconds * 10_000_000)
