"""The operators after a pipe that look at one row at a time, and the sources that make rows."""

from __future__ import annotations

import fnmatch
import itertools
import random
import re
from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from azlabs.simulator.kql import values
from azlabs.simulator.kql.calls import KEEPS_NAME
from azlabs.simulator.kql.compiler import WHOLE, Column, Compiler, Typed
from azlabs.simulator.kql.errors import KqlError, KqlSyntaxError, TooMuch
from azlabs.simulator.kql.evaluator import MOST_ROWS, Table
from azlabs.simulator.kql.syntax import Call, Index, Literal, Member, Name, Named, Node, Operator, Ordered, Star

if TYPE_CHECKING:
    from azlabs.simulator.kql.evaluator import Environment, Wanted

Apply = Callable[[Operator, Table, "Environment"], Table]


def apply(step: Operator, table: Table, environment: Environment) -> Table:
    """The table after one operator."""
    run = _OPERATORS.get(step.name)
    if run is None:
        raise KqlSyntaxError(step.at, step.name, f"'{step.name}' cannot follow a pipe.")
    return run(step, table, environment)


def produce(step: Operator, environment: Environment, wanted: Wanted | None) -> Table:
    """The table of an operator that begins a query."""
    from azlabs.simulator.kql.combining import search, union

    if step.name == "union":
        return union(step, None, environment, wanted)
    if step.name == "search":
        return search(step, None, environment)
    made = {"print": _print, "range": _range, "datatable": _datatable}.get(step.name)
    if made is None:
        raise KqlError("SEM0003", f"'{step.name}' cannot begin a query.", step.at)
    return made(step, environment)


