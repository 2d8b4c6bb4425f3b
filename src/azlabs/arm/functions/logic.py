"""Logic and comparison. `if`, `and`, `or` and `coalesce` evaluate only what decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azlabs.arm.evaluator import Context, evaluate_node
from azlabs.arm.functions import function, invalid
from azlabs.arm.functions.arguments import boolean
from azlabs.arm.syntax import Call
from azlabs.arm.values import equal, order, type_name


@function("if", 3, lazy=True, builds=False)
def _if(context: Context, call: Call) -> Any:
    condition = boolean("if", evaluate_node(call.arguments[0], context))
    return evaluate_node(call.arguments[1 if condition else 2], context)


@function("and", 1, None, lazy=True)
def _and(context: Context, call: Call) -> bool:
    return all(boolean("and", evaluate_node(argument, context)) for argument in call.arguments)


@function("or", 1, None, lazy=True)
def _or(context: Context, call: Call) -> bool:
    return any(boolean("or", evaluate_node(argument, context)) for argument in call.arguments)


@function("not", 1)
def _not(value: Any) -> bool:
    return not boolean("not", value)


@function("true", 0)
def _true() -> bool:
    return True


@function("false", 0)
def _false() -> bool:
    return False


@function("bool", 1)
def _bool(value: Any) -> bool:
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "1", "0"):
        return value.strip().lower() in ("true", "1")
    if isinstance(value, (bool, int)):
        return bool(value)
    raise invalid(
        "bool", f"parameter is not valid: a value of type '{type_name(value)}' cannot be converted to a boolean."
    )


@function("coalesce", 1, None, lazy=True, builds=False)
def _coalesce(context: Context, call: Call) -> Any:
    values = (evaluate_node(argument, context) for argument in call.arguments)
    return next((value for value in values if value is not None), None)


@function("equals", 2)
def _equals(left: Any, right: Any) -> bool:
    return equal(left, right)


def _comparison(name: str, holds: Callable[[Any, Any], bool]) -> None:
    @function(name, 2)
    def compare(left: Any, right: Any) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return holds(order(left), order(right))
        for value in (left, right):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise invalid(
                    name,
                    "expects two parameters of the same type, integers or strings, got "
                    f"'{type_name(left)}' and '{type_name(right)}'.",
                )
        return holds(left, right)


_comparison("less", lambda left, right: bool(left < right))
_comparison("lessOrEquals", lambda left, right: bool(left <= right))
_comparison("greater", lambda left, right: bool(left > right))
_comparison("greaterOrEquals", lambda left, right: bool(left >= right))
