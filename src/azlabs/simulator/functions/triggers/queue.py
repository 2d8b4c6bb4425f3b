"""Storage queue trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.functions.bindings import queue
from azlabs.simulator.functions.model import Datum, Event, Function, FunctionProblem
from azlabs.simulator.functions.triggers.polling import Polling, named
from azlabs.simulator.functions.triggers.queue_listener import Message, QueueListener

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App


class QueueTrigger(Polling):
    """One function that messages of a queue start. The poison queue is `<queue>-poison`."""

    kind: ClassVar[str] = "queueTrigger"

    def __init__(self, app: App, function: Function) -> None:
        super().__init__(app, function)
        name = app.setting(str(function.trigger.get("queueName") or ""), f"function '{function.name}'").lower()
        if not name:
            raise FunctionProblem(f"The queue trigger of function '{function.name}' names no queue.")
        self._name = name
        place = queue.service(app, function.trigger)
        self._listener = QueueListener(app, place, name, f"{name}-poison", self._work)

    def look(self) -> bool:
        """Take messages."""
        return self._listener.look()

    def stop(self) -> None:
        """Take no more of them."""
        self._listener.ended.set()
        super().stop()

    def _work(self, message: Message, body: bytes) -> bool:
        reason = f"New queue message detected on '{self._name}'."
        details = f"Trigger Details: MessageId: {message.id}, DequeueCount: {message.count}, InsertionTime: {message.inserted}"
        self.app.log.write("Debug", details, self.function.name)
        return self.app.invoke(self.function, event_of(message, body, reason)).ok

    def by_hand(self, text: str | None) -> Event:
        """A message with this text."""
        moment = "Thu, 01 Jan 1970 00:00:00 GMT"
        made = Message("00000000-0000-0000-0000-000000000000", "", 0, "", moment, moment, moment)
        return event_of(made, (text or "").encode(), super().by_hand(text).reason)


def event_of(message: Message, body: bytes, reason: str) -> Event:
    """What a message starts."""
    try:
        data = Datum("string", body.decode())
    except UnicodeDecodeError:
        data = Datum("bytes", body)
    facts: dict[str, Any] = {
        "Id": message.id, "PopReceipt": message.receipt, "DequeueCount": message.count, "InsertionTime": message.iso(message.inserted),
        "ExpirationTime": message.iso(message.expires), "NextVisibleTime": message.iso(message.visible),
    }  # fmt: skip
    metadata = {name: Datum("int" if isinstance(value, int) else "string", value) for name, value in facts.items()}
    text = body.decode("utf-8", "replace")
    return Event(data, metadata, {**named(body), **facts, "queueTrigger": text}, reason=reason)
