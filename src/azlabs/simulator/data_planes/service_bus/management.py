"""Requests to $cbs and to <entity>/$management, and their answers.

Source: Microsoft's page "AMQP 1.0 in Azure Service Bus: request-response-based operations".
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from azlabs.simulator.data_planes.service_bus import access, errors
from azlabs.simulator.data_planes.service_bus.amqp.message import Message, build
from azlabs.simulator.data_planes.service_bus.amqp.types import (
    Array,
    Described,
    Int,
    Malformed,
    Symbol,
    Timestamp,
    decode,
)
from azlabs.simulator.data_planes.service_bus.box import Box, Held, Lock
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.receivers import encoded, milliseconds

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.broker import Broker, Place
    from azlabs.simulator.data_planes.service_bus.connection import Connection
    from azlabs.simulator.data_planes.service_bus.links import LinkEnd

PREFIX = "com.microsoft:"
MOST_PEEKED = 1000
MOST_DELETED = 4000
MOST_PEEKED_BYTES = 900 * 1024
LARGEST_STATE = {"Premium": 100 * 1024 * 1024}
STATE_LIMIT = 256 * 1024
_log = logging.getLogger(__name__)


class Asked:
    """One request: `body` is the map that was sent."""

    def __init__(self, connection: Connection, link: LinkEnd, place: Place, body: dict[str, Any]) -> None:
        self.connection, self.link, self.place, self.body = connection, link, place, body
        self.broker: Broker = connection.broker

    @property
    def box(self) -> Box:
        return self.broker.box(self.place, self.link.letter)

    def text(self, name: str) -> str:
        """A member that has to be text. Raises `Refusal`."""
        value = self.body.get(name)
        if not isinstance(value, str):
            raise _argument(f"The request lacks '{name}'.")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        """A member that has to be a number."""
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _argument(f"'{name}' is not a number.")
        return int(value)

    def items(self, name: str, kind: type) -> list[Any]:
        """A member that has to be a list of one type."""
        value = self.body.get(name)
        if not isinstance(value, list) or not all(isinstance(one, kind) and not isinstance(one, bool) for one in value):
            raise _argument(f"'{name}' is not a list of {kind.__name__}.")
        return value

    def session(self) -> str | None:
        """The session that the request is about."""
        value = self.body.get("session-id")
        return str(value) if value is not None else None


Operation = Callable[[Asked], Any]


def _argument(message: str) -> Refusal:
    return Refusal(errors.ARGUMENT, message)


def answer(connection: Connection, link: LinkEnd, message: Message) -> bytes:
    """The answer to a request, whatever it is."""
    try:
        application, id = message.application, message.value_of("message-id")
        if link.node == "$cbs":
            return _put_token(connection, message, application, id)
    except Malformed as problem:
        raise Refusal(errors.DECODE_ERROR, f"The request cannot be read: {problem}.") from None
    try:
        status, value = _operation(connection, link, message, str(application.get("operation", "")))
        words: dict[str, Any] = {
            "statusCode": Int(status),
            "statusDescription": "OK" if status == 200 else "No Content",
        }
        return build(value, words, id)
    except Refusal as refusal:
        code, condition, text = errors.STATUS.get(refusal.condition, 500), refusal.condition, refusal.message
    except Malformed as problem:
        code, condition, text = 400, errors.ARGUMENT, f"The request cannot be read: {problem}."
    return build({}, {"statusCode": Int(code), "statusDescription": text, "errorCondition": Symbol(condition)}, id)


def _put_token(connection: Connection, message: Message, application: dict[str, Any], id: Any) -> bytes:
    status, text = 202, "Accepted"
    operation = application.get("operation")
    token = _value(message)
    if operation == "put-token" and isinstance(token, str):
        try:
            connection.put_token(str(application.get("name", "")), token)
        except Refusal as refusal:
            status, text = errors.STATUS.get(refusal.condition, 401), refusal.message
    elif operation == "delete-token":
        connection.grants.clear()
        connection.check_links()
    else:
        status, text = 400, "The operation is not known, or the token is not a text."
    return build(None, {"status-code": Int(status), "status-description": text}, id)


def _value(message: Message) -> Any:
    place = message.sections.get(0x77)
    return decode(message.raw, place[0])[0] if place is not None else None


def _operation(connection: Connection, link: LinkEnd, message: Message, name: str) -> tuple[int, Any]:
    found = OPERATIONS.get(name)
    if found is None:
        raise Refusal(errors.NOT_IMPLEMENTED, f"The operation '{name[:100]}' is not known (NotModelledBySimulator).")
    claim, function = found
    if link.place is None:
        raise errors.not_found(link.path)
    place = connection.broker.place_now(link.place)
    connection.grants.check(link.path, claim)
    body = _value(message)
    result = function(Asked(connection, link, place, body if isinstance(body, dict) else {}))
    return (204, {}) if result is None else (200, result)


# --- locks and outcomes -------------------------------------------------------------------------------------------------
def _locks(asked: Asked) -> list[Lock]:
    return [asked.broker.locked(token, asked.place, asked.session()) for token in asked.items("lock-tokens", UUID)]


def renew_locks(asked: Asked) -> dict[str, Any]:
    """Longer locks of messages."""
    locks = _locks(asked)
    return {"expirations": Array([int(milliseconds(asked.broker.renew(lock, asked.place))) for lock in locks], 0x83)}


def update_disposition(asked: Asked) -> dict[str, Any]:
    """Outcomes for messages by their lock tokens."""
    status = asked.text("disposition-status").lower()
    changes = asked.body.get("properties-to-modify")
    changed = {str(name): value for name, value in changes.items()} if isinstance(changes, dict) else {}
    if status not in ("completed", "abandoned", "defered", "deferred", "suspended"):
        raise _argument(f"The disposition '{status[:50]}' is not known.")
    for lock in _locks(asked):
        if status == "completed":
            asked.broker.complete(lock)
        elif status == "abandoned":
            asked.broker.abandon(lock, asked.place, changed)
        elif status == "suspended":
            reason, description = asked.body.get("deadletter-reason"), asked.body.get("deadletter-description")
            asked.broker.reject(lock, asked.place, _text(reason), _text(description), changed)
        else:
            asked.broker.defer(lock, asked.place, changed)
    return {}


def _text(value: Any) -> str | None:
    return str(value) if value is not None else None


# --- reading ------------------------------------------------------------------------------------------------------------
def peek(asked: Asked) -> dict[str, Any] | None:
    """Messages from a number on, without a lock."""
    count = min(asked.number("message-count"), MOST_PEEKED)
    first, now = asked.number("from-sequence-number"), asked.broker.clock.now()
    found: list[dict[str, Any]] = []
    size = 0
    for held in asked.box.browse(first, asked.session()):
        if len(found) >= count or size > MOST_PEEKED_BYTES:
            break
        if held.expires is not None and held.expires <= now and held.lock is None and not asked.link.letter:
            continue
        raw = encoded(held, None)
        size += len(raw)
        found.append({"message": raw})
    return {"messages": found} if found else None


def receive_deferred(asked: Asked) -> dict[str, Any]:
    """Deferred messages by their numbers."""
    box, wanted = asked.box, asked.items("sequence-numbers", int)
    settled = asked.number("receiver-settle-mode", 0) == 0
    found: list[Held] = []
    session = None
    if asked.session() is not None:
        session = _session(asked, asked.session() or "")
    for sequence in wanted:
        held = box.deferred(int(sequence))
        if held is None or (session is not None and held.session != session.id):
            raise Refusal(
                errors.MESSAGE_NOT_FOUND,
                f"Failed to lock one or more specified messages. The message with sequence number {sequence} does not exist.",
            )
        found.append(held)
    answers: list[dict[str, Any]] = []
    for held in found:
        if settled:
            answers.append({"message": encoded(held, None)})
            box.remove(held)
        else:
            lock = asked.broker.lock(asked.place, held, None, session)
            answers.append({"lock-token": lock.token, "message": encoded(held, lock.until)})
    return {"messages": answers}


def batch_delete(asked: Asked) -> dict[str, Any] | None:
    """Messages that were sent before a time, without receiving them."""
    before, count = asked.body.get("enqueued-time-utc"), asked.number("message-count")
    if not isinstance(before, Timestamp):
        raise _argument("The request lacks 'enqueued-time-utc'.")
    if not 0 < count <= MOST_DELETED:
        raise _argument(f"'message-count' has to be between 1 and {MOST_DELETED}.")
    deleted = asked.broker.delete(asked.box, before / 1000, asked.session(), count)
    return {"message-count": Int(deleted)} if deleted else None


# --- scheduling ---------------------------------------------------------------------------------------------------------
def schedule(asked: Asked) -> dict[str, Any]:
    """Messages that are to appear later; their times are in their annotations."""
    entries = asked.items("messages", dict)
    if asked.link.letter:
        raise Refusal(errors.NOT_ALLOWED, "Messages cannot be sent to a dead-letter queue.")
    sent = []
    for entry in entries:
        raw = entry.get("message")
        if not isinstance(raw, bytes):
            raise _argument("A scheduled message is not binary.")
        message = Message(raw)
        if "x-opt-scheduled-enqueue-time" not in message.annotations:
            raise _argument("A scheduled message has no scheduled enqueue time.")
        sent.append(message)
    return {"sequence-numbers": Array(asked.broker.send(asked.place, sent), 0x81)}


def cancel_scheduled(asked: Asked) -> dict[str, Any]:
    """Scheduled messages that are not to appear any more."""
    asked.broker.cancel(asked.place, [int(one) for one in asked.items("sequence-numbers", int)])
    return {}


# --- sessions -----------------------------------------------------------------------------------------------------------
def _session(asked: Asked, id: str) -> Any:
    """A session that a link of this connection has locked."""
    session = asked.box.sessions.get(id)
    if session is None or session.owner is None or session.owner.link.owner is not asked.connection:
        raise errors.session_lost(id)
    return session


def renew_session_lock(asked: Asked) -> dict[str, Any]:
    """A longer lock of a session."""
    return {"expiration": milliseconds(_session(asked, asked.text("session-id")).owner.renew_session())}


def get_session_state(asked: Asked) -> dict[str, Any]:
    """What was written down about a session."""
    return {"session-state": _session(asked, asked.text("session-id")).state}


def check_state(place: Place, state: bytes | None) -> None:
    """Raise `Refusal` for more than the tier keeps about a session."""
    if state is not None and len(state) > LARGEST_STATE.get(place.namespace.sku, STATE_LIMIT):
        raise Refusal(errors.TOO_LARGE, "The session state is too large.")


def set_session_state(asked: Asked) -> dict[str, Any]:
    """Write something down about a session."""
    session, state = _session(asked, asked.text("session-id")), asked.body.get("session-state")
    if state is not None and not isinstance(state, bytes):
        raise _argument("The session state is not binary.")
    check_state(asked.place, state)
    asked.box.set_state(session, state, asked.broker.clock.now())
    return {}


def list_sessions(asked: Asked) -> dict[str, Any] | None:
    """Ids of sessions: with messages or a state, or (given a time) with a state that was set after it."""
    since, skip, top = asked.body.get("last-updated-time"), asked.number("skip", 0), asked.number("top", 100)
    box = asked.box
    if isinstance(since, Timestamp) and since < 253_402_214_400_000:
        names = [one.id for one in box.sessions.values() if one.state is not None and one.changed * 1000 > since]
    else:
        filled = {held.session for held in box.held.values() if held.session is not None}
        names = [one.id for one in box.sessions.values() if one.state is not None or one.id in filled]
    page = sorted(names)[max(skip, 0) : max(skip, 0) + max(top, 0)]
    return {"skip": Int(skip + len(page)), "sessions-ids": Array(page, 0xA1)} if page else None


# --- rules --------------------------------------------------------------------------------------------------------------
def _rule_change(asked: Asked, method: str, name: str, properties: dict[str, Any] | None) -> int:
    from azlabs.simulator.data_planes.service_bus import control

    return control.rule(asked.connection.simulator, asked.place.entity.key, method, name, properties)


def add_rule(asked: Asked) -> dict[str, Any]:
    """A new rule of a subscription."""
    described = asked.body.get("rule-description")
    name = asked.body.get("rule-name") or (described.get("rule-name") if isinstance(described, dict) else None)
    if not isinstance(described, dict) or not isinstance(name, str):
        raise _argument("The request lacks the rule's name or description.")
    _rule_change(asked, "PUT", name, rule_properties(described))
    return {}


def remove_rule(asked: Asked) -> dict[str, Any]:
    """A rule less."""
    _rule_change(asked, "DELETE", asked.text("rule-name"), None)
    return {}


_CORRELATION = {
    "correlation-id": "correlationId", "message-id": "messageId", "to": "to", "reply-to": "replyTo", "label": "label",
    "session-id": "sessionId", "reply-to-session-id": "replyToSessionId", "content-type": "contentType",
}  # fmt: skip


def rule_properties(described: dict[str, Any]) -> dict[str, Any]:
    """A rule as clients describe it, in the JSON of Resource Manager."""
    properties: dict[str, Any] = {}
    correlation, sql = described.get("correlation-filter"), described.get("sql-filter")
    if isinstance(correlation, dict):
        wanted = {there: correlation[here] for here, there in _CORRELATION.items() if correlation.get(here) is not None}
        properties = {
            "filterType": "CorrelationFilter",
            "correlationFilter": {**wanted, "properties": correlation.get("properties") or {}},
        }
    else:
        text = (
            str(sql.get("expression", "1=1"))
            if isinstance(sql, dict)
            else "1=0"
            if "false-filter" in described
            else "1=1"
        )
        properties = {"filterType": "SqlFilter", "sqlFilter": {"sqlExpression": text}}
    action = described.get("sql-rule-action")
    if isinstance(action, dict) and action.get("expression"):
        properties["action"] = {"sqlExpression": str(action["expression"])}
    return properties


def enumerate_rules(asked: Asked) -> dict[str, Any] | None:
    """The rules of a subscription."""
    from azlabs.simulator.data_planes.service_bus import namespaces

    rules = namespaces.rules_of(asked.broker.store, asked.place.entity.key)
    skip, top = asked.number("skip", 0), asked.number("top", 100)
    page = [{"rule-description": _described_rule(one)} for one in rules[skip : skip + top]]
    return {"rules": page} if page else None


def _described_rule(rule: Any) -> Described:
    properties = rule.properties
    if properties.get("filterType") == "CorrelationFilter":
        wanted = properties.get("correlationFilter") or {}
        fields = [wanted.get(there) for there in _CORRELATION.values()]
        filter = Described(Symbol("com.microsoft:correlation-filter:list"), [*fields, wanted.get("properties") or {}])
    else:
        expression = (properties.get("sqlFilter") or {}).get("sqlExpression", "1=1")
        filter = Described(Symbol("com.microsoft:sql-filter:list"), [expression, Int(20)])
    text = (properties.get("action") or {}).get("sqlExpression")
    action = (
        Described(Symbol("com.microsoft:sql-rule-action:list"), [text, Int(20)])
        if text
        else Described(Symbol("com.microsoft:empty-rule-action:list"), [])
    )
    return Described(Symbol("com.microsoft:rule-description:list"), [filter, action, rule.name])


OPERATIONS: dict[str, tuple[str, Operation]] = {
    f"{PREFIX}renew-lock": (access.LISTEN, renew_locks),
    f"{PREFIX}update-disposition": (access.LISTEN, update_disposition),
    f"{PREFIX}peek-message": (access.LISTEN, peek),
    f"{PREFIX}batch-delete-messages": (access.LISTEN, batch_delete),
    f"{PREFIX}receive-by-sequence-number": (access.LISTEN, receive_deferred),
    f"{PREFIX}schedule-message": (access.SEND, schedule),
    f"{PREFIX}cancel-scheduled-message": (access.SEND, cancel_scheduled),
    f"{PREFIX}renew-session-lock": (access.LISTEN, renew_session_lock),
    f"{PREFIX}get-session-state": (access.LISTEN, get_session_state),
    f"{PREFIX}set-session-state": (access.LISTEN, set_session_state),
    f"{PREFIX}get-message-sessions": (access.LISTEN, list_sessions),
    f"{PREFIX}add-rule": (access.MANAGE, add_rule),
    f"{PREFIX}remove-rule": (access.MANAGE, remove_rule),
    f"{PREFIX}enumerate-rules": (access.LISTEN, enumerate_rules),
}
"""What can be asked of an entity, with the claim that it takes."""
