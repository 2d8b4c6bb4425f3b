"""The broker as something that runs: a thread with an event loop, a port for TLS and one for plain TCP, on loopback."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from azlabs.simulator.data_planes.service_bus import running
from azlabs.simulator.data_planes.service_bus.connection import Connection, Server

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.certificates import Certificate

START_SECONDS = 30.0
T = TypeVar("T")


class BrokerGone(Exception):
    """The broker has ended."""


class ServiceBus:
    """A running broker. `tls_port`: amqps (0: no certificate was given); `port`: amqp, for development connection strings."""

    def __init__(
        self,
        simulator: Simulator,
        certificate: Certificate | None = None,
        sockets: tuple[socket.socket | None, socket.socket | None] = (None, None),
        *,
        ports: bool = True,
    ) -> None:
        """`sockets`: bound ones for TLS and for plain TCP, else new ones on any port; `ports`: open them now."""
        self._simulator = simulator
        self.tls_port = self.port = 0
        self._ready = threading.Event()
        self._problem: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._listeners: list[asyncio.Server] = []
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._run, name="azlabs-service-bus", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError("the Service Bus broker did not start")
        if self._problem is not None:
            raise self._problem
        if ports:
            self.open_ports(certificate, sockets)
            running.adopt(simulator, self)

    def open_ports(
        self,
        certificate: Certificate | None = None,
        sockets: tuple[socket.socket | None, socket.socket | None] = (None, None),
    ) -> None:
        """Let clients in over TCP. `sockets`: bound ones for TLS and for plain TCP, else new ones on any port."""
        asyncio.run_coroutine_threadsafe(self._open_ports(certificate, sockets), self._loop).result(START_SECONDS)

    async def _open_ports(
        self, certificate: Certificate | None, sockets: tuple[socket.socket | None, socket.socket | None]
    ) -> None:
        self.port = await self._listen(sockets[1], None)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(certificate.chain, certificate.key)
            self.tls_port = await self._listen(sockets[0], context)

    @property
    def alive(self) -> bool:
        """Does it run?"""
        return self._thread.is_alive() and not self._stop.is_set()

    def call(self, act: Callable[[Server], T]) -> T:
        """Do something in the broker's thread, with what it says committed and sent; returns (or raises) what came of it.

        Raises `BrokerGone` when the broker has ended.
        """
        done: concurrent.futures.Future[T] = concurrent.futures.Future()

        def work() -> None:
            server = self.server
            try:
                with server.simulator.store.lock:
                    server.look()
                    result = act(server)
                    server.flush()
            except BaseException as problem:
                done.set_exception(problem)
            else:
                done.set_result(result)

        self.post(work)
        while True:
            try:
                return done.result(1.0)
            except concurrent.futures.TimeoutError:
                if not self._thread.is_alive() and not done.done():
                    raise BrokerGone from None

    def post(self, act: Callable[[], Any]) -> None:
        """Do something in the broker's thread soon. Raises `BrokerGone` when the broker has ended."""
        try:
            self._loop.call_soon_threadsafe(act)
        except RuntimeError:
            raise BrokerGone from None

    @property
    def server(self) -> Server:
        """Connections and messages. For the broker's thread only."""
        if self._server is None:
            raise BrokerGone
        return self._server

    @property
    def used(self) -> float:
        """`time.monotonic()` of the last word of a client; while any is connected, now."""
        server = self._server
        if server is None:
            return 0.0
        return time.monotonic() if server.connections else server.used

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as problem:
            self._problem = problem
        finally:
            self._loop.close()
            self._ready.set()

    async def _serve(self) -> None:
        with self._simulator.store.lock:
            self._server = server = Server(self._simulator, self._loop)
        clock = self._loop.create_task(server.run())
        self._ready.set()
        await self._stop.wait()
        clock.cancel()
        for listener in self._listeners:
            listener.close()
        server.close()
        await asyncio.sleep(0)
        for connection in list(server.connections):
            connection.abort()
        with contextlib.suppress(asyncio.CancelledError):
            await clock

    async def _listen(self, bound: socket.socket | None, context: ssl.SSLContext | None) -> int:
        if bound is None:
            bound = socket.create_server(("127.0.0.1", 0), backlog=128)
        server = self.server
        self._listeners.append(await self._loop.create_server(lambda: Connection(server), sock=bound, ssl=context))
        return int(bound.getsockname()[1])

    def close(self) -> None:
        """End every connection and write what is left; returns when it is done."""
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout=10)

    def __enter__(self) -> ServiceBus:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
