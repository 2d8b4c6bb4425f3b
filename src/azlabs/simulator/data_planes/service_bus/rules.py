"""Which messages a subscription takes, and what its rules write on them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.service_bus import namespaces
from azlabs.simulator.data_planes.service_bus.amqp.message import REMOVED, Message
from azlabs.simulator.data_planes.service_bus.amqp.types import Malformed, Timestamp
from azlabs.simulator.data_planes.service_bus.conditions import SYSTEM, CannotEvaluate, Evaluation
from azlabs.simulator.data_planes.service_bus.sql import BadSql, parse_action, parse_filter

if TYPE_CHECKING:
    from azlabs.simulator.store import Store

CORRELATION = {
    "correlationId": "correlation-id", "messageId": "message-id", "to": "to", "replyTo": "reply-to", "label": "subject",
    "sessionId": "group-id", "replyToSessionId": "reply-to-group-id", "contentType": "content-type",
}  # fmt: skip
READ_ONLY = frozenset({"messageid"})


def matching(store: Store, subscription_key: str, message: Message) -> tuple[list[Message], str]:
    """(copies for the subscription, what could not be evaluated or "").

    Every matching rule with an action gives a copy of its own; all others together give one.
    """
    copies: list[Message] = []
    plain, failed = False, ""
    for rule in namespaces.rules_of(store, subscription_key):
        try:
            if not matches(rule.properties, message):
                continue
            action = ((rule.properties.get("action") or {}).get("sqlExpression") or "").strip()
            if action:
                copies.append(act(action, (rule.properties.get("action") or {}).get("parameters") or {}, message))
            else:
                plain = True
        except (CannotEvaluate, BadSql, Malformed) as problem:
            failed = f"Rule '{rule.name}': {problem}"
    if plain:
        copies.insert(0, message)
    return copies, failed


def matches(rule: dict[str, Any], message: Message) -> bool:
    """Does a rule (Resource Manager's JSON) take the message? Raises `CannotEvaluate`, `BadSql`."""
    if str(rule.get("filterType") or "SqlFilter").lower() == "correlationfilter":
        return _correlates(rule.get("correlationFilter") or {}, message)
    described = rule.get("sqlFilter") or {}
    tree = parse_filter(described.get("sqlExpression") or "1=1")
    return Evaluation(message, described.get("parameters")).holds(tree)


def _correlates(wanted: dict[str, Any], message: Message) -> bool:
    """All of the given properties are equal, case included."""
    for name, property_name in CORRELATION.items():
        if wanted.get(name) is not None:
            value = message.value_of(property_name)
            if value is None or str(value) != str(wanted[name]):
                return False
    application = message.application
    return all(_same(application.get(name), value) for name, value in (wanted.get("properties") or {}).items())


def _same(found: Any, wanted: Any) -> bool:
    if found is None:
        return False
    if isinstance(wanted, str) and not isinstance(found, str):
        if isinstance(found, bool):
            return wanted.lower() == str(found).lower()
        return not isinstance(found, Timestamp) and str(found) == wanted
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)


def act(text: str, parameters: dict[str, Any], message: Message) -> Message:
    """The message after an action. Raises `CannotEvaluate`, `BadSql`."""
    for statement in parse_action(text):
        _, scope, name = statement[1]
        value = Evaluation(message, parameters).value(statement[2]) if statement[0] == "set" else None
        if isinstance(value, uuid.UUID):
            value = str(value)
        if scope == "sys":
            known = SYSTEM.get(name.lower())
            if known is None or name.lower() in READ_ONLY:
                raise CannotEvaluate(f"The system property '{name}' cannot be set.")
            message = message.changed({}, {known: None if value is None else str(value)})
        else:
            spelling = next((one for one in message.application if str(one).lower() == name.lower()), name)
            message = message.changed({spelling: REMOVED if statement[0] == "remove" or value is None else value})
    return message