# --- names of columns ------------------------------------------------------------------------------------------------------
def name_of(node: Node) -> str:
    """The name that a column without one gets from its expression; "" where it gets a number."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Member):
        return f"{base}_{node.name}" if (base := name_of(node.base)) else node.name
    if isinstance(node, Index) and isinstance(node.index, Literal):
        return f"{base}_{node.index.value}" if (base := name_of(node.base)) else ""
    if isinstance(node, Call) and node.name in KEEPS_NAME and node.args:
        return name_of(node.args[0])
    return ""


def free(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    if name not in taken:
        return name
    return next(f"{name}{number}" for number in itertools.count(1) if f"{name}{number}" not in taken)


def column_names(items: list[Named], taken: set[str], first: str = "Column") -> list[str]:
    """One name for each of some expressions."""
    found = []
    for item in items:
        if item.names:
            name = item.names[0]
        else:
            base = name_of(item.value)
            name = base if base and base not in taken else free(base, taken) if base else (
                next(f"{first}{n}" for n in itertools.count(1 if first == "Column" else 0) if f"{first}{n}" not in taken)
            )  # fmt: skip
        taken.add(name)
        found.append(name)
    return found


# --- row by row ------------------------------------------------------------------------------------------------------------
def _where(step: Operator, table: Table, environment: Environment) -> Table:
    compiler = Compiler(table.columns, environment, "where")
    test = compiler.condition(step.args["by"])
    if test.constant:
        return Table(table.columns, table.rows if test.value else [])
    source = compiler.body(
        "def stage(rows):\n    out = []\n    for r in rows:\n", f"        if {test.source}: out.append(r)\n    return out\n"
    )
    return Table(table.columns, compiler.function(source)(table.rows))


def _spread(item: Named, value: Typed, compiler: Compiler) -> list[Typed]:
    """`(a, b) = array`: one column for each name."""
    if len(item.names) < 2:
        return [value]
    if value.type != "dynamic":
        raise compiler.fail("SEM0064", "several names need an array", item.at)
    return [compiler._at(value, compiler.constant(place, "long"), item.at) for place in range(len(item.names))]


def _extend(step: Operator, table: Table, environment: Environment) -> Table:
    columns, rows = list(table.columns), table.rows
    for item in step.args["items"]:
        compiler = Compiler(columns, environment, step.name)
        values_ = _spread(item, compiler.compile(item.value), compiler)
        taken = {name for name, _ in columns}
        names = item.names or column_names([item], taken)
        sources = [f"r[{place}]" for place in range(len(columns))]
        for name, value in zip(names, values_, strict=True):
            place = compiler.places.get(name)
            if place is None:
                columns.append((name, value.type))
                sources.append(value.source)
            else:
                columns[place] = (name, value.type)
                sources[place] = value.source
        if len(columns) == len(table.columns) + len(names) and sources[: -len(names)] == [
            f"r[{n}]" for n in range(len(columns) - len(names))
        ]:
            new = f"(*r, {', '.join(sources[-len(names) :])})"
        else:
            new = f"({', '.join(sources)},)"
        rows = _mapped(compiler, rows, new)
        table = Table(list(columns), rows)
    return table


def _mapped(compiler: Compiler, rows: list[Any], new: str) -> list[Any]:
    if not compiler.lines:
        source = f"def stage(rows):\n    return [{new} for r in rows]\n"
    else:
        source = compiler.body(
            "def stage(rows):\n    out = []\n    for r in rows:\n", f"        out.append({new})\n    return out\n"
        )
    found: list[Any] = compiler.function(source)(rows)
    return found


def _project(step: Operator, table: Table, environment: Environment) -> Table:
    items: list[Named] = step.args["items"]
    compiler = Compiler(table.columns, environment, step.name)
    columns: list[Column] = []
    sources: list[str] = []
    taken = {item.names[0] for item in items if item.names}
    for item in items:
        if isinstance(item.value, Star):
            raise compiler.fail("SEM0100", "'*' cannot be projected", item.at)
        found = _spread(item, compiler.compile(item.value), compiler)
        names = item.names or column_names([item], taken)
        for name, value in zip(names, found, strict=True):
            columns.append(
                (name if name not in [one for one, _ in columns] else free(name, {one for one, _ in columns}), value.type)
            )
            sources.append(value.source)
    return Table(columns, _mapped(compiler, table.rows, f"({', '.join(sources)},)" if sources else "()"))


def _picked(table: Table, places: list[int], names: list[str] | None = None) -> Table:
    columns = [table.columns[place] for place in places]
    if names is not None:
        columns = [(name, kind) for name, (_, kind) in zip(names, columns, strict=True)]
    if places == list(range(len(table.columns))):
        return Table(columns, table.rows)
    if len(places) == 1:
        return Table(columns, [(row[places[0]],) for row in table.rows])
    return Table(columns, list(map(itemgetter(*places), table.rows)) if places else [()] * len(table.rows))


def _matched(step: Operator, table: Table, pattern: str) -> list[int]:
    if "*" in pattern:
        test = re.compile(fnmatch.translate(pattern.replace("[", "[[]"))).match
        return [place for place, (name, _) in enumerate(table.columns) if test(name)]
    for place, (name, _) in enumerate(table.columns):
        if name == pattern:
            return [place]
    raise KqlError("SEM0100", f"'{step.name}' operator: Failed to resolve column named '{pattern}'", step.at)


def _away(step: Operator, table: Table, _environment: Environment) -> Table:
    gone = {place for pattern, _ in step.args["patterns"] for place in _matched(step, table, pattern)}
    return _picked(table, [place for place in range(len(table.columns)) if place not in gone])


def _keep(step: Operator, table: Table, _environment: Environment) -> Table:
    kept = {place for pattern, _ in step.args["patterns"] for place in _matched(step, table, pattern)}
    return _picked(table, sorted(kept))


def _reorder(step: Operator, table: Table, _environment: Environment) -> Table:
    order: list[int] = []
    for pattern, direction in step.args["patterns"]:
        found = [place for place in _matched(step, table, pattern) if place not in order]
        if direction:
            found.sort(key=lambda place: table.columns[place][0], reverse=direction == "desc")
        order += found
    return _picked(table, order + [place for place in range(len(table.columns)) if place not in order])


def _rename(step: Operator, table: Table, _environment: Environment) -> Table:
    names = [name for name, _ in table.columns]
    for new, old in step.args["items"]:
        names[_matched(step, table, old.name)[0]] = new
    if len(set(names)) < len(names):
        raise KqlError("SEM0111", "'project-rename' operator: two columns would have the same name", step.at)
    return Table([(name, kind) for name, (_, kind) in zip(names, table.columns, strict=True)], table.rows)


# --- order and number ------------------------------------------------------------------------------------------------------
def _number(step: Operator, node: Node, environment: Environment) -> int:
    found = Compiler([], environment, step.name).compile(node)
    if found.type not in WHOLE or not found.constant or found.value is None or found.value < 0:
        raise KqlError("SEM0005", f"'{step.name}' operator: a whole number that is not negative is expected", step.at)
    return int(found.value)


def ordered(table: Table, keys: list[Ordered], environment: Environment, operator: str) -> list[Any]:
    """Rows in an order. Nulls come first when it ascends, unless it says otherwise."""
    rows = table.rows
    for key in reversed(keys):
        compiler = Compiler(table.columns, environment, operator)
        value = compiler.compile(key.value)
        if value.type == "dynamic":
            raise compiler.fail("SEM0071", "the key of an order cannot be of type dynamic; use an explicit cast", key.at)
        source = compiler.body("def stage(r):\n", f"    return {value.source}\n", "    ")
        read = compiler.function(source)
        first = key.nulls_first if key.nulls_first is not None else not key.descending
        marked = [(read(row), row) for row in rows]
        absent = [row for one, row in marked if one is None or one != one]
        filled = [pair for pair in marked if pair[0] is not None and pair[0] == pair[0]]
        filled.sort(key=itemgetter(0), reverse=key.descending)
        kept = [row for _, row in filled]
        rows = absent + kept if first else kept + absent
    return rows


def _sort(step: Operator, table: Table, environment: Environment) -> Table:
    return Table(table.columns, ordered(table, step.args["keys"], environment, step.name))


def _top(step: Operator, table: Table, environment: Environment) -> Table:
    count = _number(step, step.args["count"], environment)
    return Table(table.columns, ordered(table, step.args["keys"], environment, "top")[:count])


def _take(step: Operator, table: Table, environment: Environment) -> Table:
    return Table(table.columns, table.rows[: _number(step, step.args["count"], environment)])


def _sample(step: Operator, table: Table, environment: Environment) -> Table:
    count = _number(step, step.args["count"], environment)
    return Table(table.columns, random.sample(table.rows, min(count, len(table.rows))))


def _count(_step: Operator, table: Table, _environment: Environment) -> Table:
    return Table([("Count", "long")], [(len(table.rows),)])


def _distinct(step: Operator, table: Table, environment: Environment) -> Table:
    items: list[Named] = step.args["items"]
    if not (len(items) == 1 and isinstance(items[0].value, Star)):
        table = _project(step, table, environment)
    if any(kind == "dynamic" for _, kind in table.columns):
        seen: dict[Any, Any] = {}
        for row in table.rows:
            seen.setdefault(tuple(map(values.key, row)), row)
        return Table(table.columns, list(seen.values()))
    return Table(table.columns, list(dict.fromkeys(table.rows)))


def _schema(_step: Operator, table: Table, _environment: Environment) -> Table:
    dotnet = {"bool": "SByte", "int": "Int32", "long": "Int64", "real": "Double", "decimal": "Data.SqlTypes.SqlDecimal",
              "datetime": "DateTime", "timespan": "TimeSpan", "guid": "Guid", "dynamic": "Object", "string": "String"}  # fmt: skip
    columns = [("ColumnName", "string"), ("ColumnOrdinal", "int"), ("DataType", "string"), ("ColumnType", "string")]
    rows = [(name, place, f"System.{dotnet[kind]}", kind) for place, (name, kind) in enumerate(table.columns)]
    return Table(columns, rows)


def _render(step: Operator, table: Table, environment: Environment) -> Table:
    environment.render = step.args["render"]
    return table


def _as(step: Operator, table: Table, environment: Environment) -> Table:
    environment.lets[step.args["name"]] = table
    return table


# --- sources ---------------------------------------------------------------------------------------------------------------
def _print(step: Operator, environment: Environment) -> Table:
    items: list[Named] = step.args["items"]
    compiler = Compiler([], environment, "print")
    columns: list[Column] = []
    sources: list[str] = []
    for place, item in enumerate(items):
        found = _spread(item, compiler.compile(item.value), compiler)
        for name, value in zip(item.names or [f"print_{place}"], found, strict=True):
            columns.append((free(name, {one for one, _ in columns}), value.type))
            sources.append(value.source)
    return Table(columns, _mapped(compiler, [()], f"({', '.join(sources)},)"))


def _range(step: Operator, environment: Environment) -> Table:
    compiler = Compiler([], environment, "range")
    start, stop, by = (compiler.compile(step.args[word]) for word in ("from", "to", "step"))
    if not all(part.constant and part.value is not None for part in (start, stop, by)):
        raise compiler.fail("SEM0074", "the ends and the step have to be constants", step.at)
    kind = (
        start.type
        if start.type == "datetime" or start.type == "timespan"
        else "real"
        if "real" in (start.type, by.type)
        else "long"
    )
    fits = (stop.type == kind and by.type == "timespan") if kind in ("datetime", "timespan") else all(
        part.type in values.NUMBERS for part in (start, stop, by)
    )  # fmt: skip
    if not fits:
        raise compiler.fail("SEM0074", "the ends and the step have to fit each other", step.at)
    if not by.value or (stop.value - start.value) / by.value < 0:
        return Table([(step.args["name"], kind)], [])
    count = int((stop.value - start.value) // by.value) + 1
    if count > MOST_ROWS:
        raise TooMuch(f"more than {MOST_ROWS:,} rows")
    first = float(start.value) if kind == "real" else start.value
    return Table([(step.args["name"], kind)], [(first + by.value * place,) for place in range(count)])


def _datatable(step: Operator, environment: Environment) -> Table:
    columns: list[Column] = step.args["columns"]
    cells = step.args["values"]
    compiler = Compiler([], environment, "datatable")
    if not columns or len(cells) % len(columns):
        raise compiler.fail("SEM0042", "the number of values is not a multiple of the number of columns", step.at)
    found: list[Any] = []
    for place, cell in enumerate(cells):
        kind = columns[place % len(columns)][1]
        value = compiler.compile(cell)
        if value.value is None or (value.type in values.NUMBERS and kind in values.NUMBERS):
            found.append(values.null(kind) if value.value is None else values.CASTS[kind](value.value))
        else:
            found.append(
                compiler.convert(value, kind, cell.at).value if kind != "dynamic" or value.type != "string" else value.value
            )
    width = len(columns)
    return Table(columns, [tuple(found[place : place + width]) for place in range(0, len(found), width)])


def _later(name: str, module: str = "combining") -> Apply:
    def run(step: Operator, table: Table, environment: Environment) -> Table:
        import importlib

        found: Table = getattr(importlib.import_module(f"azlabs.simulator.kql.{module}"), name)(step, table, environment)
        return found

    return run


_OPERATORS: dict[str, Apply] = {
    "where": _where, "extend": _extend, "serialize": _extend, "project": _project, "project-away": _away, "project-keep": _keep,
    "project-reorder": _reorder, "project-rename": _rename, "sort": _sort, "top": _top, "take": _take, "sample": _sample, "count": _count,
    "distinct": _distinct, "getschema": _schema, "render": _render, "as": _as, "summarize": _later("summarize", "summarizing"),
    "join": _later("join"), "lookup": _later("join"), "union": _later("union"), "search": _later("search"),
    "mv-expand": _later("expand", "unfolding"), "parse": _later("parse", "unfolding"), "parse-where": _later("parse", "unfolding"),
}  # fmt: skip
