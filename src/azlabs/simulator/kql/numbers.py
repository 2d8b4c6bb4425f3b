"""Arithmetic by type, and functions over numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from azlabs.simulator.kql.lexer import bounded, wrapped

LOW, HIGH = -(1 << 63), (1 << 63) - 1


def divide_whole(left: int, right: int) -> int | None:
    """Cut towards zero; nothing where the divisor is zero."""
    if right == 0:
        return None
    found = abs(left) // abs(right)
    return wrapped(found if (left < 0) == (right < 0) else -found)


def divide_real(left: float, right: float) -> float:
    """As IEEE 754 has it: by zero is infinite, or no number."""
    if right == 0:
        if left == 0 or left != left:
            return math.nan
        return math.inf if (left > 0) == (math.copysign(1, right) > 0) else -math.inf
    try:
        return left / right
    except OverflowError:
        return math.inf


def modulo(left: Any, right: Any) -> Any:
    """Never negative."""
    if right == 0:
        return math.nan if isinstance(left, float) or isinstance(right, float) else None
    try:
        return left % abs(right)
    except (ValueError, ArithmeticError):
        return math.nan


def span_times(ticks: int, factor: float) -> int | None:
    """A duration some times."""
    try:
        return bounded(ticks * factor)
    except (ValueError, OverflowError):
        return None


def span_divided(ticks: int, divisor: float) -> int | None:
    try:
        return bounded(ticks / divisor) if divisor else None
    except (ValueError, OverflowError):
        return None


def floor_to(value: float, step: float) -> float | None:
    """`bin` of real numbers."""
    if not step or not math.isfinite(value):
        return None if not step else value
    return math.floor(value / step) * step


def _round(value: float, digits: int = 0) -> float:
    if not math.isfinite(value) or abs(digits) > 15:
        return float(value)
    scale: float = 10.0**digits
    return math.copysign(math.floor(abs(value) * scale + 0.5) / scale, value)


def _power(base: float, exponent: float) -> float:
    try:
        found = math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan
    return found


def _guarded(call: Callable[..., float]) -> Callable[..., float]:
    def run(*values: float) -> float:
        try:
            return call(*values)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return run


def _log(value: float) -> float:
    return -math.inf if value == 0 else math.log(value)


def _shift(left: int, count: int, up: bool) -> int | None:
    count %= 64
    return wrapped(left << count) if up else left >> count


def _whole(call: Callable[[float], int]) -> Callable[[Any], Any]:
    return lambda value: call(value) if isinstance(value, (int, Decimal)) or math.isfinite(value) else value


_SAME_KIND = "same"
FUNCTIONS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "abs": ("N", _SAME_KIND, lambda value: wrapped(abs(value)) if isinstance(value, int) else abs(value)),
    "ceiling": ("n", _SAME_KIND, lambda value: value if isinstance(value, int) else float(_whole(math.ceil)(value))),
    "round": ("n?l", "real", lambda value, digits=0: _round(float(value), digits)),
    "sign": ("n", "real", lambda value: float((value > 0) - (value < 0))),
    "pow": ("nn", "real", _power),
    "sqrt": ("n", "real", _guarded(math.sqrt)),
    "exp": ("n", "real", _guarded(math.exp)),
    "exp2": ("n", "real", lambda value: _power(2.0, value)),
    "exp10": ("n", "real", lambda value: _power(10.0, value)),
    "log": ("n", "real", _guarded(_log)),
    "log2": ("n", "real", _guarded(lambda value: _log(value) / math.log(2))),
    "log10": ("n", "real", _guarded(lambda value: -math.inf if value == 0 else math.log10(value))),
    **{
        name: ("n", "real", _guarded(getattr(math, name)))
        for name in ("sin", "cos", "tan", "asin", "acos", "atan", "degrees", "radians")
    },
    "atan2": ("nn", "real", _guarded(math.atan2)),
    "cot": ("n", "real", _guarded(lambda value: divide_real(1.0, math.tan(value)))),
    "pi": ("", "real", lambda: math.pi),
    "rand": ("?l", "real", lambda count=0: float(random.randrange(count)) if count > 1 else random.random()),
    "isnan": ("n", "bool", lambda value: value != value),
    "isinf": ("n", "bool", lambda value: value in (math.inf, -math.inf)),
    "isfinite": ("n", "bool", lambda value: math.isfinite(value)),
    "binary_and": ("ll", "long", lambda one, two: one & two),
    "binary_or": ("ll", "long", lambda one, two: one | two),
    "binary_xor": ("ll", "long", lambda one, two: one ^ two),
    "binary_not": ("l", "long", lambda one: ~one),
    "binary_shift_left": ("ll", "long", lambda one, count: _shift(one, count, True)),
    "binary_shift_right": ("ll", "long", lambda one, count: _shift(one, count, False)),
    "tohex": ("l?l", "string", lambda value, length=0: f"{value % (1 << 64):0{min(max(length, 0), 64)}x}"),
}
"""As in `texts`; N: a number or a duration. Result `same`: the type of the first argument."""
IMPURE = frozenset({"rand", "new_guid"})
