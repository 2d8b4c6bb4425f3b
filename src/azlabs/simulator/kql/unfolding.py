"""`mv-expand` and `parse`: rows out of arrays, columns out of texts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlabs.simulator.kql import values
from azlabs.simulator.kql.compiler import Column, Compiler
from azlabs.simulator.kql.errors import KqlError, NotModelled, TooMuch
from azlabs.simulator.kql.evaluator import MOST_ROWS, Table
from azlabs.simulator.kql.operators import column_names
from azlabs.simulator.kql.syntax import Literal, Named, Operator, Star

if TYPE_CHECKING:
    from azlabs.simulator.kql.evaluator import Environment


def expand(step: Operator, table: Table, environment: Environment) -> Table:
    """One row for each value of an array, or for each pair of a bag; one for null, none for what is empty."""
    settings = step.args["settings"]
    kind = settings.get("bagexpansion", settings.get("kind", "bag"))
    if kind not in ("bag", "array"):
        raise KqlError("SEM0004", f"'mv-expand' operator: the kind '{kind}' does not exist", step.at)
    compiler = Compiler(table.columns, environment, "mv-expand")
    columns: list[Column] = list(table.columns)
    items: list[Named] = step.args["items"]
    places: list[int] = []
    sources: list[str] = []
    casts: list[Callable[[Any], Any] | None] = []
    for item in items:
        value = compiler.compile(item.value)
        if value.type != "dynamic":
            raise compiler.fail("SEM0232", f"a value of type dynamic is expected, not {value.type}", item.at)
        sources.append(value.source)
        name = item.names[0] if item.names else column_names([item], set())[0]
        wanted = item.typed or "dynamic"
        casts.append(None if wanted == "dynamic" else _cast(wanted))
        known = [one for one, _ in columns]
        if name in known:
            places.append(known.index(name))
            columns[places[-1]] = (name, wanted)
        else:
            places.append(len(columns))
            columns.append((name, wanted))
    if numbered := settings.get("with_itemindex"):
        columns.append((numbered, "long"))
    most = MOST_ROWS
    if step.args["limit"] is not None:
        limit = compiler.compile(step.args["limit"])
        most = int(limit.value) if limit.constant and limit.value is not None else most
    read = compiler.function(compiler.body("def stage(r):\n", f"    return ({', '.join(sources)},)\n", "    "))
    rows: list[Any] = []
    width = len(columns)
    for row in table.rows:
        lists = [_values(one, kind == "array") for one in read(row)]
        for index in range(min(most, max(map(len, lists)))):
            new = [*row, *[None] * (width - len(row))]
            for place, cast, found in zip(places, casts, lists, strict=True):
                one = found[index] if index < len(found) else None
                new[place] = one if cast is None else cast(one)
            if numbered:
                new[-1] = index
            rows.append(tuple(new))
        if len(rows) > MOST_ROWS:
            raise TooMuch(f"more than {MOST_ROWS:,} rows")
    return Table(columns, rows)


def _cast(kind: str) -> Callable[[Any], Any]:
    """`to typeof(...)` takes values of that type as they are and makes null of others."""
    allowed = {"string": (str,), "bool": (bool,), "real": (int, float), "decimal": (int, float), "long": (int,), "int": (int,)}.get(kind)
    if allowed is None:
        return values.CASTS[kind]
    cast, empty = values.CASTS[kind], values.null(kind)
    return lambda value: cast(value) if isinstance(value, allowed) and (kind == "bool") == isinstance(value, bool) else empty


def _values(value: Any, pairs: bool) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [[name, one] if pairs else {name: one} for name, one in value.items()]
    return [value]


def parse(step: Operator, table: Table, environment: Environment) -> Table:
    """Columns between the fixed pieces of a text. What does not fit leaves them empty; `parse-where` drops the row."""
    kind = step.args["settings"].get("kind", "simple")
    if kind not in ("simple", "relaxed"):
        raise NotModelled(f"parse kind={kind}", step.at)
    compiler = Compiler(table.columns, environment, step.name)
    value = compiler.text(compiler.compile(step.args["value"]), step.at)
    read = compiler.function(compiler.body("def stage(r):\n", f"    return {value.source}\n", "    "))
    parts = step.args["parts"]
    for one, two in itertools.pairwise(parts):
        if not isinstance(one, Literal) and not isinstance(two, Literal):
            raise NotModelled("parse with two columns without a text between", step.at)
    new: list[Column] = [part for part in parts if isinstance(part, tuple)]
    columns = [column for column in table.columns if column[0] not in {name for name, _ in new}] + new
    kept = [place for place, (name, _) in enumerate(table.columns) if name not in {one for one, _ in new}]
    empty = tuple(values.null(one) for _, one in new)
    rows = []
    for row in table.rows:
        found = _pieces(read(row), parts)
        cells = None if found is None else tuple(values.CASTS[one](text) for text, (_, one) in zip(found, new, strict=True))
        if cells is not None and kind == "simple" and any(cell is None for cell in cells):
            cells = None
        if cells is None and step.name == "parse-where":
            continue
        rows.append((*(row[place] for place in kept), *(empty if cells is None else cells)))
    return Table(columns, rows)


def _pieces(text: str, parts: list[Any]) -> list[str] | None:
    """The texts of the columns; None where the fixed pieces are not there."""
    found: list[str] = []
    place = 0
    waiting: Any = None
    for number, part in enumerate(parts):
        if not isinstance(part, Literal):
            waiting = part
            continue
        fixed = str(part.value)
        if number == len(parts) - 1:
            at = len(text) - len(fixed)
            if at < place or not text.endswith(fixed):
                return None
        else:
            at = text.find(fixed, place)
        if at < 0 or (waiting is None and at != place):
            return None
        if isinstance(waiting, tuple):
            found.append(text[place:at])
        place, waiting = at + len(fixed), None
    if isinstance(waiting, tuple):
        found.append(text[place:])
    elif not isinstance(waiting, Star) and place != len(text):
        return None
    return found
