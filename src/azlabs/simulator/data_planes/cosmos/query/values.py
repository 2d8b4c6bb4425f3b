"""Values of the query language: JSON values and undefined; how they compare, order and print."""

from __future__ import annotations

import json
import math
from typing import Any, Final


class Undefined:
    """The type of `UNDEFINED`: what a missing property, or an operation on the wrong types, evaluates to."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = Undefined()
NUMBER: Final[frozenset[Any]] = frozenset({int, float})
_ORDER = {Undefined: 0, type(None): 1, bool: 2, int: 4, float: 4, str: 5, list: 6, dict: 7}
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def kind(value: Any) -> int:
    """The place of a value's type in ORDER BY: undefined, null, booleans, numbers, strings, arrays, objects."""
    found = _ORDER.get(value.__class__)
    return found if found is not None else 6 if isinstance(value, list) else 7


def number(value: float) -> Any:
    """A result of arithmetic: whole numbers as int, since JSON prints them so; undefined where there is no number."""
    if value.__class__ is int:
        return value if -(2**63) <= value < 2**64 else number(float(value)) if abs(value) < 10**300 else UNDEFINED
    if math.isnan(value) or math.isinf(value):
        return UNDEFINED
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def equal(left: Any, right: Any) -> Any:
    """`=`: undefined between different types or where one side is undefined."""
    if left.__class__ is right.__class__ and left.__class__ is str:
        return left == right
    place = kind(left)
    if place == 0 or place != kind(right):
        return UNDEFINED
    return same(left, right)


def same(left: Any, right: Any) -> bool:
    """Deep equality of two values; true is not 1."""
    place = kind(left)
    if place != kind(right):
        return False
    if place == 6:
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if place == 7:
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    return bool(left == right)


def not_equal(left: Any, right: Any) -> Any:
    """`!=`."""
    found = equal(left, right)
    return found if found is UNDEFINED else not found


def _comparable(left: Any, right: Any) -> bool:
    place = kind(left)
    return 0 < place < 6 and place == kind(right)


def less(left: Any, right: Any) -> Any:
    """`<`: only between two nulls, booleans, numbers or strings."""
    if not _comparable(left, right):
        return UNDEFINED
    return left is not None and left < right


def less_equal(left: Any, right: Any) -> Any:
    """`<=`."""
    if not _comparable(left, right):
        return UNDEFINED
    return left is None or left <= right


def greater(left: Any, right: Any) -> Any:
    """`>`."""
    return less(right, left)


def greater_equal(left: Any, right: Any) -> Any:
    """`>=`."""
    return less_equal(right, left)


def negation(value: Any) -> Any:
    """NOT: undefined for all but booleans."""
    return (not value) if value.__class__ is bool else UNDEFINED


def conjunction(left: Any, right: Any) -> Any:
    """AND of three values: false wins over undefined."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else UNDEFINED


def disjunction(left: Any, right: Any) -> Any:
    """OR of three values: true wins over undefined."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else UNDEFINED


def member(value: Any, name: Any) -> Any:
    """`value[name]`: a property of an object or an element of an array."""
    if value.__class__ is dict:
        return value.get(name, UNDEFINED) if name.__class__ is str else UNDEFINED
    if isinstance(value, list) and name.__class__ in NUMBER and name == int(name) and 0 <= name < len(value):
        return value[int(name)]
    return UNDEFINED


def within(value: Any, choices: Any) -> Any:
    """IN."""
    if value is UNDEFINED:
        return UNDEFINED
    return any(same(value, choice) for choice in choices)


def sort_key(value: Any) -> Any:
    """A key that orders values of all types as ORDER BY does; arrays and objects by their canonical text."""
    place = kind(value)
    if place < 2:
        return (place, 0)
    return (place, canonical(value)) if place >= 6 else (place, value)


def canonical(value: Any) -> str:
    """A text that is equal exactly for equal values."""
    return _canonical(_plain(value))


def _plain(value: Any) -> Any:
    if value.__class__ is float and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if value.__class__ is dict:
        return {name: _plain(one) for name, one in value.items()}
    return value
