"""Messages as parts of this process see them: what is sent, and what was received."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from azlabs.simulator.data_planes.service_bus.amqp.message import Message, compose
from azlabs.simulator.data_planes.service_bus.amqp.types import Symbol, Timestamp

SCHEDULED, PARTITION_KEY = Symbol("x-opt-scheduled-enqueue-time"), Symbol("x-opt-partition-key")
_PROPERTIES = {
    "message_id": "message-id", "session_id": "group-id", "correlation_id": "correlation-id", "subject": "subject",
    "content_type": "content-type", "to": "to", "reply_to": "reply-to", "reply_to_session_id": "reply-to-group-id",
}  # fmt: skip


@dataclass(slots=True)
class Outgoing:
    """A message to send. `time_to_live` in seconds, `scheduled` in seconds since the epoch."""

    body: bytes
    message_id: str | None = None
    session_id: str | None = None
    correlation_id: str | None = None
    subject: str | None = None
    content_type: str | None = None
    to: str | None = None
    reply_to: str | None = None
    reply_to_session_id: str | None = None
    partition_key: str | None = None
    time_to_live: float | None = None
    scheduled: float | None = None
    application_properties: dict[str, Any] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The message in AMQP."""
        annotations: dict[Symbol, Any] = {}
        if self.scheduled is not None:
            annotations[SCHEDULED] = Timestamp(round(self.scheduled * 1000))
        if self.partition_key is not None:
            annotations[PARTITION_KEY] = self.partition_key
        given = {there: getattr(self, here) for here, there in _PROPERTIES.items()}
        application = {
            name: Timestamp(round(value.timestamp() * 1000)) if isinstance(value, datetime) else value
            for name, value in self.application_properties.items()
        }
        return compose(
            self.body,
            ttl=self.time_to_live,
            annotations=annotations,
            properties={name: value for name, value in given.items() if value is not None},
            application=application,
        )


@dataclass(slots=True)
class Received:
    """A message with a lock. Times in seconds since the epoch; `failures`: earlier deliveries that failed.

    `body`: bytes of the data sections; of a message whose body is a value or a list, that value.
    """

    lock_token: UUID
    number: int
    body: Any
    message_id: str | None
    session_id: str | None
    correlation_id: str | None
    subject: str | None
    content_type: str | None
    to: str | None
    reply_to: str | None
    reply_to_session_id: str | None
    partition_key: str | None
    application_properties: dict[str, Any]
    sequence_number: int
    enqueued_sequence_number: int
    enqueued: float
    locked_until: float
    time_to_live: float | None
    failures: int
    dead_letter_source: str | None

    @property
    def delivery_count(self) -> int:
        """Which delivery this is, from 1 on."""
        return self.failures + 1

    @property
    def expires(self) -> float | None:
        """When the message itself says that it is over."""
        return None if self.time_to_live is None else self.enqueued + self.time_to_live

    @classmethod
    def of(cls, tag: bytes, number: int, payload: bytes) -> Received:
        """From a delivery."""
        message = Message(payload)
        notes, header = message.annotations, message.header
        given = {here: _text(message.value_of(there)) for here, there in _PROPERTIES.items()}
        return cls(
            lock_token=UUID(bytes_le=tag),
            number=number,
            body=message.body,
            **given,
            partition_key=_text(notes.get("x-opt-partition-key")),
            application_properties={str(name): plain(value) for name, value in message.application.items()},
            sequence_number=int(notes.get("x-opt-sequence-number", 0)),
            enqueued_sequence_number=int(notes.get("x-opt-enqueue-sequence-number", 0)),
            enqueued=int(notes.get("x-opt-enqueued-time", 0)) / 1000,
            locked_until=int(notes.get("x-opt-locked-until", 0)) / 1000,
            time_to_live=message.ttl,
            failures=int(header[4] or 0) if len(header) > 4 else 0,
            dead_letter_source=_text(notes.get("x-opt-deadletter-source")),
        )


def _text(value: Any) -> str | None:
    return None if value is None else value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def plain(value: Any) -> Any:
    """A value of AMQP without its AMQP type; times as datetimes in UTC."""
    if isinstance(value, Timestamp):
        return datetime.fromtimestamp(value / 1000, UTC)
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value
