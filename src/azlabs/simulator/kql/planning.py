"""What a query needs of its source, worked out before a row is read: columns, and conditions on rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azlabs.simulator.kql.compiler import Compiler, Typed
from azlabs.simulator.kql.errors import KqlError
from azlabs.simulator.kql.evaluator import Filter, Wanted
from azlabs.simulator.kql.syntax import Binary, Call, Chain, Listed, Literal, Name, Node, Operator, names

if TYPE_CHECKING:
    from azlabs.simulator.kql.evaluator import Environment

_PLAIN = frozenset({"where", "extend", "sort", "top", "take", "sample", "mv-expand", "parse", "parse-where", "join", "lookup", "render",
                    "serialize", "project-rename"})  # fmt: skip
"""Operators that keep the columns they are given."""
_CLOSING = frozenset({"project", "summarize", "count", "distinct"})
"""Operators after which only named columns are left."""
_ALL = frozenset({"*", "pack_all"})


def wanted_of(steps: list[Operator], environment: Environment, outer: Wanted | None) -> Wanted:
    """What the steps need. `outer`: what is needed of their result."""
    found = Wanted(None, _filters(steps, environment), _limit(steps))
    used: set[str] = set()
    for step in steps:
        if _asks_all(step.args):
            return found
        used |= names(step.args)
        if step.name in _CLOSING:
            found.names = _spelled(used)
            return found
        if step.name not in _PLAIN:
            return found
    if outer is not None and outer.names is not None:
        found.names = _spelled(used | outer.names)
    if outer is not None and not steps:
        found.filters, found.limit = outer.filters, outer.limit
    return found


def _limit(steps: list[Operator]) -> int | None:
    count = steps[0].args["count"] if steps and steps[0].name == "take" else None
    return (
        int(count.value)
        if isinstance(count, Literal) and count.type == "long" and count.value is not None and count.value >= 0
        else None
    )


def _asks_all(args: object) -> bool:
    from dataclasses import fields, is_dataclass

    from azlabs.simulator.kql.syntax import Star

    waiting: list[object] = [args]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Star) or (isinstance(one, Call) and one.name in _ALL):
            return True
        if isinstance(one, (list, tuple)):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif is_dataclass(one) and not isinstance(one, type):
            waiting.extend(getattr(one, part.name) for part in fields(one))
    return False


def _spelled(used: set[str]) -> set[str]:
    """A join adds digits to names that both sides have."""
    return used | {re.sub(r"\d+$", "", name) for name in used}


def _filters(steps: list[Operator], environment: Environment) -> list[Filter]:
    """Conditions of the first `where` steps that a source can apply: column against constant."""
    found: list[Filter] = []
    for step in steps:
        if step.name != "where":
            break
        by = step.args["by"]
        for part in by.items if isinstance(by, Chain) and by.op == "and" else [by]:
            found += _filter(part, environment)
    return found


def _filter(node: Node, environment: Environment) -> list[Filter]:
    if isinstance(node, Listed) and node.op == "between" and isinstance(node.value, Name):
        low = _constant(node.items[0], environment)
        return [Filter(node.value.name, ">=", low.value)] if low is not None and low.type == "datetime" else []
    if not isinstance(node, Binary) or node.op not in ("==", "<", "<=", ">", ">="):
        return []
    left, right, op = node.left, node.right, node.op
    if not isinstance(left, Name):
        left, right = right, left
        op = op.translate(str.maketrans("<>", "><"))
    if not isinstance(left, Name) or (isinstance(right, Name) and environment.scalar(right.name) is None):
        return []
    value = _constant(right, environment)
    if value is None or value.value is None:
        return []
    if value.type == "datetime" or (value.type == "string" and op == "=="):
        return [Filter(left.name, op, value.value)]
    return []


def _constant(node: Node, environment: Environment) -> Typed | None:
    if not isinstance(node, (Literal, Call, Binary, Name)) or (
        isinstance(node, Call) and node.name not in ("ago", "now", "startofday")
    ):
        return None
    if isinstance(node, Binary) and not all(isinstance(one, (Literal, Call)) for one in (node.left, node.right)):
        return None
    try:
        found = Compiler([], environment, "").compile(node)
    except KqlError:
        return None
    return found if found.constant else None
