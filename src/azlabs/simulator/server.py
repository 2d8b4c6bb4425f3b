"""An https listener on loopback in front of `Simulator.handle`: one thread per connection, HTTP/1.1 keep-alive.

    with serve(simulator, folder=home / "tls") as listener:
        requests.get(f"{listener.url}/subscriptions?api-version=2022-12-01", verify=str(listener.authority), headers=...)

Clients trust `listener.authority` (a PEM file), which is private to the folder.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from azlabs.simulator import certificates, wire
from azlabs.simulator.http import Answer, Dropped, Request, TakenOver

if TYPE_CHECKING:
    from types import TracebackType

    from azlabs.simulator import Simulator

IDLE_SECONDS = 300.0
HANDSHAKE_SECONDS = 10.0
MOST_CONNECTIONS = 200
_log = logging.getLogger(__name__)
Handler = Callable[[Request], Answer]


class Listener:
    """A running listener. `url`: https://127.0.0.1:PORT; `authority`: what clients have to trust. `close` ends it."""

    def __init__(
        self, handle: Handler, certificate: certificates.Certificate, port: int = 0, address: str = "127.0.0.1"
    ) -> None:
        self.authority = certificate.authority
        self._handle = handle
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(certificate.chain, certificate.key)
        self._context.set_alpn_protocols(["http/1.1"])
        self._socket = socket.create_server((address, port), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"https://{address}:{self.port}"
        self.on_request: Callable[[], None] | None = None
        """Called before each request is answered: lets an owner know that the listener is in use."""
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._accept, name="azlabs-listener", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._closing:
                    return
                _log.warning("a connection could not be accepted", exc_info=True)
                continue
            with self._lock:
                if self._closing or len(self._open) >= MOST_CONNECTIONS:
                    connection.close()
                    continue
                self._open.add(connection)
            threading.Thread(target=self._connection, args=(connection,), name="azlabs-connection", daemon=True).start()

    def _connection(self, raw: socket.socket) -> None:
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.settimeout(HANDSHAKE_SECONDS)
            with self._context.wrap_socket(raw, server_side=True) as secure:
                with self._lock:
                    self._open.discard(raw)
                    self._open.add(secure)
                try:
                    secure.settimeout(IDLE_SECONDS)
                    self._serve(secure)
                finally:
                    with self._lock:
                        self._open.discard(secure)
        except (OSError, ValueError):
            _log.debug("a connection ended", exc_info=True)
        except Exception:
            _log.exception("a connection failed")
        finally:
            with self._lock:
                self._open.discard(raw)
            raw.close()

    def _serve(self, secure: ssl.SSLSocket) -> None:
        stream = wire.Stream(secure.recv, secure.sendall)
        while not self._closing:
            try:
                received = stream.request()
            except wire.Malformed as problem:
                secure.sendall(wire.encode(problem.answer(), keep=False))
                return
            if received is None:
                return
            request, keep = received
            if self.on_request is not None:
                self.on_request()
            answer = self._handle(request)
            if isinstance(answer, Dropped):
                return
            secure.sendall(wire.encode(answer, keep, head_only=request.method == "HEAD"))
            if isinstance(answer, TakenOver):
                answer.take(secure, stream.left)
                return
            if request.method != "HEAD":
                for part in wire.pieces(answer):
                    secure.sendall(part)
            if request.spool is not None:
                request.spool.close()
            if not keep:
                return

    def close(self) -> None:
        """Stop accepting, and end every connection. Requests that are being answered are cut off."""
        with self._lock:
            self._closing = True
            ending = list(self._open)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in ending:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)

    def wait(self) -> None:
        """Block until the listener is closed."""
        self._thread.join()

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(simulator: Simulator, port: int = 0, *, folder: Path, address: str = "127.0.0.1") -> Listener:
    """Start answering https requests; returns at once. `folder` keeps the private authority (made on first need)."""
    return Listener(simulator.handle, certificates.certificate(folder), port, address)
