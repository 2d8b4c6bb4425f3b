"""Functions of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.functions import function, invalid
from azlabs.arm.functions.arguments import integer, string
from azlabs.arm.limits import INTEGER
from azlabs.arm.values import type_name


def _in_range(name: str, value: int) -> int:
    if not -INTEGER <= value < INTEGER:
        raise invalid(name, "result is outside the range of a 64-bit integer.")
    return value


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise invalid("div", "parameters are invalid: the divisor must not be zero.")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise invalid("mod", "parameters are invalid: the divisor must not be zero.")
    return left - right * _divide(left, right)


def _arithmetic(name: str, code: Callable[[int, int], int]) -> None:
    @function(name, 2)
    def compute(left: Any, right: Any) -> int:
        return _in_range(name, code(integer(name, left), integer(name, right)))


_arithmetic("add", lambda left, right: left + right)
_arithmetic("sub", lambda left, right: left - right)
_arithmetic("mul", lambda left, right: left * right)
_arithmetic("div", _divide)
_arithmetic("mod", _remainder)


def _numbers(name: str, values: tuple[Any, ...]) -> list[int]:
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    if not flat:
        raise invalid(name, "expects at least one integer.")
    return [integer(name, item) for item in flat]


@function("min", 1, None)
def _min(*values: Any) -> int:
    return min(_numbers("min", values))


@function("max", 1, None)
def _max(*values: Any) -> int:
    return max(_numbers("max", values))


@function("int", 1)
def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise invalid("int", f"cannot convert a value of type '{type_name(value)}' to an integer.")
    try:
        return _in_range("int", int(value) if not isinstance(value, str) or len(value) < 40 else INTEGER)
    except (ValueError, OverflowError):
        shown = str(value)[:60]
        raise invalid(
            "int", f"parameter is not valid. The value '{shown}' cannot be converted to an integer."
        ) from None


@function("float", 1)
def _float(value: Any) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError
        return float(value)
    except (ValueError, OverflowError):
        raise invalid("float", "parameter is not valid: it cannot be converted to a number.") from None


@function("copyIndex", 0, 2, context=True)
def _copy_index(context: Any, *parts: Any) -> int:
    from azlabs.arm.evaluator import Deferred

    named = parts[0] if parts and isinstance(parts[0], str) else ""
    if len(parts) == 2 and not named:
        raise invalid("copyIndex", "expects the name of a loop as its first parameter and an offset as its second.")
    offset = integer("copyIndex", parts[-1]) if parts and not isinstance(parts[-1], str) else 0
    index = context.copies.get(string("copyIndex", named).lower())
    if index is None:
        if context.defer_copies:
            raise Deferred("copyIndex")
        raise ExpressionError(
            "The template function 'copyIndex' is not expected at this location. The function can only be used in a "
            "resource with copy specified. Please see https://aka.ms/arm-copy for usage details."
            if not named
            else f"The template copy loop name '{named[:100]}' used in function 'copyIndex' is not valid. Please see "
            "https://aka.ms/arm-copy for usage details."
        )
    return _in_range("copyIndex", index + offset)
