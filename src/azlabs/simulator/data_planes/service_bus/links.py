"""Sessions and links of one connection: what was attached, and what goes through it."""

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
    ticks,
)

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.broker import Place
    from azlabs.simulator.data_planes.service_bus.connection import Connection

WINDOW = 0x7FFFFFFF
CREDIT = 1000  # that a sender may send before it hears from us again
MOST_LINKS = 4096
LARGEST_REQUEST = 1024 * 1024 * 4
TIMEOUT = Symbol("com.microsoft:timeout")
BATCH_LIMIT = Symbol("com.microsoft:max-message-batch-size")
CBS, MANAGEMENT = "$cbs", "$management"


class SessionEnd:
    """Our end of an AMQP session. Numbers wrap at 32 bits."""

    def __init__(self, connection: Connection, channel: int, begin: list[Any]) -> None:
        self.connection, self.channel = connection, channel
        self.next_in, self.next_out, self.next_delivery = amqp.number(begin[1]), 0, 0
        self.window = amqp.number(begin[2])
        self.links: dict[int, LinkEnd] = {}
        self.deliveries: dict[int, LinkEnd] = {}
        """Unsettled deliveries of ours by their id."""
        self._held_back: deque[list[Any]] = deque()
        connection.send(
            channel, amqp.BEGIN, [channel, UInt(0), UInt(WINDOW), UInt(WINDOW), UInt(amqp.number(begin[4], 65535))]
        )

    def can_send(self) -> bool:
        """May another message go out now?"""
        return self.window > 0 and not self._held_back and not self.connection.paused

    def handle(self, code: int, fields: list[Any], payload: bytes) -> None:
        """One performative that belongs to this session."""
        if code == amqp.ATTACH:
            self._attach(fields)
        elif code == amqp.FLOW:
            self._flow(fields)
        elif code == amqp.TRANSFER:
            self.next_in = (self.next_in + 1) & 0xFFFFFFFF
            link = self.links.get(amqp.number(fields[0]))
            if link is None:
                raise Malformed("a transfer on a link that is not attached")
            link.incoming(fields, payload)
        elif code == amqp.DISPOSITION:
            self._disposition(fields)
        elif code == amqp.DETACH:
            link = self.links.pop(amqp.number(fields[0]), None)
            if link is not None:
                link.close()
                if not link.detached:
                    self.connection.send(self.channel, amqp.DETACH, [UInt(link.handle), bool(fields[1])])

    def _attach(self, fields: list[Any]) -> None:
        handle = amqp.number(fields[1])
        if (
            handle in self.links
            or len(self.links) >= MOST_LINKS
            or not isinstance(fields[0], str)
            or not isinstance(fields[2], bool)
        ):
            raise Malformed("an attach that cannot be")
        link = LinkEnd(self, handle, fields)
        self.links[handle] = link
        link.open()

    def _flow(self, fields: list[Any]) -> None:
        begun = amqp.number(fields[0], 0)
        behind = (self.next_out - begun) & 0xFFFFFFFF
        self.window = amqp.number(fields[1]) - (behind if behind < 0x80000000 else 0)
        while self._held_back and self.window > 0:
            self._emit(self._held_back.popleft())
        if fields[4] is not None:
            link = self.links.get(amqp.number(fields[4]))
            if link is not None:
                link.flowed(fields)
        elif fields[9]:
            self.connection.send(
                self.channel, amqp.FLOW, [UInt(self.next_in), UInt(WINDOW), UInt(self.next_out), UInt(WINDOW)]
            )
        for link in self.links.values():
            if link.receiver is not None and link.receiver.credit:
                link.receiver.broker.dirty.add(link.receiver.box)

    def _disposition(self, fields: list[Any]) -> None:
        if fields[0] is not True:
            return
        first = amqp.number(fields[1])
        last = amqp.number(fields[2], first)
        span = (last - first) & 0xFFFFFFFF
        if span >= len(self.deliveries):
            wanted = [one for one in self.deliveries if (one - first) & 0xFFFFFFFF <= span]
        else:
            wanted = [one & 0xFFFFFFFF for one in range(first, first + span + 1)]
        for delivery in wanted:
            link = self.deliveries.get(delivery)
            if link is None or link.receiver is None:
                continue
            answer = link.receiver.settle(delivery, fields[4], bool(fields[3]))
            if delivery not in link.receiver.unsettled:
                del self.deliveries[delivery]
            if answer is not None and not fields[3]:
                self.connection.send(
                    self.channel, amqp.DISPOSITION, [False, UInt(delivery), UInt(delivery), True, answer]
                )

    def transfer(self, link: LinkEnd, tag: bytes, payload: bytes, settled: bool, format: int = 0) -> int:
        """Send a message in as many frames as it needs; returns its delivery id."""
        delivery = self.next_delivery
        self.next_delivery = (delivery + 1) & 0xFFFFFFFF
        room = self.connection.remote_frame - 64
        for start in range(0, max(len(payload), 1), room):
            more = start + room < len(payload)
            fields: list[Any] = [UInt(link.handle), UInt(delivery), tag, UInt(format), settled, more]
            if self.window > 0 and not self._held_back:
                self._emit([fields, payload[start : start + room]])
            else:
                self._held_back.append([fields, payload[start : start + room]])
        if not settled:
            self.deliveries[delivery] = link
        return delivery

    def _emit(self, part: list[Any]) -> None:
        self.window -= 1
        self.next_out = (self.next_out + 1) & 0xFFFFFFFF
        self.connection.send(self.channel, amqp.TRANSFER, part[0], part[1])

    def close(self) -> None:
        """Everything in it is detached."""
        for link in self.links.values():
            link.close()
        self.links.clear()
        self.deliveries.clear()


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
        self.detached = False
        self._parts: list[bytes] = []
        self._size = 0
        self._first: list[Any] | None = None
        self._received = 0
        self._credit = 0
        self._replies: deque[bytes] = deque()
        self._reply_credit = 0
        self._waits_until = 0.0

    # --- opening --------------------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Answer the attach, with a refusal when it cannot be."""
        try:
            self._open()
        except Refusal as refusal:
            self._answer(None, None)
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
        namespace = self.connection.namespace_for()
        claims = (access.LISTEN, access.SEND) if self.node else (access.LISTEN if self.outgoing else access.SEND,)
        if not any(self.connection.allows(self.path, claim) for claim in claims):
            raise access.refused(namespace, self.path, claims[0])
        broker = self.connection.broker
        self.place = broker.find(namespace, self.path)
        if self.node:
            self._answer(self._attach[5], self._attach[6], LARGEST_REQUEST)
            self._grant_credit()
        elif self.outgoing:
            self._open_receiver(self.place)
        else:
            self._open_intake(self.place)

    def _open_intake(self, place: Place) -> None:
        entity = place.entity
        if self.letter or "/subscriptions/" in self.path.lower():
            raise Refusal(errors.NOT_ALLOWED, f"Messages cannot be sent to '{self.path}'.")
        if entity.status in ("Disabled", "SendDisabled"):
            raise Refusal(
                errors.DISABLED, f"Messaging entity 'sb://{place.namespace.host}/{entity.path}' is currently disabled."
            )
        limit = min(entity.max_message, 1024 * 1024) if place.namespace.sku == "Premium" else 256 * 1024
        self._answer(self._attach[5], self._attach[6], entity.max_message, {BATCH_LIMIT: ULong(limit)})
        self._grant_credit()

    def _open_receiver(self, place: Place) -> None:
        entity, broker = place.entity, self.connection.broker
        if entity.is_topic:
            raise Refusal(
                errors.NOT_ALLOWED, f"Messages are received from the subscriptions of the topic '{entity.path}'."
            )
        if entity.status in ("Disabled", "ReceiveDisabled"):
            raise Refusal(
                errors.DISABLED, f"Messaging entity 'sb://{place.namespace.host}/{entity.path}' is currently disabled."
            )
        if entity.forward_to and not self.letter:
            raise Refusal(errors.NOT_ALLOWED, f"'{entity.path}' forwards its messages to '{entity.forward_to}'.")
        box = broker.box(place, self.letter)
        settled = self._attach[3] == 1
        self.receiver = receiver = Receiver(self, broker, place, box, settled)
        asked, wanted = self._session_filter()
        if entity.sessions and not self.letter:
            if not asked:
                raise Refusal(
                    errors.NOT_ALLOWED,
                    "It is not possible for an entity that requires sessions to create a non-sessionful message receiver.",
                )
            if wanted is None:
                self._waits_until = broker.clock.now() + self._patience()
                box.waiting.append(receiver)
                broker.at(self._waits_until, self._wait_over)
                self.offer_session()
                return
            receiver.take_session(box.session(wanted))
        elif asked:
            raise Refusal(
                errors.NOT_ALLOWED,
                "A sessionful message receiver cannot be created on an entity that does not require sessions.",
            )
        self._opened(receiver)

    def _opened(self, receiver: Receiver) -> None:
        receiver.box.receivers.append(receiver)
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

    def offer_session(self) -> None:
        """Take a free session for a link that waits for any."""
        receiver = self.receiver
        session = receiver.box.free_session() if receiver is not None else None
        if receiver is not None and session is not None:
            receiver.box.waiting.remove(receiver)
            receiver.take_session(session)
            self._opened(receiver)

    def _wait_over(self) -> None:
        receiver = self.receiver
        if receiver is not None and receiver in receiver.box.waiting and not self.detached:
            receiver.box.waiting.remove(receiver)
            self._answer(None, None)
            self.refuse(
                Refusal(
                    errors.TIMEOUT,
                    "The operation did not complete within the allotted timeout. No session is available.",
                )
            )

    def _answer(self, source: Any, target: Any, size: int = 0, properties: dict[Any, Any] | None = None) -> None:
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
