"""Runs a query: what names mean, where rows come from, one operator after another."""

from __future__ import annotations

import fnmatch
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from azlabs.simulator.kql.compiler import Column, Compiler, Typed
from azlabs.simulator.kql.errors import KqlError, KqlSyntaxError, NotModelled, TooMuch
from azlabs.simulator.kql.parser import parse
from azlabs.simulator.kql.syntax import Call, Function, Member, Name, Node, Operator, Pipeline
from azlabs.simulator.kql.times import from_seconds

MOST_ROWS = 5_000_000
MOST_STEPS = 2_000
SECONDS = 180.0
Row = tuple[Any, ...]


@dataclass(slots=True)
class Table:
    """Columns (name, type) and rows as tuples in the same order."""

    columns: list[Column]
    rows: list[Row]


@dataclass(slots=True)
class Filter:
    """What a source may leave out by itself, since the query does so anyway: `column op value`."""

    column: str
    op: str
    value: Any


class Source(Protocol):
    """A table of the database."""

    @property
    def columns(self) -> Sequence[Column]:
        """(name, type) of each."""

    def read(self, names: Sequence[str], filters: Sequence[Filter], limit: int | None) -> list[Row]:
        """Rows with these columns; rows that a filter refuses may be among them. With a limit only that many are needed."""


class Database(Protocol):
    """The tables that a query may name."""

    def table(self, name: str) -> Source | None:
        """By its exact name."""

    def names(self) -> Iterable[str]:
        """All of them, for wildcards and search."""


@dataclass(slots=True)
class Result:
    """The tables of a query, and how `render` asked to show them."""

    tables: list[Table]
    render: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    rows_read: int = 0


