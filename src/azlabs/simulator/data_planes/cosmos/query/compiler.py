"""Queries as functions: rows of FROM and WHERE, keys of GROUP BY and ORDER BY, the projection."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azlabs.simulator.data_planes.cosmos.query.aggregates import REDUCE
from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.generator import DistanceMaker, Generator, Scope
from azlabs.simulator.data_planes.cosmos.query.syntax import Constant, Expression, Member, Name, Query, Subquery, walk
from azlabs.simulator.data_planes.cosmos.query.values import NUMBER, UNDEFINED, canonical, sort_key

Row = Any
"""What FROM binds: the one item, or a tuple of several values."""


@dataclass(slots=True)
class Level:
    """One query, compiled. The functions take the variables of the queries around it after their own arguments."""

    query: Query
    rows: Callable[..., list[Row]]
    project: Callable[..., Any]
    keys: list[Callable[..., list[Any]]] = field(default_factory=list)
    """From rows to the values of one key of ORDER BY."""
    descending: list[bool] = field(default_factory=list)
    group: Callable[..., tuple[Any, ...]] | None = None
    reducers: list[tuple[str, Callable[..., Any]]] = field(default_factory=list)
    top: int | None = None
    offset: int = 0
    places: Callable[..., list[int]] | None = None
    """From a list of items to the places of those that WHERE lets through; where FROM is the items themselves."""

    @property
    def grouped(self) -> bool:
        """Do results stand for groups of rows?"""
        return self.group is not None or bool(self.reducers)

    def run(self, items: Iterable[Any], *outer: Any) -> list[Any]:
        """All results."""
        rows = self.rows(items, *outer)
        if self.grouped:
            found = self.groups(rows, *outer)
        else:
            if self.keys:
                rows = [rows[place] for place in self.order(rows, *outer)]
            if not self.query.distinct:
                rows = self.window(rows)
            found = [value for row in rows if (value := self.project(row, *outer)) is not UNDEFINED]
        if self.query.distinct:
            found = distinct(found)
        return self.window(found) if self.query.distinct or self.grouped else found

    def window(self, found: list[Any]) -> list[Any]:
        """TOP, or OFFSET and LIMIT."""
        if self.top is None:
            return found
        return found[self.offset : self.offset + self.top]

    def order(self, rows: Sequence[Row], *outer: Any) -> list[int]:
        """Places of the rows in the order of ORDER BY; rows that are equal stay in theirs."""
        places = list(range(len(rows)))
        for key, descending in reversed(list(zip(self.keys, self.descending, strict=True))):
            found = key(rows, *outer)
            kinds = set(map(type, found))
            if not (kinds <= NUMBER or kinds == {str}):
                found = [sort_key(value) for value in found]
            places.sort(key=found.__getitem__, reverse=descending)
        return places

    def groups(self, rows: list[Row], *outer: Any) -> list[Any]:
        """One result for each group; without GROUP BY one for all rows, also for none."""
        grouped: dict[Any, list[Row]] = {}
        if self.group is None:
            grouped[()] = rows
        else:
            for row in rows:
                grouped.setdefault(tuple(map(canonical_or_none, self.group(row, *outer))), []).append(row)
        found = []
        for members in grouped.values():
            reduced = [REDUCE[name]([argument(row, *outer) for row in members]) for name, argument in self.reducers]
            value = self.project(members[0] if members else None, *outer, reduced)
            if value is not UNDEFINED:
                found.append(value)
        return found


def canonical_or_none(value: Any) -> str | None:
    """A key of a group; None for undefined."""
    return None if value is UNDEFINED else canonical(value)


def distinct(found: Iterable[Any]) -> list[Any]:
    """Each value once."""
    known: dict[str, Any] = {}
    for value in found:
        known.setdefault(canonical(value), value)
    return list(known.values())


class Compiler(Generator):
    """Compiles a query and the queries inside it."""

    def compile(self, query: Query) -> Level:
        """The functions of a whole query. Raises `QueryError`."""
        return self._compile(query, {}, whole=True)

    def subquery(self, query: Query, scope: Scope) -> str:
        level = self._compile(query, scope, whole=False)
        return self.name("q", lambda *outer: level.run((), *outer))

    def _compile(self, query: Query, outer: Scope, *, whole: bool) -> Level:
        kept, self.aggregates = self.aggregates, None
        try:
            scope = dict(outer)
            loops, variables = self._loops(query, scope, whole)
            condition = f" if {self.condition(query.where, scope)}" if query.where is not None else ""
            row = variables[0] if len(variables) == 1 else f"({''.join(one + ', ' for one in variables)})"
            around = list(dict.fromkeys(outer.values()))
            rows = self._function("items", around, f"[{row} {loops}{condition}]" if loops else f"[(){' for _ in ((),)' + condition}]")
            level = Level(query, rows, rows)
            if whole and loops == f"for {row} in items":
                level.places = self._function("items", around, f"[p for p, {row} in enumerate(items){condition}]")
            self._stages(level, query, scope, variables, around)
            return level
        finally:
            self.aggregates = kept

    def _stages(self, level: Level, query: Query, scope: Scope, variables: list[str], around: list[str]) -> None:
        def function(source: str, further: Sequence[str] = ()) -> Callable[..., Any]:
            return self._function("row", [*around, *further], source, variables)

        for one in query.order:
            source = self.value(one.value, scope)
            bound = variables[0] if len(variables) == 1 else f"({''.join(name + ', ' for name in variables)})"
            level.keys.append(self._function("rows", around, f"[{source} for {bound} in rows]"))
            level.descending.append(one.descending)
        if query.group:
            level.group = function("(" + "".join(self.value(one, scope) + ", " for one in query.group) + ")")
        self.aggregates = []
        source = self._projection(query, scope, variables)
        level.reducers = [(name, function(argument)) for name, argument in self.aggregates]
        if level.reducers and not query.group and query.form != "*":
            _check_ungrouped(query)
        if query.group:
            _check_grouped(query)
        if level.reducers and query.order:
            raise QueryError("'ORDER BY' is not supported with aggregates.", "SC2103")
        self.aggregates = None
        level.project = function(source, ("A",) if level.grouped else ())
        if query.top is not None:
            level.top = self.count(query.top, "TOP")
        elif query.limit is not None and query.offset is not None:
            level.offset, level.top = self.count(query.offset, "OFFSET"), self.count(query.limit, "LIMIT")

    def _projection(self, query: Query, scope: Scope, variables: list[str]) -> str:
        if query.form == "*":
            return variables[0]
        if query.form == "value":
            return self.value(query.columns[0].value, scope)
        members = ", ".join(f"({column.name!r}, {self.value(column.value, scope)})" for column in query.columns)
        return f"make_object({members})"

    def _loops(self, query: Query, scope: dict[str, str], whole: bool) -> tuple[str, list[str]]:
        loops: list[str] = []
        variables: list[str] = []
        for place, source in enumerate(query.sources):
            variable = self.name("a")
            value = source.value
            if isinstance(value, Subquery):
                outer = ", ".join(scope.values())
                loops.append(f"for {variable} in {self.subquery(value.query, scope)}({outer})")
            else:
                base = _base(value)
                if place == 0 and whole and base is not None:
                    if isinstance(value, Name) and not source.iterates:
                        loops.append(f"for {variable} in items")
                        self.items.add(variable)
                    else:
                        root = self.name("r")
                        self.items.add(root)
                        inner = self.value(value, {base.name: root})
                        loops.append(f"for {root} in items for {variable} in {'elements' if source.iterates else 'single'}({inner})")
                else:
                    inner = self.value(value, scope)
                    loops.append(f"for {variable} in {'elements' if source.iterates else 'single'}({inner})")
                    if inner in self.items and not source.iterates:
                        self.items.add(variable)
            variables.append(variable)
            if source.alias:
                scope[source.alias] = variable
        return " ".join(loops), variables

    def _function(self, first: str, others: Sequence[str], source: str, unpack: Sequence[str] = ()) -> Callable[..., Any]:
        name = self.name("function")
        lines = [f"def {name}({', '.join([first, *others])}):"]
        if len(unpack) == 1:
            lines.append(f" {unpack[0]} = {first}")
        elif unpack:
            lines.append(f" {', '.join(unpack)} = {first} or ({'U, ' * len(unpack)})")
        if len(unpack) == 1 and "A" in others:
            lines.append(f" if {first} is None: {unpack[0]} = EMPTY")
            self.names["EMPTY"] = {}
        lines.append(f" return {source}")
        try:
            exec(compile("\n".join(lines), "<query>", "exec"), self.names)
        except (SyntaxError, RecursionError, MemoryError):
            raise QueryError("The query is nested too deeply.", "SC3003") from None
        made: Callable[..., Any] = self.names[name]
        return made

    def count(self, node: Expression, word: str) -> int:
        """A number of TOP, OFFSET or LIMIT."""
        value = self.constant(node)
        if value.__class__ not in NUMBER or value != int(value) or not 0 <= value < 2**31:
            raise QueryError(f"The value specified for '{word}' has to be a non-negative integer.", "SC2107")
        return int(value)


def _base(value: Expression) -> Name | None:
    while isinstance(value, Member):
        value = value.value
    return value if isinstance(value, Name) else None


def _outside_aggregates(query: Query) -> Iterable[Expression]:
    from azlabs.simulator.data_planes.cosmos.query.functions import AGGREGATES
    from azlabs.simulator.data_planes.cosmos.query.syntax import Call

    def visit(node: Any) -> Iterable[Expression]:
        if isinstance(node, Call) and node.name in AGGREGATES:
            return
        if node in query.group or isinstance(node, Subquery):
            return
        if isinstance(node, Name | Member):
            yield node
            return
        for name in node.__dataclass_fields__:
            value = getattr(node, name)
            for one in value if value.__class__ is tuple else (value,):
                parts = one if one.__class__ is tuple else (one,)
                for part in parts:
                    if hasattr(part, "__dataclass_fields__"):
                        yield from visit(part)

    return itertools.chain.from_iterable(visit(column.value) for column in query.columns)


def _check_ungrouped(query: Query) -> None:
    for node in _outside_aggregates(query):
        raise QueryError(
            f"Property reference '{_spelled(node)}' is invalid in the select list because it is not contained in an aggregate function.",
            "SC2105",
        )  # fmt: skip


def _check_grouped(query: Query) -> None:
    if query.form == "*":
        raise QueryError("'SELECT *' is not allowed with 'GROUP BY'.", "SC2104")
    for node in _outside_aggregates(query):
        raise QueryError(
            f"Property reference '{_spelled(node)}' is invalid in the select list because it is not contained in either an aggregate "
            "function or the GROUP BY clause.", "SC2105",
        )  # fmt: skip


def _spelled(node: Expression) -> str:
    parts: list[str] = []
    while isinstance(node, Member):
        parts.append(str(node.name.value) if isinstance(node.name, Constant) else "[]")
        node = node.value
    return ".".join([node.name if isinstance(node, Name) else "", *reversed(parts)])


def run(
    query: Query, items: Iterable[Any], parameters: Mapping[str, Any] | None = None, distance: DistanceMaker | None = None
) -> list[Any]:
    """All results of a query over items. Raises `QueryError`."""
    return Compiler(parameters or {}, distance).compile(query).run(items)


def uses(query: Query, *names: str) -> bool:
    """Does a query call one of these functions anywhere?"""
    from azlabs.simulator.data_planes.cosmos.query.syntax import Call

    return any(isinstance(node, Call) and node.name in names for node in walk(query))
