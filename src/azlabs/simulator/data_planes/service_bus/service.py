"""The broker as something that runs: a thread with an event loop, a port for TLS and one for plain TCP, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.service_bus.connection import Connection, Server

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.certificates import Certificate

START_SECONDS = 30.0


class ServiceBus:
    """A running broker. `tls_port`: amqps (0: no certificate was given); `port`: amqp, for development connection strings."""

    def __init__(
        self,
        simulator: Simulator,
        certificate: Certificate | None = None,
        sockets: tuple[socket.socket | None, socket.socket | None] = (None, None),
    ) -> None:
        """`sockets`: bound ones for TLS and for plain TCP, else new ones on any port."""
        self._simulator, self._certificate = simulator, certificate
        self._sockets = sockets
        self.tls_port = self.port = 0
        self._ready = threading.Event()
        self._problem: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._server: Server | None = None
        self._thread = threading.Thread(target=self._run, name="azlabs-service-bus", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError("the Service Bus broker did not start")
        if self._problem is not None:
            raise self._problem

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
        self._server = server = Server(self._simulator, self._loop)
        listeners = [await self._listen(server, self._sockets[1], None)]
        self.port = listeners[0].sockets[0].getsockname()[1]
        if self._certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(self._certificate.chain, self._certificate.key)
            listeners.append(await self._listen(server, self._sockets[0], context))
            self.tls_port = listeners[1].sockets[0].getsockname()[1]
        clock = self._loop.create_task(server.run())
        self._ready.set()
        await self._stop.wait()
        clock.cancel()
        for listener in listeners:
            listener.close()
        server.close()
        await asyncio.sleep(0)
        for connection in list(server.connections):
            connection.abort()
        with contextlib.suppress(asyncio.CancelledError):
            await clock

    async def _listen(
        self, server: Server, bound: socket.socket | None, context: ssl.SSLContext | None
    ) -> asyncio.Server:
        if bound is None:
            bound = socket.create_server(("127.0.0.1", 0), backlog=128)
        return await self._loop.create_server(lambda: Connection(server), sock=bound, ssl=context)

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