class Environment:
    """What is known while a query runs."""

    def __init__(self, database: Database, now: float, lets: Sequence[tuple[str, Node]] = ()) -> None:
        self.database, self.now = database, from_seconds(now)
        self.lets: dict[str, Any] = {}
        self.render: dict[str, str] = {}
        self.read: set[str] = set()
        self.rows_read = 0
        self.needed: set[str] | None = None
        """Columns that the steps of the running pipeline use, where only those are left at its end."""
        self._steps = 0
        self._deadline = time.monotonic() + SECONDS
        for name, value in lets:
            self.define(name, value)

    def spend(self) -> None:
        """One step more; a query has only so many, and so much time."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TooMuch("the number of its steps")
        if time.monotonic() > self._deadline:
            raise TooMuch(f"{SECONDS:g} seconds")

    def define(self, name: str, value: Node) -> None:
        """A `let`: a function, a table (worked out when it is used first), or a value."""
        if isinstance(value, Function):
            self.lets[name] = value
        elif isinstance(value, Pipeline) or self._gives_table(value):
            outer = dict(self.lets)
            self.lets[name] = _Lazy(value, outer)
        else:
            self.lets[name] = Compiler([], self, "").compile(value)

    def _gives_table(self, value: Node) -> bool:
        if isinstance(value, Name):
            return self.scalar(value.name) is None and self.has_table(value.name)
        if isinstance(value, Call):
            function = self.function(value.name)
            if function is not None:
                return isinstance(function.body, Pipeline) or self._gives_table(function.body)
            return value.name in ("materialize", "table", "view")
        return False

    def scalar(self, name: str) -> Typed | None:
        found = self.lets.get(name)
        return found if isinstance(found, Typed) else None

    def function(self, name: str) -> Function | None:
        found = self.lets.get(name)
        return found if isinstance(found, Function) else None

    def has_table(self, name: str) -> bool:
        return isinstance(self.lets.get(name), (_Lazy, Table)) or self.database.table(name) is not None

    # --- running --------------------------------------------------------------------------------------------------------
    def run(self, node: Node, wanted: Wanted | None = None) -> Table:
        """The table of a pipeline or a name. `wanted`: the columns and rows of it that matter, where that is known."""
        from azlabs.simulator.kql.operators import apply
        from azlabs.simulator.kql.planning import wanted_of

        self.spend()
        if not isinstance(node, Pipeline):
            return self._source(node, wanted)
        needed = wanted_of(node.steps, self, wanted)
        table = self._source(node.source, needed)
        outer, self.needed = self.needed, needed.names
        try:
            for step in node.steps:
                self.spend()
                table = apply(step, table, self)
                if len(table.rows) > MOST_ROWS:
                    raise TooMuch(f"more than {MOST_ROWS:,} rows")
        finally:
            self.needed = outer
        return table

    def _source(self, node: Node, wanted: Wanted | None) -> Table:
        from azlabs.simulator.kql.operators import produce

        if isinstance(node, Name):
            return self._named(node, wanted)
        if isinstance(node, Operator):
            return produce(node, self, wanted)
        if isinstance(node, Pipeline):
            return self.run(node, wanted)
        if isinstance(node, Call):
            return self._called(node, wanted)
        if isinstance(node, Member) and isinstance(node.base, Call):
            raise NotModelled(f"{node.base.name}()", node.at)
        raise KqlError("SEM0003", "Top-level expressions must return tabular results. (Hint: If you're trying to output a scalar "
                       "value, use the 'print' operator.)", getattr(node, "at", -1))  # fmt: skip

    def _named(self, node: Name, wanted: Wanted | None) -> Table:
        found = self.lets.get(node.name)
        if isinstance(found, _Lazy):
            outer, self.lets = self.lets, found.lets
            try:
                found = outer[node.name] = self.run(found.node)
            finally:
                self.lets = outer
        if isinstance(found, Table):
            return found
        if isinstance(found, Typed):
            raise KqlError("SEM0003", f"'{node.name}' is a single value, a table is expected.", node.at)
        return self.read_table(node.name, node.at, wanted)

    def read_table(self, name: str, at: int, wanted: Wanted | None) -> Table:
        """A table of the database."""
        source = self.database.table(name)
        if source is None:
            raise KqlError("SEM0100", f"Failed to resolve table or column expression named '{name}'", at)
        columns = list(source.columns)
        filters: list[Filter] = []
        limit = wanted.limit if wanted is not None else None
        if wanted is not None:
            if wanted.names is not None:
                columns = [column for column in columns if column[0] in wanted.names]
            known = {column for column, _ in source.columns}
            filters = [one for one in wanted.filters if one.column in known]
        self.read.add(name)
        rows = source.read([column for column, _ in columns], filters, limit)
        self.rows_read += len(rows)
        return Table(columns, rows)

    def matching(self, pattern: str) -> list[str]:
        """Tables of a name with wildcards."""
        test = re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
        return [name for name in self.database.names() if test.match(name)]

    def _called(self, node: Call, wanted: Wanted | None) -> Table:
        if node.name in ("materialize", "view") and len(node.args) == 1:
            return self.run(node.args[0])
        if node.name == "table" and len(node.args) == 1:
            wanted_name = Compiler([], self, "").compile(node.args[0])
            return self.read_table(str(wanted_name.value), node.at, wanted)
        function = self.function(node.name)
        if function is None:
            from azlabs.simulator.kql.refused import FUNCTIONS as REFUSED

            if node.name in REFUSED:
                raise NotModelled(f"the function {node.name}()", node.at)
            raise KqlError("SEM0260", f"Unknown function: '{node.name}'.", node.at)
        from azlabs.simulator.kql.calls import expanded

        body, lets = expanded(Compiler([], self, ""), node, function)
        outer = self.lets
        self.lets = dict(outer)
        try:
            for name, inner in lets:
                self.define(name, inner)
            return self.run(body, wanted)
        finally:
            self.lets = outer


@dataclass(slots=True)
class _Lazy:
    """A table that nobody asked for yet."""

    node: Node
    lets: dict[str, Any]


@dataclass(slots=True)
class Wanted:
    """Columns that later steps use (None: all), and conditions that they set."""

    names: set[str] | None = None
    filters: list[Filter] = field(default_factory=list)
    limit: int | None = None
    """How many rows the first step takes, where that is its name."""


def run(text: str, database: Database, now: float) -> Result:
    """Answer a query at a time (seconds since 1970). Raises KqlError with the place in the text."""
    try:
        query = parse(text)
        environment = Environment(database, now)
        for name, value in query.lets:
            environment.define(name, value)
        tables = [environment.run(one) for one in query.results]
        return Result(tables, environment.render, environment.read, environment.rows_read)
    except KqlError as problem:
        problem.locate(text)
        raise
    except RecursionError:
        raise KqlSyntaxError(0, text[:20], "The query is nested too deeply.") from None
