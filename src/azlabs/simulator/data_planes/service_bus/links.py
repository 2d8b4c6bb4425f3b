"""Links of one connection: what was attached, and what goes through it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.service_bus import access, errors
from azlabs.simulator.data_planes.service_bus.amqp import message as messages
from azlabs.simulator.data_planes.service_bus.amqp import performatives as amqp
from azlabs.simulator.data_planes.service_bus.amqp.types import Described, Malformed, Symbol, UByte, UInt, ULong
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.namespaces import split_address
from azlabs.simulator.data_planes.service_bus.receivers import (
    SESSION_FILTER,
    SESSION_UNTIL,
    SESSION_WAIT,
    Receiver,
    check_intake,
    ticks,
)

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.broker import Place
    from azlabs.simulator.data_planes.service_bus.connection import Connection
    from azlabs.simulator.data_planes.service_bus.sessions import SessionEnd

WINDOW = 0x7FFFFFFF
CREDIT = 1000  # that a sender may send before it hears from us again
LARGEST_REQUEST = 1024 * 1024 * 4
TIMEOUT = Symbol("com.microsoft:timeout")
BATCH_LIMIT = Symbol("com.microsoft:max-message-batch-size")
CBS, MANAGEMENT = "$cbs", "$management"


class LinkEnd:
    """Our end of a link: an intake of messages, a `Receiver`, or one half of a request-response node."""

    def __init__(self, session: SessionEnd, handle: int, attach: list[Any]) -> None:
        self.session, self.connection, self.handle = session, session.connection, handle
        self.name, self.outgoing = str(attach[0]), attach[2] is True
        self._attach = attach
        source, target = amqp.composite(attach[5])[1], amqp.composite(attach[6])[1]
        self._source, self._target = source, target
        address = amqp.item(source if self.outgoing else target, 0)
        self.address = address if isinstance(address, str) else ""
        self.reply_to = str(amqp.item(target, 0) or "")
        self.path, self.letter = split_address(self.address)
        self.node = ""
        """"$cbs" or "$management" for a request-response node, else ""."""
        self.place: Place | None = None
        self.receiver: Receiver | None = None
        self.detached = self._answered = False
        self._parts: list[bytes] = []
        self._size = 0
        self._first: list[Any] | None = None
        self._received = 0
        self._credit = 0
        self._replies: deque[bytes] = deque()
        self._reply_credit = 0

    @property
    def owner(self) -> Connection:
        """Who works on the session of a receiver."""
        return self.connection

    @property
    def claims(self) -> tuple[str, ...]:
        """What somebody has to be allowed one of, to have this link."""
        return (access.LISTEN, access.SEND) if self.node else (access.LISTEN if self.outgoing else access.SEND,)

    # --- opening --------------------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Answer the attach, with a refusal when it cannot be."""
        try:
            self._open()
        except Refusal as refusal:
            self.refuse(refusal)

    def _open(self) -> None:
        if amqp.composite(self._attach[6])[0] == amqp.COORDINATOR:
            raise Refusal(errors.NOT_IMPLEMENTED, "The simulator does not model transactions (NotModelledBySimulator).")
        if self.path.lower() == CBS:
            self.node = CBS
        elif self.path.lower().endswith("/" + MANAGEMENT):
            self.node, self.path = MANAGEMENT, self.path[: -len(MANAGEMENT) - 1]
            self.path, self.letter = split_address(self.path)
        if self.node == CBS:
            self._answer(self._attach[5], self._attach[6], LARGEST_REQUEST)
            self._grant_credit()
            return
        namespace = self.connection.grants.check(self.path, *self.claims)
        self.place = self.connection.broker.find(namespace, self.path)
        if self.node:
            self._answer(self._attach[5], self._attach[6], LARGEST_REQUEST)
            self._grant_credit()
        elif self.outgoing:
            self._open_receiver(self.place)
        else:
            self._open_intake(self.place)

    def _open_intake(self, place: Place) -> None:
        entity = place.entity
        check_intake(place, self.path, self.letter)
        limit = min(entity.max_message, 1024 * 1024) if place.namespace.sku == "Premium" else 256 * 1024
        self._answer(self._attach[5], self._attach[6], entity.max_message, {BATCH_LIMIT: ULong(limit)})
        self._grant_credit()

    def check(self) -> None:
        """Raise `Refusal` where the entity does not serve the link any more."""
        if self.receiver is not None:
            self.receiver.check()
        elif self.place is not None and not self.node and not self.outgoing:
            check_intake(self.place, self.path, self.letter)

    def _open_receiver(self, place: Place) -> None:
        broker = self.connection.broker
        self.receiver = receiver = Receiver(self, broker, place, broker.box(place, self.letter), self._attach[3] == 1)
        asked, wanted = self._session_filter()
        receiver.open(self.letter, asked, wanted, self._patience())

    def opened(self, receiver: Receiver) -> None:
        """The receiver has what it asked for."""
        source, properties = self._attach[5], None
        if receiver.session is not None:
            fields = list(self._source) + [None] * (8 - len(self._source))
            fields[7] = {SESSION_FILTER: receiver.session.id}
            source = amqp.described(amqp.SOURCE, fields)
            properties = {SESSION_UNTIL: ticks(receiver.session.until)}
        self._answer(source, self._attach[6], 0, properties)

    def _session_filter(self) -> tuple[bool, str | None]:
        """(is a session asked for, which one; None: any)."""
        filters = amqp.item(self._source, 7)
        if not isinstance(filters, dict) or SESSION_FILTER not in filters:
            return False, None
        value = filters[SESSION_FILTER]
        value = value.value if isinstance(value, Described) else value
        return True, None if value is None else str(value)

    def _patience(self) -> float:
        properties = self._attach[13]
        value = properties.get(TIMEOUT) if isinstance(properties, dict) else None
        return value / 1000 if isinstance(value, int) and not isinstance(value, bool) else SESSION_WAIT

    def given_up(self, refusal: Refusal) -> None:
        """The receiver has waited for a session in vain."""
        self.refuse(refusal)

    def _answer(self, source: Any, target: Any, size: int = 0, properties: dict[Any, Any] | None = None) -> None:
        self._answered = True
        first = UInt(0) if self.outgoing else None
        modes = [UByte(amqp.number(self._attach[at], default) & 3) for at, default in ((3, 2), (4, 0))]
        fields = [self.name, UInt(self.handle), not self.outgoing, *modes, source, target, None, None, first,
                  ULong(size) if size else None, None, None, properties]  # fmt: skip
        self.connection.send(self.session.channel, amqp.ATTACH, fields)

    # --- messages that come in ------------------------------------------------------------------------------------------
    def _grant_credit(self) -> None:
        if not self.outgoing:
            self._credit = CREDIT
            self._flow_out(self._received, CREDIT)

    def _flow_out(self, delivery_count: int, credit: int, drain: bool = False) -> None:
        session = self.session
        numbers = (session.next_in, WINDOW, session.next_out, WINDOW, self.handle, delivery_count, credit)
        fields: list[Any] = [*map(UInt, numbers), None, drain]
        self.connection.send(session.channel, amqp.FLOW, fields)

    def incoming(self, fields: list[Any], payload: bytes) -> None:
        """One transfer frame."""
        if self.outgoing or self.detached:
            return
        if self._first is None:
            self._first = fields
        self._parts.append(payload)
        self._size += len(payload)
        if fields[9]:
            self._forget_parts()
            return
        if fields[5]:
            if self._size > LARGEST_REQUEST + self._limit():
                raise Malformed("a message without an end")
            return
        first, raw = self._first, b"".join(self._parts)
        self._forget_parts()
        self._received = (self._received + 1) & 0xFFFFFFFF
        self._credit -= 1
        state = self._take(raw, amqp.number(first[3]))
        if not (first[4] or fields[4]):
            delivery = UInt(amqp.number(first[1]))
            self.connection.send(self.session.channel, amqp.DISPOSITION, [True, delivery, delivery, True, state])
        if self._credit < CREDIT // 2:
            self._grant_credit()

    def _limit(self) -> int:
        return self.place.entity.max_message if self.place is not None else 0

    def _forget_parts(self) -> None:
        self._parts, self._size, self._first = [], 0, None

    def _take(self, raw: bytes, format: int) -> Described:
        try:
            if self.node:
                self._request(messages.Message(raw))
            elif self.place is not None:
                place = self.connection.broker.place_now(self.place)
                if len(raw) > place.entity.max_message:
                    raise Refusal(
                        errors.TOO_LARGE,
                        f"The received message (delivery-id:{self._received}, size:{len(raw)} bytes) exceeds the limit "
                        f"({place.entity.max_message} bytes) currently allowed on the link.",
                    )
                parts = messages.batch(raw) if format == messages.BATCH_FORMAT else [raw]
                self.connection.broker.send(place, [messages.Message(part) for part in parts])
        except Refusal as refusal:
            return amqp.described(amqp.REJECTED, [amqp.error(refusal.condition, refusal.message)])
        except Malformed as problem:
            return amqp.described(
                amqp.REJECTED, [amqp.error(errors.DECODE_ERROR, f"The message cannot be read: {problem}.")]
            )
        return amqp.ACCEPTED_STATE

    # --- requests -------------------------------------------------------------------------------------------------------
    def _request(self, message: messages.Message) -> None:
        from azlabs.simulator.data_planes.service_bus import management

        reply_to = message.value_of("reply-to")
        answer = management.answer(self.connection, self, message)
        mine = (self.node, self.path.lower())
        links = [one for one in self.session.links.values() if one.outgoing and (one.node, one.path.lower()) == mine]
        link = next((one for one in links if one.reply_to == reply_to), links[0] if links else None)
        if link is not None:
            link.reply(answer)

    def reply(self, payload: bytes) -> None:
        """Send an answer as soon as there is credit for it."""
        self._replies.append(payload)
        self._send_replies()

    def _send_replies(self) -> None:
        while self._replies and self._reply_credit > 0:
            self._reply_credit -= 1
            self._received = (self._received + 1) & 0xFFFFFFFF
            self.session.transfer(self, self._received.to_bytes(4, "big"), self._replies.popleft(), settled=True)

    # --- messages that go out -------------------------------------------------------------------------------------------
    def flowed(self, fields: list[Any]) -> None:
        """The peer has sent a flow for this link."""
        credit = amqp.number(fields[6]) if fields[6] is not None else None
        if self.receiver is not None:
            count = amqp.number(fields[5]) if fields[5] is not None else None
            self.receiver.flow(count, credit, bool(fields[8]), bool(fields[9]))
        elif self.outgoing and credit is not None:
            self._reply_credit = (amqp.number(fields[5]) + credit - self._received) & 0xFFFFFFFF
            self._send_replies()
        elif fields[9]:
            self._flow_out(self._received, self._credit)

    def can_send(self) -> bool:
        """May a message go out on the session now?"""
        return self.session.can_send() and not self.detached

    def transfer(self, tag: bytes, payload: bytes, settled: bool) -> int:
        """Send one message; returns its delivery id."""
        return self.session.transfer(self, tag, payload, settled)

    def flow(self, delivery_count: int, credit: int, *, drain: bool) -> None:
        """Tell the consumer where we are."""
        self._flow_out(delivery_count, credit, drain)

    # --- the end --------------------------------------------------------------------------------------------------------
    def refuse(self, refusal: Refusal) -> None:
        """Detach with an error."""
        if self.detached:
            return
        if not self._answered:
            self._answer(None, None)
        self.detached = True
        self.connection.send(
            self.session.channel, amqp.DETACH, [UInt(self.handle), True, amqp.error(refusal.condition, refusal.message)]
        )
        self.close()

    def close(self) -> None:
        """Let go of what the link holds."""
        if self.receiver is not None:
            for delivery in self.receiver.unsettled:
                self.session.deliveries.pop(delivery, None)
            self.receiver.close()
            self.receiver = None
