"""Sessions of one connection: windows, deliveries and dispositions of the links in them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.service_bus.amqp import performatives as amqp
from azlabs.simulator.data_planes.service_bus.amqp.types import Malformed, UInt
from azlabs.simulator.data_planes.service_bus.links import WINDOW, LinkEnd

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.connection import Connection

MOST_LINKS = 4096


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
