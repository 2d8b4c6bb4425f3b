"""The parts of a parsed query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; `value` may be UNDEFINED."""

    value: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """`@name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """An alias of the FROM clause."""

    name: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """`value.name`, `value["name"]`, `value[0]`, `value[expression]`."""

    value: Expression
    name: Expression


@dataclass(frozen=True, slots=True)
class Unary:
    """`sign`: NOT, -, + or ~."""

    sign: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands around a sign or one of AND, OR."""

    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? yes : no`."""

    test: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True, slots=True)
class In:
    """`value [NOT] IN (choices)`; negation is a `Unary` around it."""

    value: Expression
    choices: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """`value LIKE pattern [ESCAPE escape]`."""

    value: Expression
    pattern: Expression
    escape: Expression | None


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in function, its name in upper case. `raw` as written."""

    name: str
    arguments: tuple[Expression, ...]
    raw: str = field(default="", compare=False)
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class MakeArray:
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MakeObject:
    """`{"a": 1}`."""

    members: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Subquery:
    """A query inside an expression. `form`: scalar, EXISTS or ARRAY."""

    form: str
    query: Query


Expression = (
    Constant | Parameter | Name | Member | Unary | Binary | Conditional | In | Like | Call | MakeArray | MakeObject | Subquery
)


@dataclass(frozen=True, slots=True)
class Source:
    """One part of FROM. A name that is no alias is the container. `iterates`: `alias IN value`."""

    alias: str
    value: Expression
    iterates: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One expression of SELECT under its name."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY."""

    value: Expression
    descending: bool
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """`form`: "*", "value" or "list" of `columns`. Counts are constants or parameters. `rank`: ORDER BY RANK.

    `spans` are the offsets of clauses in the text, for query plans.
    """

    form: str
    columns: tuple[Column, ...]
    distinct: bool
    top: Expression | None
    sources: tuple[Source, ...]
    where: Expression | None
    group: tuple[Expression, ...]
    order: tuple[Order, ...]
    rank: Expression | None
    offset: Expression | None
    limit: Expression | None
    spans: tuple[tuple[str, int, int], ...] = ()

    def span(self, name: str) -> tuple[int, int] | None:
        """Where a clause stands in the text."""
        return next(((start, end) for clause, start, end in self.spans if clause == name), None)


def walk(node: Any) -> Any:
    """Every expression inside an expression or query, itself first, subqueries included."""
    yield node
    for name in node.__dataclass_fields__:
        yield from _inside(getattr(node, name))


def _inside(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        yield from walk(value)
    elif value.__class__ is tuple:
        for one in value:
            yield from _inside(one)
