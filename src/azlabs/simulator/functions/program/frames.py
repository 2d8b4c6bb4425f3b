"""Messages between the host and a worker: JSON with bytes beside it, so that neither side unpickles what the other made."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from typing import Any

_HEAD = struct.Struct(">II")
_LENGTH = struct.Struct(">Q")
LONGEST = 512 * 1024 * 1024
MOST_BLOBS = 100_000
_PLACE = "$bytes"


class Broken(Exception):
    """The other side is gone, or said something that is no message."""


class Channel:
    """One end of a stream socket. `send` is for any thread, `receive` for one."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sending = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Raises `Broken` when nobody listens any more."""
        blobs: list[bytes] = []

        def put(value: Any) -> Any:
            if isinstance(value, (bytes, bytearray, memoryview)):
                blobs.append(bytes(value))
                return {_PLACE: len(blobs) - 1}
            raise TypeError(f"{type(value).__name__} cannot be sent")

        text = json.dumps(message, default=put, separators=(",", ":")).encode("utf-8", "surrogatepass")
        parts = [_HEAD.pack(len(text), len(blobs)), *(_LENGTH.pack(len(blob)) for blob in blobs), text, *blobs]
        try:
            with self._sending:
                self._socket.sendall(b"".join(parts))
        except OSError as problem:
            raise Broken(str(problem)) from None

    def receive(self) -> dict[str, Any]:
        """The next message. Raises `Broken` at the end."""
        length, count = _HEAD.unpack(self._exactly(_HEAD.size))
        if count > MOST_BLOBS:
            raise Broken("a message has too many parts")
        lengths = [_LENGTH.unpack(self._exactly(_LENGTH.size))[0] for _ in range(count)]
        if length + sum(lengths) > LONGEST:
            raise Broken("a message is too long")
        text = self._exactly(length)
        blobs = [self._exactly(one) for one in lengths]

        def take(value: dict[str, Any]) -> Any:
            place = value.get(_PLACE) if len(value) == 1 else None
            return blobs[place] if isinstance(place, int) and place < len(blobs) else value

        try:
            message = json.loads(text.decode("utf-8", "surrogatepass"), object_hook=take if blobs else None)
        except ValueError as problem:
            raise Broken(str(problem)) from None
        if not isinstance(message, dict):
            raise Broken("a message is no object")
        return message

    def _exactly(self, size: int) -> bytes:
        if size == 0:
            return b""
        buffer = bytearray(size)
        view, got = memoryview(buffer), 0
        while got < size:
            try:
                count = self._socket.recv_into(view[got:], min(size - got, 1 << 20))
            except OSError as problem:
                raise Broken(str(problem)) from None
            if count == 0:
                raise Broken("the other side has closed")
            got += count
        return bytes(buffer)

    def close(self) -> None:
        """End both directions."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
