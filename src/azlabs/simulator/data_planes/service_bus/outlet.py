"""The broker's end of a receiver in its own process. Everything here runs in the broker's thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.service_bus import access, errors
from azlabs.simulator.data_planes.service_bus.box import Lock
from azlabs.simulator.data_planes.service_bus.envelopes import Received
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.management import check_state
from azlabs.simulator.data_planes.service_bus.receivers import Receiver

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.broker import Place
    from azlabs.simulator.data_planes.service_bus.connection import Server
    from azlabs.simulator.data_planes.service_bus.grants import Grants


class Outlet:
    """Implements `receivers.Outlet` and `connection.Client`. `problem`: why no messages come any more."""

    def __init__(
        self, server: Server, grants: Grants, place: Place, path: str, letter: str, opening: Future[bool] | None
    ) -> None:
        self._server, self._grants, self.place, self.path, self._letter = server, grants, place, path, letter
        self._receiver = Receiver(self, server.broker, place, server.broker.box(place, letter), settled=False)
        self._opening = opening
        self._asked: Future[list[Received]] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._arrived: list[Received] = []
        self._deliveries = 0
        self.problem: Refusal | None = None

    @property
    def owner(self) -> object:
        """Who works on the session."""
        return self

    @property
    def session_id(self) -> str | None:
        """The session that it works on."""
        session = self._receiver.session
        return session.id if session is not None else None

    def open(self, sessions: bool, wanted: str | None, patience: float) -> None:
        """Attach. Raises `Refusal`."""
        self._server.outlets.add(self)
        try:
            self._receiver.open(self._letter, sessions, wanted, patience)
        except Refusal as refusal:
            self.problem = refusal
            self._end()
            raise

    # --- what the receiver says -------------------------------------------------------------------------------------------
    def opened(self, receiver: Receiver) -> None:  # noqa: ARG002
        """Attached, with its session."""
        if self._opening is not None and not self._opening.done():
            self._opening.set_result(True)

    def given_up(self, refusal: Refusal) -> None:
        """No session came."""
        self.refuse(refusal)

    def can_send(self) -> bool:
        """Is somebody waiting?"""
        return self._asked is not None

    def transfer(self, tag: bytes, payload: bytes, settled: bool) -> int:  # noqa: ARG002
        """A message for the one who waits; he hears of it when everything that is there has been handed over."""
        self._deliveries += 1
        if not self._arrived:
            self._server.loop.call_soon(self._finish)
        self._arrived.append(Received.of(tag, self._deliveries, payload))
        return self._deliveries

    def flow(self, delivery_count: int, credit: int, *, drain: bool) -> None:
        """Nobody needs to know."""

    def refuse(self, refusal: Refusal) -> None:
        """No more messages, for this reason."""
        if self.problem is not None:
            return
        self.problem = refusal
        self._end()
        if self._opening is not None and not self._opening.done():
            self._opening.set_exception(refusal)
        if self._asked is not None and not self._arrived:
            asked, self._asked = self._asked, None
            asked.set_exception(refusal)
        self._finish()

    # --- what the server says ---------------------------------------------------------------------------------------------
    def drop_links(self, places: list[Place]) -> None:
        """Entities are gone."""
        if any(one is self.place for one in places):
            self.refuse(errors.not_found(self.path))

    def check_links(self) -> None:
        """Rights or settings have changed."""
        try:
            self._grants.check(self.path, access.LISTEN)
            self._receiver.check()
        except Refusal as refusal:
            self.refuse(refusal)

    def fail(self, condition: str, message: str) -> None:
        """The broker ends."""
        self.refuse(Refusal(condition, message))

    # --- what the consumer says -------------------------------------------------------------------------------------------
    def want(self, most: int, wait: float, asked: Future[list[Received]]) -> None:
        """Hand over up to `most` messages, or nothing after `wait` seconds."""
        if self.problem is not None:
            asked.set_exception(self.problem)
            return
        self._asked = asked
        self._receiver.credit = max(most, 1)
        self._server.broker.dirty.add(self._receiver.box)
        self._server.wake()
        if wait <= 0:
            self._server.loop.call_soon(self._finish)
        else:
            self._timer = self._server.loop.call_later(wait, self._finish)

    def _finish(self) -> None:
        asked, self._asked = self._asked, None
        if asked is None:
            return
        self._receiver.credit = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        arrived, self._arrived = self._arrived, []
        asked.set_result(arrived)

    def lock_of(self, message: Received) -> Lock:
        """The lock of a received message. Raises `Refusal` when it is lost."""
        return self._server.broker.locked(message.lock_token, self.place, message.session_id if self.session_id else None)

    def forget(self, message: Received) -> None:
        """The message is settled."""
        self._receiver.unsettled.pop(message.number, None)

    def renew_session(self) -> float:
        """A new end of the session's lock."""
        return self._receiver.renew_session()

    def state(self) -> bytes | None:
        """The state of the session."""
        session = self._receiver.session
        return session.state if session is not None else None

    def set_state(self, state: bytes | None) -> None:
        """Another state of the session. Raises `Refusal`."""
        session = self._receiver.session
        if session is not None:
            check_state(self.place, state)
            self._receiver.box.set_state(session, state, self._server.broker.clock.now())

    def close(self) -> None:
        """The consumer has had enough."""
        if self._opening is not None and not self._opening.done():
            self._opening.set_exception(Refusal(errors.TIMEOUT, "The receiver was closed."))
        self._end()
        self._finish()

    def _end(self) -> None:
        self._server.outlets.discard(self)
        self._receiver.close()
