"""What a tree of `sql` says about a message: true, false, or unknown (None), as SQL counts."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from azlabs.simulator.data_planes.service_bus.amqp.message import Message
from azlabs.simulator.data_planes.service_bus.amqp.types import Timestamp
from azlabs.simulator.data_planes.service_bus.sql import Tree

SYSTEM = {
    "messageid": "message-id", "to": "to", "label": "subject", "subject": "subject", "replyto": "reply-to",
    "correlationid": "correlation-id", "contenttype": "content-type", "sessionid": "group-id", "replytosessionid": "reply-to-group-id",
}  # fmt: skip
"""System properties by their names in filters."""
INT64 = range(-(2**63), 2**63)


class CannotEvaluate(Exception):
    """The expression is right but means nothing for this message: division by zero, text less than a number."""


class Evaluation:
    """One message under the eyes of a rule. `parameters`: values for @names."""

    def __init__(self, message: Message, parameters: Mapping[str, Any] | None = None) -> None:
        self._message = message
        self._parameters = {name.lower(): value for name, value in (parameters or {}).items()}
        self._user = {str(name).lower(): value for name, value in message.application.items()}

    def holds(self, tree: Tree) -> bool:
        """Is the condition true? Unknown is not."""
        return self.value(tree) is True

    def property(self, scope: str, name: str) -> Any:
        """The value of a property, None when it is not set."""
        if scope == "user":
            return self._user.get(name.lower())
        known = SYSTEM.get(name.lower())
        if known is None:
            raise CannotEvaluate(f"The system property '{name}' is not known.")
        return self._message.value_of(known)

    def value(self, tree: Tree) -> Any:
        """What an expression comes to."""
        kind = tree[0]
        special = _SPECIAL.get(kind)
        if special is not None:
            return special(self, tree)
        left, right = self.value(tree[1]), self.value(tree[2])
        if left is None or right is None:
            return None
        return _compare(kind, left, right) if kind in _COMPARE else _calculate(kind, left, right)


def _logic(self: Evaluation, tree: Tree) -> bool | None:
    stop = tree[0] == "or"
    left = _truth(self.value(tree[1]))
    if left is stop:
        return stop
    right = _truth(self.value(tree[2]))
    if right is stop:
        return stop
    return None if left is None or right is None else not stop


def _truth(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise CannotEvaluate("A condition is neither true nor false.")


def _not(self: Evaluation, tree: Tree) -> bool | None:
    value = _truth(self.value(tree[1]))
    return None if value is None else not value


def _call(self: Evaluation, tree: Tree) -> Any:
    if tree[1] == "newid":
        return str(uuid.uuid4())
    name = self.value(tree[2][0])
    return None if name is None else self.property("user", str(name))


def _parameter(self: Evaluation, tree: Tree) -> Any:
    name = tree[1].lower()
    if name not in self._parameters:
        raise CannotEvaluate(f"There is no parameter '{tree[1]}'.")
    return self._parameters[name]


def _negate(self: Evaluation, tree: Tree) -> Any:
    value = self.value(tree[1])
    return None if value is None else _whole(-_number(value))


def _in(self: Evaluation, tree: Tree) -> bool | None:
    left = self.value(tree[1])
    if left is None:
        return None
    found: bool | None = False
    for item in tree[2]:
        right = self.value(item)
        if right is None:
            found = None if found is False else found
        elif _compare("=", left, right):
            found = True
            break
    return None if found is None else found is not tree[3]


def _like(self: Evaluation, tree: Tree) -> bool | None:
    left, pattern = self.value(tree[1]), self.value(tree[2])
    escape = self.value(tree[3]) if tree[3] is not None else ""
    if left is None or pattern is None:
        return None
    if not isinstance(left, str) or not isinstance(pattern, str) or not isinstance(escape, str) or len(escape) > 1:
        raise CannotEvaluate("LIKE compares texts.")
    return (_pattern(pattern, escape).fullmatch(left) is not None) is not tree[4]


@lru_cache(512)
def _pattern(text: str, escape: str) -> re.Pattern[str]:
    """A pattern with % and _ as a regular expression that cannot run away: every % takes as little as it can."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == escape and escape:
            at += 1
            parts.append(re.escape(text[at : at + 1]))
        elif character == "%":
            if not parts or parts[-1] != "%":
                parts.append("%")
        else:
            parts.append("." if character == "_" else re.escape(character))
        at += 1
    return re.compile(_atomic(parts), re.DOTALL)


def _atomic(parts: list[str]) -> str:
    pieces = "\0".join(parts).split("%")
    pieces = [piece.replace("\0", "") for piece in pieces]
    if len(pieces) == 1:
        return pieces[0]
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1])
    return f"{pieces[0]}{middle}.*{pieces[-1]}"


_SPECIAL: dict[str, Callable[[Evaluation, Tree], Any]] = {
    "literal": lambda _self, tree: tree[1],
    "property": lambda self, tree: _plain(self.property(tree[1], tree[2])),
    "parameter": _parameter,
    "call": _call,
    "negate": _negate,
    "not": _not,
    "and": _logic,
    "or": _logic,
    "null": lambda self, tree: (self.value(tree[1]) is None) is not tree[2],
    "exists": lambda self, tree: self.property(tree[1][1], tree[1][2]) is not None,
    "in": _in,
    "like": _like,
}


def _plain(value: Any) -> Any:
    """A decoded value as the language computes with it."""
    if isinstance(value, Timestamp):
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (OverflowError, ValueError, OSError):
            return None
    return str(value) if isinstance(value, uuid.UUID) else value


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _family(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return (
        "number"
        if isinstance(value, int | float | Decimal)
        else type(value).__name__
        if not isinstance(value, str)
        else "text"
    )


def _compare(sign: str, left: Any, right: Any) -> bool | None:
    """Values of different families are neither equal nor in any order."""
    if _family(left) != _family(right):
        return None
    if sign not in ("=", "<>") and _family(left) == "boolean":
        raise CannotEvaluate("true and false have no order.")
    try:
        return _COMPARE[sign](left, right)
    except TypeError:
        raise CannotEvaluate("The values have no order.") from None


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CannotEvaluate("Only numbers can be calculated with.")
    return float(value) if isinstance(value, float) else int(value)


def _whole(value: Any) -> Any:
    if isinstance(value, int) and value not in INT64:
        raise CannotEvaluate("The number is too big.")
    return value


def _calculate(sign: str, left: Any, right: Any) -> Any:
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    a, b = _number(left), _number(right)
    if sign in "/%" and b == 0:
        raise CannotEvaluate("Division by zero.")
    try:
        if sign in "/%":
            if isinstance(a, float) or isinstance(b, float):
                return a / b if sign == "/" else math.fmod(a, b)
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return _whole(quotient if sign == "/" else a - b * quotient)
        return _whole(a + b if sign == "+" else a - b if sign == "-" else a * b)
    except OverflowError:
        raise CannotEvaluate("The number is too big.") from None
