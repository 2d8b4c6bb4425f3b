"""Clients of the broker in its own process: the Functions host and its bindings. The same rights, rules and locks as over AMQP.

    client = Client(simulator, "sb-notes.servicebus.windows.net", token=lambda: simulator.token(principal, AUDIENCE))
    client = Client.from_connection_string(simulator, "Endpoint=sb://...;SharedAccessKeyName=...;SharedAccessKey=...")
    client.send("documents", [Outgoing(b"{}", message_id="1")])
    with client.receiver("documents") as receiver:
        for message in receiver.receive(most=10, wait=5):
            receiver.complete(message)

Everything that Service Bus refuses is raised as `errors.Refusal` (`condition`, `message`). Safe for several threads.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from azlabs.simulator.data_planes.service_bus import access, errors, namespaces, running
from azlabs.simulator.data_planes.service_bus.amqp.message import Message
from azlabs.simulator.data_planes.service_bus.envelopes import Outgoing, Received
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.grants import Grants
from azlabs.simulator.data_planes.service_bus.outlet import Outlet
from azlabs.simulator.data_planes.service_bus.receivers import check_intake
from azlabs.simulator.data_planes.service_bus.service import BrokerGone
from azlabs.simulator.data_planes.storage.firewall import CLIENT

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.service_bus.connection import Server

__all__ = ["AUDIENCE", "BrokerGone", "Client", "Outgoing", "Received", "Receiver", "Refusal"]

AUDIENCE = "https://servicebus.azure.net"
RENEW_BEFORE = 300.0
SIGNED_FOR = 3600.0
T = TypeVar("T")


class Client:
    """Somebody who speaks to one namespace. `token`: a bearer token, or what gives one whenever it is needed."""

    def __init__(
        self, simulator: Simulator, host: str, *, token: str | Callable[[], str], address: str = CLIENT, path: str = ""
    ) -> None:
        """`address`: where the client is, for the rules of the network; `path`: the only entity it is for."""
        self.simulator, self.host, self.path = simulator, host, path
        self.bus = running.broker_of(simulator)
        self._token = token
        self._grants = Grants(simulator, address)
        self._named = False
        self._expires = 0.0
        self._lock = threading.Lock()
        self._receivers: set[Receiver] = set()

    @classmethod
    def from_connection_string(cls, simulator: Simulator, text: str, *, address: str = CLIENT) -> Client:
        """A client with a key, or with a signature that somebody has made. Raises ValueError for what is no such string."""
        parts = {
            name.strip().lower(): value.strip()
            for name, found, value in (part.partition("=") for part in text.split(";"))
            if found
        }
        host = parts.get("endpoint", "").partition("://")[2].strip("/")
        path = parts.get("entitypath", "")
        if not host:
            raise ValueError("The connection string has no Endpoint of the form sb://<namespace>.servicebus.windows.net/.")
        signature = parts.get("sharedaccesssignature")
        if signature:
            return cls(simulator, host, token=signature, address=address, path=path)
        name, key = parts.get("sharedaccesskeyname"), parts.get("sharedaccesskey")
        if not name or not key:
            raise ValueError("The connection string has neither SharedAccessKeyName and SharedAccessKey nor a signature.")
        resource = f"sb://{host}/{path}".rstrip("/")

        def token() -> str:
            return access.sign(resource, name, key, simulator.clock.now() + SIGNED_FOR)

        return cls(simulator, host, token=token, address=address, path=path)

    def send(self, path: str, messages: Sequence[Outgoing]) -> None:
        """Hand messages to a queue or topic, all or none. Raises `Refusal`."""
        token = self.fresh()
        raw = [Message(one.encoded()) for one in messages]

        def act(server: Server) -> None:
            grants = self.proven(token)
            address, letter = namespaces.split_address(path)
            place = server.broker.find(grants.check(address, access.SEND), address)
            check_intake(place, address, letter)
            server.broker.send(place, raw)

        self.call(act)

    def receiver(self, path: str, *, session: str | None = None) -> Receiver:
        """Open a receiver on a queue, "topic/Subscriptions/name", or one of these with "/$DeadLetterQueue"; on one session."""
        found = Receiver(self, path, session is not None, session, 0.0)
        found.open()
        return found

    def next_session(self, path: str, wait: float = 60.0) -> Receiver | None:
        """A receiver on the next session that nobody works on; None when there was none for `wait` seconds."""
        found = Receiver(self, path, True, None, wait)
        try:
            found.open()
        except Refusal as refusal:
            if refusal.condition == errors.TIMEOUT:
                return None
            raise
        return found

    def close(self) -> None:
        """End every receiver, also those that wait."""
        for one in list(self._receivers):
            one.close()

    # --- for receivers ----------------------------------------------------------------------------------------------------
    def call(self, act: Callable[[Server], T]) -> T:
        """Do something in the broker's thread."""
        return self.bus.call(act)

    def fresh(self) -> str | None:
        """A new token when the last one is nearly over; made in the caller's thread, which may wait for it."""
        with self._lock:
            if self._expires - RENEW_BEFORE > self.simulator.clock.now():
                return None
            return self._token if isinstance(self._token, str) else self._token()

    def proven(self, token: str | None) -> Grants:
        """What the client may do. In the broker's thread. Raises `Refusal`."""
        if not self._named:
            self._grants.of_host(self.host)
            self._named = True
        if token is not None:
            self._expires = self._grants.put("", token).expires
        return self._grants

    def keep(self, receiver: Receiver, *, open: bool) -> None:
        """Remember or forget a receiver."""
        (self._receivers.add if open else self._receivers.discard)(receiver)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class Receiver:
    """Takes messages with locks. When its entity is deleted and made again, or its rights come back, it goes on by itself."""

    def __init__(self, client: Client, path: str, sessions: bool, wanted: str | None, patience: float) -> None:
        self._client, self.path = client, path
        self._sessions, self._wanted, self._patience = sessions, wanted, patience
        self._outlet: Outlet | None = None
        self._one = threading.Lock()
        self._closed = False

    @property
    def session_id(self) -> str | None:
        """The session that it works on."""
        return self._outlet.session_id if self._outlet is not None else None

    @property
    def problem(self) -> Refusal | None:
        """Why it gets no messages now."""
        return self._outlet.problem if self._outlet is not None else None

    def open(self) -> None:
        """Attach; returns when that is done. Raises `Refusal`."""
        self._client.keep(self, open=True)
        done: Future[bool] = Future()
        token = self._client.fresh()

        def act(server: Server) -> None:
            self._attach(server, token, done)

        try:
            self._client.call(act)
            while not done.done():
                with contextlib.suppress(TimeoutError):
                    done.result(1.0)
                if not self._client.bus.alive and not done.done():
                    raise BrokerGone
            done.result()
        except BaseException:
            self.close()
            raise

    def _attach(self, server: Server, token: str | None, done: Future[bool] | None = None) -> Outlet:
        address, letter = namespaces.split_address(self.path)
        grants = self._client.proven(token)
        place = server.broker.find(grants.check(address, access.LISTEN), address)
        outlet = Outlet(server, grants, place, address, letter, done)
        self._outlet = outlet
        outlet.open(self._sessions, self._wanted, self._patience)
        return outlet

    def receive(self, most: int = 1, wait: float = 60.0) -> list[Received]:
        """Up to `most` messages as soon as there is one; none after `wait` seconds, or when the receiver is closed.

        Raises `Refusal` when messages cannot be received: try again later, no other receiver is needed. A receiver of a
        session whose lock is lost stays closed.
        """
        with self._one:
            token = self._client.fresh()
            done: Future[list[Received]] = Future()

            def act(server: Server) -> None:
                if self._closed:
                    done.set_result([])
                    return
                outlet = self._outlet
                if outlet is None or (outlet.problem is not None and not self._sessions):
                    outlet = self._attach(server, token)
                elif token is not None:
                    self._client.proven(token)
                outlet.want(most, wait, done)

            self._client.call(act)
            deadline = time.monotonic() + wait + 5.0
            while not done.done():
                with contextlib.suppress(TimeoutError):
                    return done.result(1.0)
                if not done.done() and (not self._client.bus.alive or time.monotonic() > deadline):
                    raise BrokerGone
            return done.result()

    def complete(self, message: Received) -> None:
        """It is done with. Raises `Refusal` when its lock is lost, as all of these."""
        self._settle(message, lambda server, lock, _: server.broker.complete(lock))

    def abandon(self, message: Received, properties: dict[str, Any] | None = None) -> None:
        """It can be received again at once; a failed delivery more."""
        self._settle(message, lambda server, lock, place: server.broker.abandon(lock, place, properties or {}))

    def release(self, message: Received) -> None:
        """It can be received again at once, and this delivery does not count."""
        self._settle(message, lambda server, lock, place: server.broker.abandon(lock, place, {}, failed=False))

    def dead_letter(
        self, message: Received, reason: str | None = None, description: str | None = None,
        properties: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """It goes to the dead-letter queue."""
        self._settle(
            message, lambda server, lock, place: server.broker.reject(lock, place, reason, description, properties or {})
        )

    def defer(self, message: Received, properties: dict[str, Any] | None = None) -> None:
        """It is set aside until somebody asks for its number."""
        self._settle(message, lambda server, lock, place: server.broker.defer(lock, place, properties or {}))

    def renew(self, message: Received) -> float:
        """A new end of its lock (seconds since the epoch)."""
        return self._settle(message, lambda server, lock, place: server.broker.renew(lock, place), keeps=True)

    def renew_session(self) -> float:
        """A new end of the session's lock (seconds since the epoch)."""
        return self._client.call(lambda _: self._of_session().renew_session())

    def session_state(self) -> bytes | None:
        """What was written down about the session."""
        return self._client.call(lambda _: self._of_session().state())

    def set_session_state(self, state: bytes | None) -> None:
        """Write something down about the session."""
        self._client.call(lambda _: self._of_session().set_state(state))

    def _of_session(self) -> Outlet:
        if self._outlet is None or self._outlet.session_id is None:
            raise errors.session_lost(self._wanted or "")
        return self._outlet

    def _settle(self, message: Received, act: Callable[[Server, Any, Any], T], *, keeps: bool = False) -> T:
        def work(server: Server) -> T:
            outlet = self._outlet
            if outlet is None:
                raise errors.lock_lost()
            lock = outlet.lock_of(message)
            result = act(server, lock, outlet.place)
            if not keeps:
                outlet.forget(message)
            return result

        return self._client.call(work)

    def close(self) -> None:
        """Take no more messages. Those that are held stay locked until their time is over; of a session they come back."""
        self._closed = True
        self._client.keep(self, open=False)

        def act(_server: Server) -> None:
            if self._outlet is not None:
                self._outlet.close()

        with contextlib.suppress(BrokerGone):
            self._client.call(act)

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
