"""Connections of clients: protocol headers, SASL, open and close; and the server that all connections belong to."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from azlabs.simulator.data_planes.service_bus import errors
from azlabs.simulator.data_planes.service_bus.amqp import performatives as amqp
from azlabs.simulator.data_planes.service_bus.amqp.types import Array, Malformed, Symbol, UByte, UInt, UShort
from azlabs.simulator.data_planes.service_bus.broker import Broker, Place
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.grants import Grants
from azlabs.simulator.data_planes.service_bus.idle import Idle
from azlabs.simulator.data_planes.service_bus.sessions import SessionEnd

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.service_bus.links import LinkEnd

MECHANISMS = ("MSSBCBS", "ANONYMOUS", "PLAIN", "EXTERNAL")
IDLE_SECONDS = 240.0
HANDSHAKE_SECONDS = 20.0
MOST_CHANNELS = 256
LOOK_SECONDS = 0.05
_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """One client. `send` collects frames; they leave when the server has committed what they speak of."""

    def __init__(self, server: Server) -> None:
        self.server, self.simulator = server, server.simulator
        self.broker: Broker = server.broker
        self.grants = Grants(server.simulator)
        self.remote_frame = amqp.SMALLEST_FRAME
        self.paused = False
        self.out: list[bytes] = []
        self._buffer = bytearray()
        self._state = "header"
        self._secured = False
        self._sessions: dict[int, SessionEnd] = {}
        self._transport: asyncio.Transport | None = None
        self._remote_idle = 0.0
        self._closing = False
        self.last_in = self.last_out = self.since = time.monotonic()

    # --- asyncio --------------------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = transport  # type: ignore[assignment]
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """A client is gone, with or without a word."""
        self.server.connections.discard(self)
        self._end()
        self._transport = None
        self.server.wake()

    def pause_writing(self) -> None:
        """The client reads more slowly than we send."""
        self.paused = True

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.paused = False
        for session in self._sessions.values():
            for link in session.links.values():
                if link.receiver is not None:
                    self.broker.dirty.add(link.receiver.box)
        self.server.wake()

    def data_received(self, data: bytes) -> None:
        """Bytes of the client. Whatever they are, this neither raises nor hangs."""
        self.last_in = time.monotonic()
        if self._closing:
            return
        self._buffer += data
        try:
            with self.simulator.store.lock:
                self.server.look()
                self._read()
        except Malformed as problem:
            self.fail(errors.DECODE_ERROR, f"The frame cannot be read: {problem}.")
        except Refusal as refusal:
            self.fail(refusal.condition, refusal.message)
        except sqlite3.Error:
            _log.exception("the broker cannot keep messages")
            self.server.reset()
        except Exception:
            _log.exception("a frame could not be handled")
            self.fail(errors.INTERNAL, "The server was unable to process the request; its log says more.")
        self.server.wake()

    def _read(self) -> None:
        at, buffer = 0, self._buffer
        try:
            while not self._closing:
                if self._state in ("header", "sasl-done"):
                    if len(buffer) - at < 8:
                        break
                    self._header(bytes(buffer[at : at + 8]))
                    at += 8
                    continue
                size = amqp.size_of(buffer, at)
                if size == 0:
                    break
                if not 8 <= size <= amqp.LARGEST_FRAME:
                    raise Refusal(errors.FRAMING_ERROR, f"A frame of {size} bytes is too small or too large.")
                if len(buffer) - at < size:
                    break
                raw = bytes(buffer[at : at + size])
                at += size
                self._frame(raw)
        finally:
            del buffer[:at]

    # --- the protocol ---------------------------------------------------------------------------------------------------
    def _header(self, raw: bytes) -> None:
        if raw == amqp.SASL_HEADER and self._state == "header":
            self._state = "sasl"
            words = Array([Symbol(word) for word in MECHANISMS], 0xA3)
            self.out += [amqp.SASL_HEADER, amqp.frame(0, amqp.SASL_MECHANISMS, [words], kind=1)]
        elif raw == amqp.AMQP_HEADER:
            self._state = "open"
            self.out.append(amqp.AMQP_HEADER)
        else:
            self.out.append(amqp.SASL_HEADER if self._state == "header" else amqp.AMQP_HEADER)
            self._hang_up()

    def _frame(self, raw: bytes) -> None:
        kind, channel, code, fields, end = amqp.parse(raw)
        if self._state == "sasl":
            if kind != 1 or code != amqp.SASL_INIT or str(fields[0]) not in MECHANISMS:
                self.out.append(amqp.frame(0, amqp.SASL_OUTCOME, [UByte(1)], kind=1))
                self._hang_up()
                return
            if str(fields[0]) == "PLAIN":
                self._plain(fields[1])
            self.out.append(amqp.frame(0, amqp.SASL_OUTCOME, [UByte(0)], kind=1))
            self._state = "sasl-done"
            return
        if kind != 0:
            raise Malformed("a SASL frame after SASL")
        if code == 0:
            return
        if not self._secured and code != amqp.OPEN:
            raise Refusal(errors.NOT_ALLOWED, "The connection is not open.")
        if code == amqp.OPEN:
            self._open(fields)
        elif code == amqp.CLOSE:
            self.send(0, amqp.CLOSE, [])
            self._end()
            self._hang_up()
        elif code == amqp.BEGIN:
            if channel in self._sessions or len(self._sessions) >= MOST_CHANNELS:
                raise Refusal(errors.NOT_ALLOWED, "The channel is in use.")
            self._sessions[channel] = SessionEnd(self, channel, fields)
        else:
            session = self._sessions.get(channel)
            if session is None:
                raise Refusal(errors.NOT_ALLOWED, "The channel has no session.")
            if code == amqp.END:
                del self._sessions[channel]
                session.close()
                self.send(channel, amqp.END, [])
            else:
                session.handle(code, fields, raw[end:])

    def _plain(self, response: Any) -> None:
        """A key in place of a token: the name of a rule and its key, good for what the rule is good for."""
        parts = bytes(response or b"").split(b"\0")
        if len(parts) == 3:
            self._password = (parts[1].decode("utf-8", "replace"), parts[2].decode("utf-8", "replace"))

    _password: tuple[str, str] | None = None

    def _open(self, fields: list[Any]) -> None:
        if self._secured:
            raise Refusal(errors.NOT_ALLOWED, "The connection is open already.")
        self._secured = True
        host = str(fields[1] or "")
        self.remote_frame = min(
            max(amqp.number(fields[2], amqp.LARGEST_FRAME), amqp.SMALLEST_FRAME), amqp.LARGEST_FRAME
        )
        self._remote_idle = amqp.number(fields[4], 0) / 1000
        answer = [
            f"azlabs-{uuid.uuid4()}",
            None,
            UInt(amqp.LARGEST_FRAME),
            UShort(MOST_CHANNELS - 1),
            UInt(int(IDLE_SECONDS * 1000)),
        ]
        self.send(0, amqp.OPEN, answer)
        self.grants.of_host(host)
        if self._password is not None:
            self.grants.put_key(*self._password)

    def put_token(self, audience: str, token: str) -> None:
        """Remember a token for what lies at and below an audience. Raises `Refusal`."""
        grant = self.grants.put(audience, token)
        if grant.expires != float("inf"):
            self.broker.at(grant.expires, self.check_links)

    def check_links(self) -> None:
        """A token is over, or what it allows has changed: what nothing allows any more is detached."""
        for link in self._links():
            if link.place is None:
                continue
            try:
                self.grants.check(link.path, *link.claims)
                link.check()
            except Refusal as refusal:
                link.refuse(refusal)

    def drop_links(self, places: list[Place]) -> None:
        """Detach what was attached to entities that are gone."""
        gone = {id(place) for place in places}
        for link in self._links():
            if link.place is not None and id(link.place) in gone:
                link.refuse(errors.not_found(link.path))

    def _links(self) -> list[LinkEnd]:
        return [link for session in self._sessions.values() for link in session.links.values()]

    # --- sending --------------------------------------------------------------------------------------------------------
    def send(self, channel: int, code: int, fields: list[Any], payload: bytes = b"") -> None:
        """Queue a frame."""
        self.out.append(amqp.frame(channel, code, fields, payload))

    def flush(self) -> None:
        """Hand queued frames to the network."""
        if not self.out:
            return
        raw, self.out = b"".join(self.out), []
        self.last_out = time.monotonic()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(raw)
        if self._closing and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def beat(self, now: float) -> None:
        """Keep the connection alive, or give up on a client that says nothing."""
        if self._remote_idle and now - self.last_out > self._remote_idle / 3 and self._secured:
            self.out.append(amqp.EMPTY)
        if now - self.last_in > IDLE_SECONDS * 1.5 or (not self._secured and now - self.since > HANDSHAKE_SECONDS):
            self.fail(errors.CONNECTION_FORCED, "The connection was inactive for more than the allowed time.")

    def fail(self, condition: str, message: str) -> None:
        """Close the connection with an error."""
        if self._closing:
            return
        if self._state == "open":
            if not self._secured:
                self.send(0, amqp.OPEN, [f"azlabs-{uuid.uuid4()}"])
            self.send(0, amqp.CLOSE, [amqp.error(condition, message)])
        self._end()
        self._hang_up()

    def _end(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def _hang_up(self) -> None:
        self._closing = True
        if not self.out and self._transport is not None:
            self._transport.close()


class Client(Protocol):
    """What the server tells those who have links."""

    def drop_links(self, places: list[Place]) -> None:
        """End what was attached to entities that are gone."""

    def check_links(self) -> None:
        """End what is not allowed any more."""

    def fail(self, condition: str, message: str) -> None:
        """End everything."""


class Server:
    """All connections, the broker, and the order of things: decide, commit, answer."""

    def __init__(self, simulator: Simulator, loop: asyncio.AbstractEventLoop) -> None:
        self.simulator, self.loop = simulator, loop
        self.broker = Broker(simulator.store, simulator.clock)
        self.broker.load()
        self.connections: set[Connection] = set()
        self.outlets: set[Client] = set()
        """Receivers in this process."""
        self._idle = Idle(simulator, self.broker)
        self._woken = False
        self.used = time.monotonic()
        """When a client was last heard."""

    def look(self) -> None:
        """Before something is done: has the control plane changed what it is done to?"""
        self.used = time.monotonic()
        broker = self.broker
        if broker.journal.changed_elsewhere():
            self.restored()
        elif broker.generation_is_new():
            gone = broker.refresh()
            for client in self.clients():
                client.drop_links(gone)
                client.check_links()

    def clients(self) -> list[Client]:
        """All that have links, over TCP and in this process."""
        return [*self.connections, *self.outlets]

    def restored(self) -> None:
        """Other messages are there than before: everything that was locked is not any more, receivers get what is there now."""
        self.broker.reload()
        gone = self.broker.refresh()
        for client in self.clients():
            client.drop_links(gone)
            client.check_links()
        self.wake()

    def wake(self) -> None:
        """Flush at the end of this turn of the loop, with what others have to say in it; at once where there are no others."""
        if len(self.connections) == 1 and not self.outlets and not self._woken:
            self.flush()
        elif not self._woken:
            self._woken = True
            self.loop.call_soon(self.flush)

    def flush(self) -> None:
        """Deliver, commit, and only then let anybody hear of it."""
        self._woken = False
        try:
            with self.simulator.store.lock:
                self.broker.pump()
                self.broker.journal.commit()
        except sqlite3.Error:
            _log.exception("the broker cannot keep messages")
            self.reset()
        for connection in list(self.connections):
            connection.flush()

    def reset(self) -> None:
        """What is in memory differs from what is on disk: end all connections, say nothing more, and read again."""
        for connection in list(self.connections):
            connection.out.clear()
        for client in self.clients():
            client.fail(errors.INTERNAL, "The broker cannot keep messages.")
        self.broker = Broker(self.simulator.store, self.simulator.clock)
        self.broker.load()
        self._idle = Idle(self.simulator, self.broker)

    async def run(self) -> None:
        """Do what time brings, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self._step()
            except Exception:
                _log.exception("the broker could not do what was due")

    def _step(self) -> None:
        used = self.used
        with self.simulator.store.lock:
            self.look()
            self.broker.tick()
            self._idle.look()
        self.used = used
        now = time.monotonic()
        for connection in list(self.connections):
            connection.beat(now)
        self.flush()

    def close(self) -> None:
        """Say goodbye to every client, and write what is left."""
        for client in self.clients():
            client.fail(errors.CONNECTION_FORCED, "The simulator's host process ends.")
        self.flush()
        self.broker.close()
