"""HTTP/1.1 on a stream: reads requests, writes answers. Knows nothing of Azure.

Written for one purpose, a quick loopback listener: requests with Content-Length or chunked bodies, keep-alive, 100-continue.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import chain
from typing import IO

from azlabs.simulator.http import Answer, LiveAnswer, Request, StreamedAnswer

MAX_HEAD = 64 * 1024
MAX_BODY = 5000 * 1024 * 1024
MAX_CHUNKED = 256 * 1024 * 1024
"""Bodies without a Content-Length are put together in memory."""
SPOOLED = 8 * 1024 * 1024
"""Longer bodies wait in a file."""
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_BODILESS = frozenset({101, 204, 304})
Receive = Callable[[int], bytes]
Send = Callable[[bytes], object]


class Malformed(Exception):
    """The bytes are no request that can be read; the connection has to end after an answer with `status`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> Answer:
        body = json.dumps({"error": {"code": self.code, "message": self.message}}).encode()
        return Answer(self.status, {"Content-Type": "application/json; charset=utf-8"}, body)


class Stream:
    """Requests from one connection, in order."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._buffer = b""

    @property
    def left(self) -> bytes:
        """What has come after the last request."""
        return self._buffer

    def _more(self) -> bool:
        data = self._receive(65536)
        self._buffer += data
        return bool(data)

    def request(self, scheme: str = "https") -> tuple[Request, bool] | None:
        """(request, keep the connection?), or None at the end of the stream. Raises `Malformed`."""
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end >= 0:
                break
            if len(self._buffer) > MAX_HEAD:
                raise Malformed(
                    431, "RequestHeaderFieldsTooLarge", f"The request's header is longer than {MAX_HEAD} bytes."
                )
            if not self._more():
                return None
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        if len(head) > MAX_HEAD:
            raise Malformed(
                431, "RequestHeaderFieldsTooLarge", f"The request's header is longer than {MAX_HEAD} bytes."
            )
        first, _, rest = head.decode("latin-1").lstrip("\r\n").partition("\r\n")
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise Malformed(400, "BadRequest", "The request line cannot be read.")
        method, target, version = words
        headers: dict[str, str] = {}
        for line in rest.split("\r\n") if rest else ():
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Malformed(400, "BadRequest", "A header line of the request cannot be read.")
            name = name.lower()
            headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
        body = self._body(headers)
        spool, body = (None, body) if body is None or isinstance(body, bytes) else (body, None)
        connection = headers.get("connection", "").lower()
        keep = "close" not in connection and (version == "HTTP/1.1" or "keep-alive" in connection)
        if target.startswith("/"):
            host = headers.get("host", "")
            if not host or "/" in host or " " in host:
                raise Malformed(400, "BadRequest", "The request has no usable Host header.")
            target = f"{scheme}://{host}{target}"
        elif "://" not in target:
            raise Malformed(400, "BadRequest", "The request target cannot be read.")
        return Request(method, target, headers, body, spool), keep

    def _body(self, headers: dict[str, str]) -> bytes | IO[bytes] | None:
        if headers.get("expect", "").lower() == "100-continue":
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
                raise Malformed(400, "BadRequest", "The request's transfer encoding is not supported.")
            return self._chunks()
        length = headers.get("content-length")
        if length is None:
            return None
        if not length.isdecimal():
            raise Malformed(400, "BadRequest", "The request's Content-Length is no number.")
        if len(length) > 12 or int(length) > MAX_BODY:
            raise Malformed(413, "RequestEntityTooLarge", f"The request's body is longer than {MAX_BODY} bytes.")
        return self._take(int(length)) if int(length) <= SPOOLED else self._spool(int(length))

    def _spool(self, count: int) -> IO[bytes]:
        """A long body, in a file without a name, so that it never stands in memory as a whole."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the request
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        file.write(taken)
        left = count - len(taken)
        while left:
            data = self._receive(min(left, 1 << 20))
            if not data:
                raise Malformed(400, "BadRequest", "The request ended before its body did.")
            file.write(data)
            left -= len(data)
        file.flush()
        file.seek(0)
        return file

    def _take(self, count: int) -> bytes:
        if len(self._buffer) < count:
            parts, size = [self._buffer], len(self._buffer)
            while size < count:
                data = self._receive(min(count - size, 1 << 20))
                if not data:
                    raise Malformed(400, "BadRequest", "The request ended before its body did.")
                parts.append(data)
                size += len(data)
            self._buffer = b"".join(parts)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEAD or not self._more():
                raise Malformed(400, "BadRequest", "A chunk of the request's body cannot be read.")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            text = self._line().partition(b";")[0].strip()
            try:
                count = int(text, 16) if text and len(text) < 10 else -1
            except ValueError:
                count = -1
            size += max(count, 0)
            if count < 0 or size > MAX_CHUNKED:
                raise Malformed(400, "BadRequest", "A chunk of the request's body cannot be read.")
            if count == 0:
                while self._line():
                    pass
                return b"".join(parts)
            parts.append(self._take(count))
            if self._line():
                raise Malformed(400, "BadRequest", "A chunk of the request's body is longer than it says.")


def encode(answer: Answer, keep: bool, *, head_only: bool = False) -> bytes:
    """An answer as bytes; of one that is streamed the head, its parts are sent after it."""
    status = answer.status
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}"]
    for name, value in answer.headers.items():
        if "\r" in value or "\n" in value:
            value = value.replace("\r", " ").replace("\n", " ")
        lines.append(f"{name}: {value}")
    streamed = isinstance(answer, StreamedAnswer | LiveAnswer)
    if isinstance(answer, LiveAnswer):
        lines.append("Transfer-Encoding: chunked")
    elif status not in _BODILESS and "Content-Length" not in answer.headers:
        lines.append(f"Content-Length: {answer.length if isinstance(answer, StreamedAnswer) else len(answer.body)}")
    if not keep:
        lines.append("Connection: close")
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head if head_only or streamed or status in _BODILESS else head + answer.body


def pieces(answer: Answer) -> Iterator[bytes]:
    """What follows the head of an answer that is streamed."""
    if isinstance(answer, StreamedAnswer):
        yield from answer.parts
    elif isinstance(answer, LiveAnswer):
        for part in chain((answer.body,), answer.parts):
            if part:
                yield b"%x\r\n%b\r\n" % (len(part), part)
        yield b"0\r\n\r\n"
