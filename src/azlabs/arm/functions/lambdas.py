"""Functions that take lambdas: `lambda('x', body)`, its variables read with `lambdaVariables('x')`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.evaluator import Context, Deferred, evaluate_node
from azlabs.arm.functions import function, invalid
from azlabs.arm.functions.arguments import array, boolean, mapping, string
from azlabs.arm.syntax import Call, Literal, Node
from azlabs.arm.values import type_name


@function("lambda", 1, None, lazy=True)
def _lambda(_context: Context, _call: Call) -> Any:
    raise ExpressionError("The template function 'lambda' is not expected at this location.")


@function("lambdaVariables", 1, context=True, builds=False)
def _lambda_variables(context: Context, name: Any) -> Any:
    if name not in context.lambdas:
        if context.defer_copies:
            raise Deferred("lambdaVariables")
        raise ExpressionError(f"The lambda variable '{str(name)[:100]}' is not defined.")
    return context.lambdas[name]


def _code(owner: str, node: Node, context: Context, least: int, most: int) -> tuple[int, Callable[..., Any]]:
    """How many variables a lambda argument declares, and a function of their values."""
    if not isinstance(node, Call) or node.key != "lambda":
        raise invalid(owner, "expects a lambda at this place.")
    *variables, body = node.arguments
    names = [item.value for item in variables if isinstance(item, Literal) and isinstance(item.value, str)]
    if len(names) != len(variables) or not least <= len(names) <= most:
        raise invalid(owner, f"expects a lambda of {least} to {most} variables, got {len(variables)}.")

    def call(*values: Any) -> Any:
        context.budget.spend(1)
        return evaluate_node(body, context.with_lambda(dict(zip(names, values, strict=False))))

    return len(names), call


@function("map", 2, lazy=True)
def _map(context: Context, call: Call) -> Any:
    items = array("map", evaluate_node(call.arguments[0], context))
    count, code = _code("map", call.arguments[1], context, 1, 2)
    return context.budget.measure([code(*(item, at)[:count]) for at, item in enumerate(items)])


@function("filter", 2, lazy=True)
def _filter(context: Context, call: Call) -> Any:
    items = array("filter", evaluate_node(call.arguments[0], context))
    count, code = _code("filter", call.arguments[1], context, 1, 2)
    return [item for at, item in enumerate(items) if boolean("filter", code(*(item, at)[:count]))]


@function("reduce", 3, lazy=True)
def _reduce(context: Context, call: Call) -> Any:
    items = array("reduce", evaluate_node(call.arguments[0], context))
    value = evaluate_node(call.arguments[1], context)
    count, code = _code("reduce", call.arguments[2], context, 2, 3)
    for at, item in enumerate(items):
        value = code(*(value, item, at)[:count])
    return value


@function("sort", 2, lazy=True)
def _sort(context: Context, call: Call) -> Any:
    items = array("sort", evaluate_node(call.arguments[0], context))
    _, code = _code("sort", call.arguments[1], context, 2, 2)

    def compare(left: Any, right: Any) -> int:
        if boolean("sort", code(left, right)):
            return -1
        return 1 if boolean("sort", code(right, left)) else 0

    return sorted(items, key=cmp_to_key(compare))


@function("toObject", 2, 3, lazy=True)
def _to_object(context: Context, call: Call) -> Any:
    items = array("toObject", evaluate_node(call.arguments[0], context))
    _, key = _code("toObject", call.arguments[1], context, 1, 1)
    value = _code("toObject", call.arguments[2], context, 1, 1)[1] if len(call.arguments) > 2 else _same
    result: dict[str, Any] = {}
    spelling: dict[str, str] = {}
    for item in items:
        name = string("toObject", key(item))
        result[spelling.setdefault(name.lower(), name)] = value(item)
    return context.budget.measure(result)


def _same(item: Any) -> Any:
    return item


@function("mapValues", 2, lazy=True)
def _map_values(context: Context, call: Call) -> Any:
    value = mapping("mapValues", evaluate_node(call.arguments[0], context))
    _, code = _code("mapValues", call.arguments[1], context, 1, 1)
    return context.budget.measure({name: code(item) for name, item in value.items()})


@function("groupBy", 2, 3, lazy=True)
def _group_by(context: Context, call: Call) -> Any:
    items = array("groupBy", evaluate_node(call.arguments[0], context))
    _, key = _code("groupBy", call.arguments[1], context, 1, 1)
    value = _code("groupBy", call.arguments[2], context, 1, 1)[1] if len(call.arguments) > 2 else _same
    groups: dict[str, list[Any]] = {}
    spelling: dict[str, str] = {}
    for item in items:
        name = key(item)
        if not isinstance(name, str):
            raise invalid("groupBy", f"expects its lambda to give a string, got '{type_name(name)}'.")
        groups.setdefault(spelling.setdefault(name.lower(), name), []).append(value(item))
    return context.budget.measure(groups)
