"""Queries over plain lists of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from azlabs.simulator.kql import times
from azlabs.simulator.kql.evaluator import Filter, Table, run
from azlabs.simulator.kql.values import answered

NOW = 1_700_000_000.0
START = times.parse_time("2023-11-14T12:00:00Z") or 0


class Rows:
    """A table; notes what it was asked for."""

    def __init__(self, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> None:
        self.columns, self.rows = list(columns), list(rows)
        self.asked: list[tuple[list[str], list[Filter], int | None]] = []

    def read(self, names: Sequence[str], filters: Sequence[Filter], limit: int | None) -> list[tuple[Any, ...]]:
        self.asked.append((list(names), list(filters), limit))
        places = [[name for name, _ in self.columns].index(name) for name in names]
        return [tuple(row[place] for place in places) for row in self.rows]


class Tables:
    """A database of them."""

    def __init__(self, **tables: Rows) -> None:
        self.tables = tables

    def table(self, name: str) -> Rows | None:
        return self.tables.get(name)

    def names(self) -> Iterable[str]:
        return list(self.tables)


def _seconds(count: int) -> int:
    return START + count * times.SECOND


CALLS = Rows(
    [("At", "datetime"), ("Name", "string"), ("Ms", "real"), ("Ok", "bool"), ("Code", "long"), ("Bag", "dynamic")],
    [
        (_seconds(0), "GET /a", 10.0, True, 200, {"id": "x1", "n": 1, "tags": ["a", "b"]}),
        (_seconds(30), "GET /a", 30.0, True, 200, {"id": "x2", "n": 2, "tags": []}),
        (_seconds(70), "GET /b", 20.0, False, 500, {"id": "x1", "n": None}),
        (_seconds(130), "POST /a", None, None, 201, None),
        (_seconds(190), "", 40.0, True, 200, {"id": "x3", "inner": {"deep": [5, 6]}}),
    ],
)
PEOPLE = Rows([("Id", "string"), ("Age", "long")], [("x1", 30), ("x2", 40), ("x2", 41), ("x9", 50)])


def tables() -> Tables:
    return Tables(Calls=CALLS, People=PEOPLE)


def ask(text: str, database: Tables | None = None) -> Table:
    """The only table of a query."""
    (found,) = run(text, database or tables(), NOW).tables
    return found


def rows(text: str, database: Tables | None = None) -> list[tuple[Any, ...]]:
    """Rows as an answer has them."""
    table = ask(text, database)
    ready = [answered(kind) for _, kind in table.columns]
    return [tuple(cell if make is None else make(cell) for make, cell in zip(ready, row, strict=True)) for row in table.rows]


def value(expression: str) -> Any:
    """What `print` of an expression gives."""
    return rows(f"print {expression}")[0][0]


def columns(text: str) -> list[tuple[str, str]]:
    """Names and types of the columns of a query."""
    return ask(text).columns
