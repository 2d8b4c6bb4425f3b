"""What values are: conversions between types, JSON, comparison of dynamic values.

bool, int, long, real, string, guid and decimal are Python's own; datetime and timespan are ticks; dynamic is what JSON
can hold. None is null; a string is never null.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from azlabs.simulator.kql import times
from azlabs.simulator.kql.lexer import wrapped

NUMBERS = ("int", "long", "real", "decimal")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
LONGEST_NUMBER = 40


def show_real(value: float) -> str:
    """As `tostring` writes it: whole numbers without a point."""
    if value != value:
        return "NaN"
    if value in (math.inf, -math.inf):
        return "∞" if value > 0 else "-∞"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    return text.replace("e", "E") if "e" in text else text


def plain(value: Any) -> Any:
    """A dynamic value that JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


def dynamic_text(value: Any) -> str:
    """A dynamic value as text: strings as they are, null as nothing, the rest as JSON."""
    if value.__class__ is str:
        return str(value)
    if value is None:
        return ""
    if value.__class__ is float:
        return show_real(value)
    return _encode(plain(value))


def json_text(value: Any) -> str:
    """A dynamic value as JSON, strings in quotes."""
    return _encode(plain(value))


def parse_json(text: Any) -> Any:
    """The value of JSON text; text that is none stays text."""
    if text.__class__ is not str:
        return text
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _number(text: str, whole: bool) -> Any:
    text = text.strip()
    if not text or len(text) > 400:
        return None
    try:
        if whole:
            if text[:2].lower() == "0x":
                return wrapped(int(text, 16)) if len(text) <= 18 else None
            found = int(float(text)) if "." in text or "e" in text.lower() else int(text[:LONGEST_NUMBER])
            return found if -(1 << 63) <= found < 1 << 63 else None
        return float(text.replace("_", "x"))
    except (ValueError, OverflowError):
        return None


def to_long(value: Any) -> int | None:
    """Of a number (cut), a bool, or text."""
    if value.__class__ is int:
        return int(value)
    if isinstance(value, str):
        return _number(value, True)  # type: ignore[no-any-return]
    if isinstance(value, (bool, float, Decimal)):
        return wrapped(int(value)) if math.isfinite(value) and abs(float(value)) < 2.0**63 else None
    return None


def to_int(value: Any) -> int | None:
    """A long that fits 32 bits."""
    found = to_long(value)
    return found if found is not None and -(1 << 31) <= found < 1 << 31 else None


def to_real(value: Any) -> float | None:
    """Of a number, a bool, or text."""
    if isinstance(value, (bool, int, float, Decimal)):
        return float(value)
    return _number(value, False) if isinstance(value, str) else None


def to_decimal(value: Any) -> Decimal | None:
    """Of a number or text."""
    try:
        return Decimal(str(value)) if isinstance(value, (int, float, str, Decimal)) and value != "" else None
    except InvalidOperation:
        return None


def to_bool(value: Any) -> bool | None:
    """Of a bool, a number, or "true" and "false"."""
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower())
    return bool(value) if isinstance(value, (bool, int, float)) else None


def to_time(value: Any) -> int | None:
    """Of text; numbers in a dynamic are no datetime."""
    return times.parse_time(value) if isinstance(value, str) else None


def to_span(value: Any) -> int | None:
    """Of text."""
    return times.parse_span(value) if isinstance(value, str) else None


def to_guid(value: Any) -> str | None:
    """Of text."""
    try:
        return str(uuid.UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _ticks_of(value: Any) -> int | None:
    """`todatetime` and `totimespan` of numbers: ticks."""
    number = to_long(value)
    return times.kept(number)


def _same(value: Any) -> Any:
    return value


def _none_or(call: Callable[[Any], Any], empty: Any = None) -> Callable[[Any], Any]:
    return lambda value: empty if value is None else call(value)


TO_TEXT: dict[str, Callable[[Any], str]] = {
    "string": _same, "guid": _none_or(_same, ""), "dynamic": dynamic_text, "bool": _none_or(lambda v: "true" if v else "false", ""),
    "int": _none_or(str, ""), "long": _none_or(str, ""), "real": _none_or(show_real, ""), "decimal": _none_or(str, ""),
    "datetime": _none_or(times.show_time, ""), "timespan": _none_or(times.show_span, ""),
}  # fmt: skip
"""Text of a value, by its type."""
TO_DYNAMIC: dict[str, Callable[[Any], Any]] = {
    "datetime": _none_or(times.show_time), "timespan": _none_or(times.show_span), "decimal": _none_or(float),
    **dict.fromkeys(("string", "guid", "dynamic", "bool", "int", "long", "real"), _same),
}  # fmt: skip
"""A value inside a dynamic, by its type."""
CASTS: dict[str, Callable[[Any], Any]] = {
    "long": to_long, "int": to_int, "real": to_real, "decimal": to_decimal, "bool": to_bool, "datetime": to_time,
    "timespan": to_span, "guid": to_guid, "string": dynamic_text, "dynamic": parse_json,
}  # fmt: skip
"""What `tolong` and its like do with a string or a dynamic, by the type that is wanted."""


def converter(source: str, target: str) -> Callable[[Any], Any] | None:
    """How `to<target>` reads a value of a type; None where Kusto refuses it."""
    if source == target:
        return _same
    if target == "string":
        return TO_TEXT[source]
    if target == "dynamic":
        return parse_json if source == "string" else TO_DYNAMIC[source]
    if source in ("string", "dynamic"):
        return CASTS[target]
    if source in ("int", "long", "real", "decimal", "bool"):
        if target in ("int", "long", "real", "decimal", "bool"):
            return CASTS[target]
        return _ticks_of if target in ("datetime", "timespan") else None
    if source in ("datetime", "timespan") and target in ("long", "real", "decimal"):
        return _same if target == "long" else CASTS[target]
    return None


def null(kind: str) -> Any:
    """The missing value of a type."""
    return "" if kind == "string" else None


def same(left: Any, right: Any) -> bool | None:
    """`==` of dynamic values."""
    if left is None or right is None:
        return None if left is right else False
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def compared(op: str, left: Any, right: Any) -> bool | None:
    """< and the like of dynamic values: numbers with numbers, texts with texts."""
    alike = (isinstance(left, str) and isinstance(right, str)) or (
        isinstance(left, (int, float)) and isinstance(right, (int, float))
    )
    if not alike:
        return None
    if op == "<":
        return bool(left < right)
    if op == "<=":
        return bool(left <= right)
    return bool(left > right) if op == ">" else bool(left >= right)


def key(value: Any) -> Any:
    """Something hashable that is equal when the values are."""
    return _encode(plain(value)) if isinstance(value, (list, dict)) else (value.__class__ is bool, value)


def answered(kind: str) -> Callable[[Any], Any] | None:
    """What makes a value ready for the JSON of an answer; None where it is ready."""
    if kind == "datetime":
        return lambda value: None if value is None else times.answered_time(value)
    if kind == "timespan":
        return lambda value: None if value is None else times.show_span(value)
    if kind == "decimal":
        return lambda value: None if value is None else str(value)
    if kind == "dynamic":
        return lambda value: None if value is None else value if isinstance(value, str) else _encode(plain(value))
    if kind == "real":
        return plain
    return None
