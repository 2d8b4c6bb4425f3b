"""Messages of Service Bus as functions get them: the body, and the metadata beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from azlabs.simulator.functions.model import Datum, Event

NEVER = "9999-12-31T23:59:59.9999999Z"
TRACE_PROPERTIES = ("traceparent", "Diagnostic-Id")
REASON = "(null)"


class Received(Protocol):
    """What of a received message is read here; see data_planes/service_bus/envelopes.py."""

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
    dead_letter_source: str | None
    lock_token: Any

    @property
    def delivery_count(self) -> int: ...

    @property
    def expires(self) -> float | None: ...


class Unbindable(Exception):
    """A body that the binding cannot give to a function; the text is a sentence."""


FIELDS: Mapping[str, Callable[[Received], Any]] = {
    "MessageId": lambda one: one.message_id,
    "SessionId": lambda one: one.session_id,
    "CorrelationId": lambda one: one.correlation_id,
    "ContentType": lambda one: one.content_type,
    "Subject": lambda one: one.subject,
    "Label": lambda one: one.subject,
    "To": lambda one: one.to,
    "ReplyTo": lambda one: one.reply_to,
    "ReplyToSessionId": lambda one: one.reply_to_session_id,
    "PartitionKey": lambda one: one.partition_key,
    "TransactionPartitionKey": lambda _: None,
    "LockToken": lambda one: str(one.lock_token),
    "DeliveryCount": lambda one: one.delivery_count,
    "SequenceNumber": lambda one: one.sequence_number,
    "EnqueuedSequenceNumber": lambda one: one.enqueued_sequence_number,
    "EnqueuedTimeUtc": lambda one: _time(one.enqueued),
    "LockedUntil": lambda one: _time(one.locked_until),
    "ExpiresAtUtc": lambda one: NEVER if one.expires is None else _time(one.expires),
    "DeadLetterSource": lambda one: one.dead_letter_source,
    "DeadLetterReason": lambda one: one.application_properties.get("DeadLetterReason"),
    "DeadLetterErrorDescription": lambda one: one.application_properties.get("DeadLetterErrorDescription"),
    "State": lambda _: 0,
    "UserProperties": lambda one: _plain(one.application_properties),
    "ApplicationProperties": lambda one: _plain(one.application_properties),
}
"""Metadata by name, for one message; of a batch each name ends in `Array`.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger#message-metadata"""


def single(message: Received, binary: bool, path: str, more: Sequence[str] = ()) -> Event:
    """The event of one message."""
    values = {name: read(message) for name, read in FIELDS.items()}
    metadata = {name: _datum(value) for name, value in values.items() if value is not None}
    reason = f"(null)New ServiceBus message detected on '{path}'."
    try:
        data = Datum("bytes", raw(message)) if binary else Datum("string", text(message))
    except Unbindable as problem:
        return Event(None, metadata, values, parents([message]), reason, problem=str(problem))
    return Event(data, metadata, {**values, **_properties(data)}, (*parents([message]), *more), reason)


def batch(messages: Sequence[Received], binary: bool, path: str) -> Event:
    """The event of several messages. Expressions may name what is the same for every one: nothing but the arrays."""
    values = {f"{name}Array": [read(one) for one in messages] for name, read in FIELDS.items()}
    metadata = {name: Datum("json", json.dumps(value)) for name, value in values.items()}
    reason = f"(null)New ServiceBus message batch detected on '{path}'."
    try:
        if binary:
            data = Datum("collection_bytes", [raw(one) for one in messages])
        else:
            data = Datum("collection_string", [text(one) for one in messages])
    except Unbindable as problem:
        return Event(None, metadata, values, parents(messages), reason, linked=True, problem=str(problem))
    return Event(data, metadata, values, parents(messages), reason, linked=True)


def by_hand(given: str | None, many: bool) -> Event:
    """The event that an administrator's input stands for."""
    empty: Mapping[str, Any] = {"UserProperties": {}, "ApplicationProperties": {}, "DeliveryCount": 1}
    if many:
        metadata = {f"{name}Array": Datum("json", json.dumps([value])) for name, value in empty.items()}
        return Event(Datum("collection_string", [given or ""]), metadata)
    data = Datum("string", given or "")
    return Event(data, {name: _datum(value) for name, value in empty.items()}, _properties(data))


def text(message: Received) -> str:
    """A body as text: UTF-8, with a replacement for what is not. Raises `Unbindable` for bodies that are no data and no text.

    As Azure's MessageToStringConverter does it.
    """
    if isinstance(message.body, str):
        return message.body
    return raw(message).decode("utf-8-sig", "replace")


def raw(message: Received) -> bytes:
    """A body as bytes. Raises `Unbindable`."""
    if isinstance(message.body, (bytes, bytearray, memoryview)):
        return bytes(message.body)
    if isinstance(message.body, str):
        return message.body.encode()
    kind = type(message.body).__name__
    raise Unbindable(f"A message with a body of type {kind} cannot be bound to a function; send its body as data.")


def parents(messages: Sequence[Received]) -> tuple[str, ...]:
    """The traces in which the messages were sent, each once."""
    found: dict[str, None] = {}
    for message in messages:
        for name in TRACE_PROPERTIES:
            value = message.application_properties.get(name)
            if isinstance(value, bytes):
                value = value.decode("ascii", "replace")
            if isinstance(value, str) and value:
                found[value] = None
                break
    return tuple(found)


def _properties(data: Datum) -> dict[str, Any]:
    """The properties of a JSON object, for binding expressions."""
    try:
        document = json.loads(data.value)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _datum(value: Any) -> Datum:
    return Datum("string", value) if isinstance(value, str) else Datum("json", json.dumps(value))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Application properties as JSON can hold them."""
    found: dict[str, Any] = {}
    for name, value in properties.items():
        if isinstance(value, datetime):
            found[name] = _time(value.timestamp())
        elif isinstance(value, (bytes, bytearray)):
            found[name] = bytes(value).decode("utf-8", "replace")
        elif value is None or isinstance(value, (bool, int, float, str)):
            found[name] = value
        else:
            found[name] = str(value)
    return found
