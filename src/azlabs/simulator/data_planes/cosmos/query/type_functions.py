"""Functions that ask for the type of a value, and the conditional ones."""

from __future__ import annotations

from typing import Any

from azlabs.simulator.data_planes.cosmos.query.functions import Function, is_whole
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED, kind

_NAMES = {0: "undefined", 1: "null", 2: "boolean", 4: "number", 5: "string", 6: "array", 7: "object"}


def _is(*places: int) -> Function:
    return Function(lambda value: kind(value) in places, 1, 1)


def _choose(test: Any, yes: Any, no: Any) -> Any:
    return yes if test is True else no


def _first_defined(*values: Any) -> Any:
    return next((value for value in values if value is not UNDEFINED), UNDEFINED)


def _is_finite(value: Any) -> bool:
    return kind(value) == 4 and abs(value) != float("inf")


FUNCTIONS: dict[str, Function] = {
    "IS_ARRAY": _is(6),
    "IS_BOOL": _is(2),
    "IS_DEFINED": _is(1, 2, 4, 5, 6, 7),
    "IS_NULL": _is(1),
    "IS_NUMBER": _is(4),
    "IS_OBJECT": _is(7),
    "IS_PRIMITIVE": _is(1, 2, 4, 5),
    "IS_STRING": _is(5),
    "IS_INTEGER": Function(is_whole, 1, 1),
    "IS_FINITE_NUMBER": Function(_is_finite, 1, 1),
    "TYPE": Function(lambda value: _NAMES[kind(value)] if kind(value) else UNDEFINED, 1, 1),
    "IIF": Function(_choose, 3, 3),
    "COALESCE": Function(_first_defined, 1, None),
}
