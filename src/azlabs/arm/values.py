"""JSON values as the template language sees them: names of types, equality, order, text, members."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.limits import STRING_LENGTH, VALUE_DEPTH, WORK


class Budget:
    """How much work an evaluation may still do: one unit for a node visited or a value built."""

    __slots__ = ("left",)

    def __init__(self, work: int = WORK) -> None:
        self.left = work

    def spend(self, amount: int) -> None:
        """Takes `amount`; raises ExpressionError when nothing is left."""
        self.left -= amount
        if self.left < 0:
            raise ExpressionError(
                "The template evaluation exceeded its limits: the expressions produce too much data or too many steps."
                " Please see https://aka.ms/arm-syntax-expressions for usage details."
            )

    def measure(self, value: Any) -> Any:
        """Counts every part of a value (shared parts as often as they show) and returns it."""
        level: list[Any] = [value]
        depth = 0
        while level:
            self.spend(len(level))
            if depth > VALUE_DEPTH:
                raise ExpressionError(f"The value is nested deeper than {VALUE_DEPTH} levels.")
            following: list[Any] = []
            for item in level:
                if isinstance(item, list):
                    following.extend(item)
                elif isinstance(item, dict):
                    following.extend(item.values())
                if len(following) > self.left:
                    self.spend(len(following))
            level, depth = following, depth + 1
        return value


def type_name(value: Any) -> str:
    """The name that Azure's messages give the type of a value."""
    for kind, name in ((bool, "Boolean"), (int, "Integer"), (float, "Float"), (str, "String"), (list, "Array")):
        if isinstance(value, kind):
            return name
    return "Null" if value is None else "Object"


def equal(left: Any, right: Any) -> bool:
    """Deep equality: strings with case, keys of objects without, true is not 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        if len(left) != len(right):
            return False
        others = {name.lower(): item for name, item in right.items()}
        return all(name.lower() in others and equal(item, others[name.lower()]) for name, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return type_name(left) == type_name(right) and bool(left == right)


def order(text: str) -> tuple[Any, ...]:
    """A key under which strings sort as .NET's invariant culture has them: letters together, lower case first."""
    plain = unicodedata.normalize("NFD", text)
    base = tuple((_rank(char), char.casefold()) for char in plain if not unicodedata.combining(char))
    marks = tuple(char for char in plain if unicodedata.combining(char))
    return base, marks, tuple(char.isupper() for char in plain)


def _rank(char: str) -> int:
    if char.isspace():
        return 0
    return 3 if char.isalpha() else 2 if char.isdigit() else 1


def find_key(value: Mapping[str, Any], name: str) -> str | None:
    """The key of an object that equals `name` without regard to case."""
    if name in value:
        return name
    wanted = name.lower()
    return next((found for found in value if found.lower() == wanted), None)


def compact(value: Any) -> str:
    """JSON without spaces, as `string()` gives it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def text_of(value: Any) -> str:
    """A value as `string()` and `concat` print it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, (int, float)):
        return number_text(value)
    return compact(value)


def number_text(value: int | float) -> str:
    """A number as .NET prints it by default."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def bounded(parts: Iterable[str], separator: str = "") -> str:
    """Joins strings; raises ExpressionError before the result grows past the limit of a string."""
    gathered: list[str] = []
    length = 0
    for part in parts:
        length += len(part) + len(separator)
        if length > STRING_LENGTH:
            raise too_long()
        gathered.append(part)
    return separator.join(gathered)


def too_long() -> ExpressionError:
    """What is said of a string that would grow past the limit."""
    return ExpressionError(
        f"The language expression string length limit exceeded. Limit: '{STRING_LENGTH}'."
        " Please see https://aka.ms/arm-syntax-expressions for usage details."
    )


def merge(target: dict[str, Any], addition: Mapping[str, Any], *, deep: bool) -> dict[str, Any]:
    """`addition` over `target`, in a new object; the first spelling of a key stays; arrays are replaced."""
    merged = dict(target)
    spelling = {name.lower(): name for name in merged}
    for name, item in addition.items():
        known = spelling.setdefault(name.lower(), name)
        old = merged.get(known)
        if deep and isinstance(old, dict) and isinstance(item, dict):
            item = merge(old, item, deep=True)
        merged[known] = item
    return merged
