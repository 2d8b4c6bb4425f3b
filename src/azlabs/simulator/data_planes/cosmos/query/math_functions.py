"""Mathematical functions and the arithmetic of operators."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from azlabs.simulator.data_planes.cosmos.query.functions import Function, typed
from azlabs.simulator.data_planes.cosmos.query.values import NUMBER, UNDEFINED, number

_WORD = 2**64


def _signed(value: int) -> int:
    value %= _WORD
    return value - _WORD if value >= _WORD // 2 else value


def arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator between two numbers; undefined for all else and where there is no result."""

    def run(left: Any, right: Any) -> Any:
        if left.__class__ not in NUMBER or right.__class__ not in NUMBER:
            return UNDEFINED
        try:
            return number(function(left, right))
        except (ArithmeticError, ValueError):
            return UNDEFINED

    return run


def bitwise(function: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
    """An operator between two whole numbers of 64 bits."""

    def run(left: Any, right: Any) -> Any:
        if left.__class__ not in NUMBER or right.__class__ not in NUMBER or left != int(left) or right != int(right):
            return UNDEFINED
        return _signed(function(int(left), int(right)))

    return run


def single(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of one number."""

    def run(value: Any) -> Any:
        if value.__class__ not in NUMBER:
            return UNDEFINED
        try:
            return number(function(value))
        except (ArithmeticError, ValueError):
            return UNDEFINED

    return run


def _remainder(left: Any, right: Any) -> Any:
    if left.__class__ is int and right.__class__ is int:
        found = abs(left) % abs(right)
        return -found if left < 0 else found
    return math.fmod(left, right)


def _quotient(left: Any, right: Any) -> Any:
    if left.__class__ is int and right.__class__ is int and left % right == 0:
        return left // right
    return left / right


def _round(value: Any, digits: Any = 0) -> Any:
    """Halves go away from zero."""
    if value.__class__ is int and digits >= 0:
        return value
    factor = 10.0 ** int(digits)
    scaled = abs(value) * factor
    whole = math.floor(scaled + 0.5)
    return math.copysign(whole / factor, value)


def _power(base: Any, exponent: Any) -> Any:
    if base.__class__ is int and exponent.__class__ is int and 0 <= exponent < 64 and abs(base) < 2**32:
        return base**exponent
    return math.pow(base, exponent)


def _shift_right(left: int, right: int) -> int:
    return left >> (right % 64)


def _truncating_division(left: int, right: int) -> int:
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": arithmetic(lambda left, right: left + right),
    "-": arithmetic(lambda left, right: left - right),
    "*": arithmetic(lambda left, right: left * right),
    "/": arithmetic(_quotient),
    "%": arithmetic(_remainder),
    "&": bitwise(lambda left, right: left & right),
    "|": bitwise(lambda left, right: left | right),
    "^": bitwise(lambda left, right: left ^ right),
    "<<": bitwise(lambda left, right: left << (right % 64)),
    ">>": bitwise(_shift_right),
    ">>>": bitwise(lambda left, right: (left % _WORD) >> (right % 64)),
}


def _whole(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        try:
            return number(function(*map(int, values)))
        except (ArithmeticError, ValueError):
            return UNDEFINED

    return typed("i")(run)


def _log(value: Any, base: Any = math.e) -> Any:
    try:
        return number(math.log(value) if base == math.e else math.log(value) / math.log(base))
    except (ArithmeticError, ValueError):
        return UNDEFINED


def _bin(value: Any, size: Any = 1) -> Any:
    return number(math.floor(value / size) * size) if size > 0 else UNDEFINED


_SINGLE: dict[str, Callable[[Any], Any]] = {
    "ABS": abs, "ACOS": math.acos, "ASIN": math.asin, "ATAN": math.atan, "CEILING": math.ceil, "COS": math.cos,
    "COT": lambda value: 1 / math.tan(value), "DEGREES": math.degrees, "EXP": math.exp, "FLOOR": math.floor,
    "LOG10": math.log10, "RADIANS": math.radians, "SIGN": lambda value: (value > 0) - (value < 0), "SIN": math.sin,
    "SQRT": math.sqrt, "SQUARE": lambda value: value * value, "TAN": math.tan, "TRUNC": math.trunc,
}  # fmt: skip
_WHOLE: dict[str, tuple[Callable[..., Any], int]] = {
    "INTADD": (lambda a, b: _signed(a + b), 2), "INTSUB": (lambda a, b: _signed(a - b), 2),
    "INTMUL": (lambda a, b: _signed(a * b), 2), "INTDIV": (_truncating_division, 2), "INTMOD": (_remainder, 2),
    "INTBITAND": (lambda a, b: a & b, 2), "INTBITOR": (lambda a, b: a | b, 2), "INTBITXOR": (lambda a, b: a ^ b, 2),
    "INTBITNOT": (lambda a: ~a, 1), "INTBITLEFTSHIFT": (lambda a, b: _signed(a << (b % 64)), 2),
    "INTBITRIGHTSHIFT": (_shift_right, 2),
}  # fmt: skip
FUNCTIONS: dict[str, Function] = {
    **{name: Function(single(function), 1, 1) for name, function in _SINGLE.items()},
    **{name: Function(_whole(function), count, count) for name, (function, count) in _WHOLE.items()},
    "ATN2": Function(arithmetic(math.atan2), 2, 2),
    "POWER": Function(arithmetic(_power), 2, 2),
    "LOG": Function(typed("n")(_log), 1, 2),
    "PI": Function(lambda: math.pi, 0, 0),
    "RAND": Function(random.random, 0, 0),
    "ROUND": Function(typed("n", "i")(lambda value, digits=0: number(_round(value, digits))), 1, 2),
    "NUMBERBIN": Function(typed("n")(_bin), 1, 2),
}
