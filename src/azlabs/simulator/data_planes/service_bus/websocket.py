"""AMQP over WebSocket: what comes in on the https port under /$servicebus/websocket goes on to the broker's own port.

Source: RFC 6455, and "AMQP over WebSocket Binding" of OASIS (one binary message or more make the stream of AMQP).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import select
import socket
import ssl
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.service_bus import doorway
from azlabs.simulator.http import Answer, CaseInsensitive, Request, TakenOver

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

PATH = "/$servicebus/websocket"
PROTOCOLS = ("amqp", "amqpwsb10")
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
LARGEST = 16 * 1024 * 1024
PROTOCOL_ERROR, UNSUPPORTED, TOO_BIG = 1002, 1003, 1009
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_PART = 65536


class BadFrame(Exception):
    """Bytes that are no frame of a client. `code`: of the close frame that answers them."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def answer(simulator: Simulator, request: Request) -> Answer:
    """The answer to the opening of a WebSocket."""
    headers = CaseInsensitive(request.headers)
    key, offered = headers.get("sec-websocket-key", ""), headers.get("sec-websocket-protocol", "")
    wanted = [one.strip() for one in offered.split(",")]
    protocol = next((one for one in wanted if one.lower() in PROTOCOLS), "")
    if headers.get("upgrade", "").lower() != "websocket" or not key or not protocol:
        return Answer(400, {}, b"The request does not open a WebSocket with the protocol AMQPWSB10.")
    if headers.get("sec-websocket-version") != "13":
        return Answer(426, {"Sec-WebSocket-Version": "13"})
    door = doorway.door_of(simulator)
    if door is None:
        return Answer(503, {}, b"No broker runs in this process; run `azlabs shell`.")
    accept = base64.b64encode(hashlib.sha1(key.encode() + _MAGIC, usedforsecurity=False).digest()).decode()
    said = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept, "Sec-WebSocket-Protocol": protocol}
    port = door.port
    return TakenOver(101, said, lambda stream, early: carry(stream, early, port))


def frame(code: int, payload: bytes) -> bytes:
    """One frame of a server."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | code, size)) + payload
    if size < 65536:
        return bytes((0x80 | code, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | code, 127)) + size.to_bytes(8, "big") + payload


class Frames:
    """Frames of a client out of a stream of bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._started = False

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """(kind, payload) of the frames that are complete now. Raises `BadFrame`."""
        self._buffer += data
        found: list[tuple[int, bytes]] = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        code, last, size, start = buffer[0] & 15, bool(buffer[0] & 0x80), buffer[1] & 127, 2
        if buffer[0] & 0x70 or not buffer[1] & 0x80:
            raise BadFrame(PROTOCOL_ERROR)
        if code >= CLOSE and (size > 125 or not last):
            raise BadFrame(PROTOCOL_ERROR)
        if size > 125:
            start = 4 if size == 126 else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if size > LARGEST:
            raise BadFrame(TOO_BIG)
        if len(buffer) < start + 4 + size:
            return None
        mask, payload = bytes(buffer[start : start + 4]), bytes(buffer[start + 4 : start + 4 + size])
        del buffer[: start + 4 + size]
        if code == TEXT:
            raise BadFrame(UNSUPPORTED)
        if code < CLOSE:
            if (code == CONTINUED) != self._started or code not in (CONTINUED, BINARY):
                raise BadFrame(PROTOCOL_ERROR)
            self._started = not last
        elif code not in (CLOSE, PING, PONG):
            raise BadFrame(PROTOCOL_ERROR)
        return code, unmasked(payload, mask)


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """The bytes without their mask of four."""
    size = len(payload)
    if not size:
        return b""
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")


def carry(stream: ssl.SSLSocket, early: bytes, port: int) -> None:
    """Carry frames to the broker and its bytes back until one side ends. `early`: what came right after the request."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as broker:
        broker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _Carrier(stream, broker).run(early)


class _Carrier:
    """Two connections and what waits to be written on each."""

    def __init__(self, stream: ssl.SSLSocket, broker: socket.socket) -> None:
        self._stream, self._broker, self._frames = stream, broker, Frames()
        self._to_client = bytearray()
        self._to_broker = bytearray()
        self._ending = False
        stream.setblocking(False)
        broker.setblocking(False)

    def run(self, early: bytes) -> None:
        """Until the end."""
        self._taken(early)
        while not (self._ending and not self._to_client):
            self._write()
            reading: list[socket.socket] = []
            if not self._ending and len(self._to_broker) < LARGEST:
                reading.append(self._stream)
            if not self._ending and len(self._to_client) < LARGEST:
                reading.append(self._broker)
            writing = [one for one, waits in ((self._stream, self._to_client), (self._broker, self._to_broker)) if waits]
            ready: list[socket.socket]
            ready, writable = (reading, []) if self._stream.pending() else select.select(reading, writing, [])[:2]
            if self._ending and not writable and not self._to_client:
                return
            if self._stream in ready:
                self._from_client()
            if self._broker in ready:
                self._from_broker()

    def _from_client(self) -> None:
        try:
            data = self._stream.recv(_PART)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        if not data:
            self._ending = True
            self._to_client.clear()
        self._taken(data)

    def _taken(self, data: bytes) -> None:
        try:
            frames = self._frames.feed(data)
        except BadFrame as problem:
            self._end(problem.code.to_bytes(2, "big"))
            return
        for code, payload in frames:
            if code == PING:
                self._to_client += frame(PONG, payload)
            elif code == CLOSE:
                self._end(payload[:2])
            elif code != PONG:
                self._to_broker += payload

    def _from_broker(self) -> None:
        try:
            data = self._broker.recv(_PART)
        except BlockingIOError:
            return
        if data:
            self._to_client += frame(BINARY, data)
        else:
            self._end((1000).to_bytes(2, "big"))

    def _end(self, reason: bytes) -> None:
        if not self._ending:
            self._to_client += frame(CLOSE, reason)
        self._ending = True

    def _write(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._to_broker:
                del self._to_broker[: self._broker.send(self._to_broker[:_PART])]
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while self._to_client:
                del self._to_client[: self._stream.send(self._to_client[:_PART])]
