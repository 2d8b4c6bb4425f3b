"""Listening to a storage queue: several messages at once, hidden while they are worked on, poison after too many attempts.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from azlabs.simulator.functions.bindings import storage
from azlabs.simulator.functions.bindings.queue import plain, send
from azlabs.simulator.functions.model import FunctionProblem

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

HIDDEN_SECONDS = 600
"""How long a message is hidden while it is worked on; renewed at half of it."""
SECTION = ("extensions", "queues")


@dataclass(slots=True)
class Message:
    """A message that was taken. Times as HTTP dates; `renew`: `time.monotonic()` of its next renewal."""

    id: str
    text: str
    count: int
    receipt: str
    inserted: str
    expires: str
    visible: str
    renew: float = 0.0

    def iso(self, moment: str) -> str:
        """One of its times in ISO 8601."""
        return parsedate_to_datetime(moment).isoformat()


class Undecodable(Exception):
    """The text is no base64 although messages have to be."""


@dataclass(frozen=True, slots=True)
class Options:
    """What host.json says of queues."""

    batch: int
    threshold: int
    most: int
    again: float
    plain: bool


def options(app: App) -> Options:
    """Read them. Raises `FunctionProblem`."""
    json = app.host_json
    batch = json.number(*SECTION, "batchSize", default=16)
    if batch > 32:
        raise FunctionProblem(f"In host.json, extensions.queues.batchSize may be 32 at most, not {batch}.")
    return Options(
        batch, json.number(*SECTION, "newBatchThreshold", default=max(1, batch // 2), least=0),
        json.number(*SECTION, "maxDequeueCount", default=5), json.seconds(*SECTION, "visibilityTimeout", default=0.0), plain(app),
    )  # fmt: skip


class QueueListener:
    """Takes messages from a queue and gives each to `work`, in a thread of its own, which says whether it went well."""

    def __init__(self, app: App, queue: storage.Service, name: str, poison: str, work: Callable[[Message, bytes], bool]) -> None:
        self._app, self._queue, self._name, self._poison, self._work = app, queue, name, poison, work
        self._options = options(app)
        self._flying: dict[str, Message] = {}
        self._lock = threading.Lock()
        self.ended = threading.Event()

    def look(self) -> bool:
        """Take what there is, as far as there is room. Raises `FunctionProblem` when the queue does not let us."""
        self._renew()
        if len(self._flying) > self._options.threshold:
            return False
        asked = {"numofmessages": str(self._options.batch), "visibilitytimeout": str(HIDDEN_SECONDS)}
        answer = self._queue.request("GET", f"{self._name}/messages", asked)
        if answer.status == 404:
            return False
        if answer.status >= 300:
            raise FunctionProblem(f"The queue '{self._name}' cannot be read: {storage.said(answer)}")
        found = _messages(answer.body)
        for one in found:
            one.renew = time.monotonic() + HIDDEN_SECONDS / 2
            self._flying[one.id] = one
            threading.Thread(target=self._handle, args=(one,), name=f"azlabs-queue-{self._name}", daemon=True).start()
        return bool(found)

    def _handle(self, message: Message) -> None:
        try:
            if message.count > self._options.most:
                self._set_aside(message)
                return
            try:
                done = self._work(message, self.body(message))
            except Undecodable:
                self._app.log.write("Error", f"A message of the queue '{self._name}' is not base64, as messageEncoding wants it.")
                self._set_aside(message)
                return
            if done:
                self._delete(message)
            elif self.ended.is_set():
                # The app was stopped under it: whoever runs next takes it at once, not after ten minutes.
                self._hide(message, 0)
            elif message.count >= self._options.most:
                self._set_aside(message)
            else:
                self._hide(message, int(self._options.again))
        except FunctionProblem as problem:
            self._app.log.write("Error", str(problem))
        finally:
            with self._lock:
                self._flying.pop(message.id, None)

    def body(self, message: Message) -> bytes:
        """The content of a message. Raises `Undecodable`."""
        if self._options.plain:
            return message.text.encode()
        try:
            return base64.b64decode(message.text, validate=True)
        except (binascii.Error, ValueError):
            raise Undecodable from None

    def _set_aside(self, message: Message) -> None:
        """Move a message to the poison queue."""
        text = f"Message has reached MaxDequeueCount of {self._options.most}. Moving message to queue '{self._poison}'."
        self._app.log.write("Warning", text)
        send(self._queue, self._poison, message.text, f"A message of the queue '{self._name}'")
        self._delete(message)

    def _delete(self, message: Message) -> None:
        answer = self._queue.request("DELETE", f"{self._name}/messages/{message.id}", {"popreceipt": message.receipt})
        if answer.status >= 300 and answer.status != 404:
            raise FunctionProblem(f"A message of the queue '{self._name}' cannot be deleted: {storage.said(answer)}")

    def _hide(self, message: Message, seconds: int) -> None:
        asked = {"popreceipt": message.receipt, "visibilitytimeout": str(seconds)}
        answer = self._queue.request("PUT", f"{self._name}/messages/{message.id}", asked)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        message.receipt = headers.get("x-ms-popreceipt", message.receipt)

    def _renew(self) -> None:
        now = time.monotonic()
        with self._lock:
            due = [one for one in self._flying.values() if one.renew < now]
        for one in due:
            one.renew = now + HIDDEN_SECONDS / 2
            with contextlib.suppress(FunctionProblem):
                self._hide(one, HIDDEN_SECONDS)


def _messages(body: bytes) -> list[Message]:
    found = []
    for one in ElementTree.fromstring(body.lstrip(b"\xef\xbb\xbf")).iter("QueueMessage"):
        part = {child.tag: child.text or "" for child in one}
        found.append(
            Message(
                part["MessageId"], part.get("MessageText", ""), int(part["DequeueCount"]), part["PopReceipt"], part["InsertionTime"],
                part["ExpirationTime"], part["TimeNextVisible"],
            )
        )  # fmt: skip
    return found
