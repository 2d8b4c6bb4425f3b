"""Messages of Service Bus queues: what waits in them, and for checks that act, sending and taking.

    bus = lab.messages
    bus.peek(host, "invoices")
    bus.send(host, "documents", Letter(b"{}", session_id="a", properties={"traceparent": "00-..."}))
    bus.take(host, "documents", dead_letter=True)

`host` is the public name of the namespace (`x.servicebus.windows.net`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from azlabs.cloud.bus import client_class
from azlabs.cloud.errors import translated

__all__ = ["Letter", "MessagesProbe", "Waiting"]


class CloudLike(Protocol):
    """A cloud as checks see it."""

    def client(self, kind: type[Any], **arguments: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be sent. Without `message_id` each send has a new one."""

    body: bytes
    session_id: str = ""
    message_id: str = ""
    content_type: str = "application/json"
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in a queue. `reason` and `description` are those of its dead-lettering."""

    body: bytes
    message_id: str
    session_id: str
    sequence_number: int
    delivery_count: int
    reason: str = ""
    description: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


class MessagesProbe:
    """Messages over the SDK's own protocol; the client of a namespace is opened once."""

    def __init__(self, cloud: CloudLike) -> None:
        self._cloud = cloud

    def send(self, host: str, queue: str, *letters: Letter) -> None:
        """Send some messages in this order, as many as fit at once. Raises AzureError."""
        from azure.servicebus import ServiceBusMessage

        messages = [
            ServiceBusMessage(
                letter.body,
                content_type=letter.content_type,
                application_properties=dict(letter.properties) or None,
                **{name: value for name, value in _ids(letter).items() if value},
            )
            for letter in letters
        ]
        with translated(), self._client(host).get_queue_sender(queue) as sender:
            sender.send_messages(messages)

    def peek(self, host: str, queue: str, *, dead_letter: bool = False, most: int = 100) -> list[Waiting]:
        """What waits in a queue (or was dead-lettered from it), oldest first; nothing is taken or locked."""
        found: list[Waiting] = []
        with translated(), self._client(host).get_queue_receiver(queue, **_sub_queue(dead_letter)) as receiver:
            while len(found) < most:
                after = found[-1].sequence_number + 1 if found else 0
                more = receiver.peek_messages(max_message_count=most - len(found), sequence_number=after)
                if not more:
                    break
                found += [_waiting(message) for message in more]
        return found

    def take(
        self, host: str, queue: str, *, dead_letter: bool = False, most: int = 100, seconds: float = 1.0, only: Any = None
    ) -> list[Waiting]:
        """Take messages out of a queue until none comes for `seconds`; those that `only` (a function) refuses go back."""
        taken: list[Waiting] = []
        with translated(), self._client(host).get_queue_receiver(queue, **_sub_queue(dead_letter)) as receiver:
            while len(taken) < most:
                batch: Sequence[Any] = receiver.receive_messages(max_message_count=most - len(taken), max_wait_time=seconds)
                if not batch:
                    break
                kept = []
                for message in batch:
                    shown = _waiting(message)
                    if only is None or only(shown):
                        receiver.complete_message(message)
                        taken.append(shown)
                    else:
                        kept.append(message)
                for message in kept:
                    receiver.abandon_message(message)
                if kept:
                    break
        return taken

    def _client(self, host: str) -> Any:
        return self._cloud.client(client_class(), fully_qualified_namespace=host)


def _ids(letter: Letter) -> dict[str, str]:
    return {"session_id": letter.session_id, "message_id": letter.message_id}


def _sub_queue(dead_letter: bool) -> dict[str, Any]:
    if not dead_letter:
        return {}
    from azure.servicebus import ServiceBusSubQueue

    return {"sub_queue": ServiceBusSubQueue.DEAD_LETTER}


def _waiting(message: Any) -> Waiting:
    body = message.body
    properties = {_text(name): _text(value) for name, value in (message.application_properties or {}).items()}
    return Waiting(
        body if isinstance(body, bytes) else b"".join(body),
        str(message.message_id or ""),
        str(message.session_id or ""),
        int(message.sequence_number or 0),
        int(message.delivery_count or 0),
        str(message.dead_letter_reason or ""),
        str(message.dead_letter_error_description or ""),
        properties,
    )


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
