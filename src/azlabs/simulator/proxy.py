"""An HTTP proxy on loopback for programs that are not Python: Azure's names lead to the simulator, or nowhere.

CONNECT to a served name is spliced to the https listener; plain requests to the metadata address are answered here. Any
other Azure name is refused with a sentence; every other host is reached as if there were no proxy.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
from collections.abc import Callable

from azlabs.simulator import wire
from azlabs.simulator.http import Answer, Dropped, Request, split_url
from azlabs.simulator.served import AZURE, SERVED, matches, refusal

HEAD_LIMIT = 32 * 1024
IDLE_SECONDS = 300.0
CONNECT_SECONDS = 20.0
_log = logging.getLogger(__name__)


class Proxy:
    """A running proxy. `url`: http://127.0.0.1:PORT. `close` ends it."""

    def __init__(self, handle: Callable[[Request], Answer], https_port: int, port: int = 0) -> None:
        self._handle, self._https_port = handle, https_port
        self._socket = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._closing = False
        self._thread = threading.Thread(target=self._accept, name="azlabs-proxy", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(client,), name="azlabs-proxied", daemon=True).start()

    def _connection(self, client: socket.socket) -> None:
        with client:
            try:
                client.settimeout(IDLE_SECONDS)
                head = _read_head(client)
                if head.startswith(b"CONNECT "):
                    self._tunnel(client, head)
                elif head:
                    self._plain(client, head)
            except (OSError, ValueError):
                _log.debug("a proxied connection ended", exc_info=True)

    def _tunnel(self, client: socket.socket, head: bytes) -> None:
        target = head.split(b" ", 2)[1].decode("ascii", "replace")
        host, _, port = target.rpartition(":")
        host = host.strip("[]")
        if matches(host, SERVED):
            address = ("127.0.0.1", self._https_port)
        elif matches(host, AZURE):
            client.sendall(_text_answer(403, "Forbidden", refusal(host)))
            return
        else:
            address = (host, int(port))
        try:
            upstream = socket.create_connection(address, CONNECT_SECONDS)
        except OSError as problem:
            client.sendall(_text_answer(502, "Bad Gateway", f"azlabs: {host} cannot be reached: {problem}"))
            return
        with upstream:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _splice(client, upstream)

    def _plain(self, client: socket.socket, head: bytes) -> None:
        """An http:// request: the metadata address, the identity endpoint of this host, or the rest of the world."""
        stream = wire.Stream(_prefixed(head, client), client.sendall)
        try:
            received = stream.request()
        except wire.Malformed as problem:
            client.sendall(wire.encode(problem.answer(), keep=False))
            return
        if received is None:
            return
        request, _keep = received
        host = split_url(request.url)[0]
        if host in ("127.0.0.1", "localhost", ""):
            path = (
                request.url.partition("://")[2].partition("/")[2] if "://" in request.url else request.url.lstrip("/")
            )
            request.url = f"http://169.254.169.254/{path}"
        elif not matches(host, SERVED):
            words = refusal(host) if matches(host, AZURE) else f"azlabs: {host} is only reached over https from here."
            client.sendall(_text_answer(403, "Forbidden", words))
            return
        answer = self._handle(request)
        if not isinstance(answer, Dropped):
            client.sendall(wire.encode(answer, keep=False))

    def close(self) -> None:
        """Stop accepting; tunnels that are open end with the process."""
        self._closing = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)


def _read_head(client: socket.socket) -> bytes:
    """The request head (and whatever came with it)."""
    head = b""
    while b"\r\n\r\n" not in head:
        if len(head) > HEAD_LIMIT:
            raise ValueError("the request head is too long")
        piece = client.recv(8192)
        if not piece:
            return b""
        head += piece
    return head


def _prefixed(head: bytes, client: socket.socket) -> Callable[[int], bytes]:
    """A recv that first gives back what was read already."""
    waiting = [head]

    def receive(size: int) -> bytes:
        if waiting:
            piece = waiting.pop()
            if len(piece) > size:
                waiting.append(piece[size:])
                piece = piece[:size]
            return piece
        return client.recv(size)

    return receive


def _splice(one: socket.socket, other: socket.socket) -> None:
    """Copy bytes both ways until both sides are done or nothing moved for a long time."""
    ways = {one: other, other: one}
    for end in ways:
        end.settimeout(IDLE_SECONDS)
    while ways:
        ready, _, _ = select.select(list(ways), [], [], IDLE_SECONDS)
        if not ready:
            return
        for source in ready:
            piece = source.recv(65536)
            if piece:
                ways[source].sendall(piece)
                continue
            target = ways.pop(source)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_WR)


def _text_answer(status: int, reason: str, text: str) -> bytes:
    body = (text + "\n").encode()
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    return (head + "Connection: close\r\n\r\n").encode() + body
