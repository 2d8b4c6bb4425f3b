"""Which events a subscription wants: types, subject, advanced filters.

https://learn.microsoft.com/azure/event-grid/event-filtering
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_ABSENT = object()


def wants(wanted: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Does a subscription's filter let an event (of either schema) through?"""
    kinds = wanted.get("includedEventTypes") or []
    if kinds and not any(kind.lower() in ("all", str(_kind(event)).lower()) for kind in kinds):
        return False
    subject = str(event.get("subject") or "")
    begins, ends = str(wanted.get("subjectBeginsWith") or ""), str(wanted.get("subjectEndsWith") or "")
    if not wanted.get("isSubjectCaseSensitive"):
        subject, begins, ends = subject.lower(), begins.lower(), ends.lower()
    if not subject.startswith(begins) or not subject.endswith(ends):
        return False
    return all(_advanced(one, event) for one in wanted.get("advancedFilters") or ())


def _kind(event: Mapping[str, Any]) -> Any:
    return event.get("eventType") or event.get("type")


def _value(event: Mapping[str, Any], path: str) -> Any:
    found: Any = event
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return _ABSENT
        found = next((value for name, value in found.items() if name.lower() == part.lower()), _ABSENT)
    return found


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: isinstance(value, str) and test(value.lower(), str(wanted).lower())


def _compared(test: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def one(value: Any, wanted: Any) -> bool:
        number, limit = _number(value), _number(wanted)
        return number is not None and limit is not None and test(number, limit)

    return one


def _inside(value: Any, span: Any) -> bool:
    number = _number(value)
    return number is not None and isinstance(span, list) and len(span) == 2 and span[0] <= number <= span[1]


ANY: dict[str, Callable[[Any, Any], bool]] = {
    "NumberIn": _compared(lambda value, wanted: value == wanted), "NumberInRange": _inside,
    "StringIn": _text(lambda value, wanted: value == wanted), "StringBeginsWith": _text(str.startswith),
    "StringEndsWith": _text(str.endswith), "StringContains": _text(lambda value, wanted: wanted in value),
}  # fmt: skip
"""True when any of the values fits; the operators with "Not" are true when none does."""
ONE: dict[str, Callable[[Any, Any], bool]] = {
    "NumberLessThan": _compared(lambda value, wanted: value < wanted),
    "NumberLessThanOrEquals": _compared(lambda value, wanted: value <= wanted),
    "NumberGreaterThan": _compared(lambda value, wanted: value > wanted),
    "NumberGreaterThanOrEquals": _compared(lambda value, wanted: value >= wanted),
    "BoolEquals": lambda value, wanted: isinstance(value, bool) and value == wanted,
}


def _advanced(one: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    operator, value = str(one.get("operatorType")), _value(event, str(one.get("key", "")))
    absent = value is _ABSENT or value is None
    if operator in ("IsNullOrUndefined", "IsNotNull"):
        return absent == (operator == "IsNullOrUndefined")
    if operator in ONE:
        return not absent and ONE[operator](value, one.get("value"))
    test, values = ANY[operator.replace("Not", "")], one.get("values") or []
    # With an array as value any element may fit; the array filters of Event Grid are on by a switch that is shown in the document.
    candidates = value if isinstance(value, list) else [value]
    fits = not absent and any(test(candidate, wanted) for candidate in candidates for wanted in values)
    return not fits if "Not" in operator else fits
