"""The tree of a query. `at` is where a part begins in the text."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

Node = Any


@dataclass(slots=True)
class Literal:
    """`value` as the evaluator keeps it: ticks for datetime and timespan."""

    value: Any
    type: str
    at: int


@dataclass(slots=True)
class Name:
    name: str
    at: int


@dataclass(slots=True)
class Star:
    at: int


@dataclass(slots=True)
class Member:
    """`base.name`."""

    base: Node
    name: str
    at: int


@dataclass(slots=True)
class Index:
    """`base[index]`."""

    base: Node
    index: Node
    at: int


@dataclass(slots=True)
class Call:
    name: str
    args: list[Node]
    at: int


@dataclass(slots=True)
class Unary:
    op: str
    value: Node
    at: int


@dataclass(slots=True)
class Binary:
    op: str
    left: Node
    right: Node
    at: int


@dataclass(slots=True)
class Chain:
    """`and` or `or` of two or more."""

    op: str
    items: list[Node]
    at: int


@dataclass(slots=True)
class Listed:
    """`value op (items)`: in, !in, in~, !in~, has_any, has_all, between, !between."""

    op: str
    value: Node
    items: list[Node]
    at: int


@dataclass(slots=True)
class Named:
    """`names = value`; no names where none were given. `typed`: the type after `to typeof(...)`."""

    names: list[str]
    value: Node
    at: int
    typed: str = ""


@dataclass(slots=True)
class Ordered:
    """A key of an order; `nulls_first` None: by default, first when ascending."""

    value: Node
    descending: bool
    nulls_first: bool | None
    at: int


@dataclass(slots=True)
class Operator:
    """One step after a pipe; `args` depends on the name."""

    name: str
    args: dict[str, Any]
    at: int


@dataclass(slots=True)
class Pipeline:
    """A source (Name, Call, Operator or Pipeline) and what is done with it."""

    source: Node
    steps: list[Operator]
    at: int


@dataclass(slots=True)
class Function:
    """`let f = (a:long, T:(*)) { body }`."""

    parameters: list[tuple[str, str, Node | None]]
    lets: list[tuple[str, Node]]
    body: Node
    at: int


@dataclass(slots=True)
class Query:
    lets: list[tuple[str, Node]] = field(default_factory=list)
    results: list[Node] = field(default_factory=list)


def names(node: Any) -> set[str]:
    """Every name that stands anywhere below a node, columns and others."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Name):
            found.add(one.name)
        elif isinstance(one, (list, tuple)):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, str):
            found.add(one)
        elif is_dataclass(one):
            waiting.extend(getattr(one, part.name) for part in fields(one) if part.name != "at")
    return found


def replaced(node: Any, values: dict[str, Node]) -> Any:
    """A copy of a tree in which names stand for other trees."""
    if isinstance(node, Name):
        return values.get(node.name, node)
    if isinstance(node, list):
        return [replaced(one, values) for one in node]
    if isinstance(node, tuple):
        return tuple(replaced(one, values) for one in node)
    if isinstance(node, dict):
        return {key: replaced(one, values) for key, one in node.items()}
    if is_dataclass(node) and not isinstance(node, (Literal, type)):
        return replace(
            node, **{part.name: replaced(getattr(node, part.name), values) for part in fields(node) if part.name != "at"}
        )
    return node
