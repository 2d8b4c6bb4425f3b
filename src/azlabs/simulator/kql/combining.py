"""Operators over several tables: union, join, lookup, search."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from azlabs.simulator.kql import texts, values
from azlabs.simulator.kql.compiler import Column, Compiler, Typed
from azlabs.simulator.kql.errors import KqlError, NotModelled, TooMuch
from azlabs.simulator.kql.evaluator import MOST_ROWS, Table, Wanted
from azlabs.simulator.kql.syntax import Binary, Literal, Member, Name, Node, Operator

if TYPE_CHECKING:
    from azlabs.simulator.kql.evaluator import Environment


# --- union -----------------------------------------------------------------------------------------------------------------
def union(step: Operator, first: Table | None, environment: Environment, wanted: Wanted | None = None) -> Table:
    """All rows of several tables."""
    settings = step.args["settings"]
    if settings.get("kind") == "inner" and wanted is not None:
        wanted = Wanted(None, wanted.filters)
    parts: list[tuple[str, Table]] = [("union_arg0", first)] if first is not None else []
    for node in step.args["tables"]:
        parts += _parts(node, settings, environment, wanted, len(parts))
    if not parts:
        raise KqlError("SEM0100", "'union' operator: none of the tables exists", step.at)
    return united(parts, settings.get("kind", "outer"), settings.get("withsource", ""), step)


def _parts(
    node: Node, settings: dict[str, str], environment: Environment, wanted: Wanted | None, number: int
) -> list[tuple[str, Table]]:
    if isinstance(node, Name) and "*" in node.name:
        return [(name, environment.read_table(name, node.at, wanted)) for name in environment.matching(node.name)]
    if isinstance(node, Name):
        if settings.get("isfuzzy") == "true" and not environment.has_table(node.name):
            return []
        return [(node.name, environment.run(node, wanted))]
    return [(f"union_arg{number}", environment.run(node, wanted))]


def united(parts: list[tuple[str, Table]], kind: str, source: str, step: Operator) -> Table:
    """Columns by name and type; the same name with another type becomes name_type."""
    kinds: dict[str, list[str]] = {}
    for _, table in parts:
        for name, one in table.columns:
            if one not in kinds.setdefault(name, []):
                kinds[name].append(one)
    if kind == "inner":
        shared = set.intersection(*({name for name, _ in table.columns} for _, table in parts))
        kinds = {name: found for name, found in kinds.items() if name in shared}
    elif kind != "outer":
        raise KqlError("SEM0004", f"'union' operator: the kind '{kind}' does not exist", step.at)
    columns: list[Column] = [(source, "string")] if source else []
    for name, found in kinds.items():
        columns += [(name if len(found) == 1 else f"{name}_{one}", one) for one in found]
    rows: list[Any] = []
    for label, table in parts:
        own = {
            (name if len(kinds.get(name, "x")) == 1 else f"{name}_{one}", one): place
            for place, (name, one) in enumerate(table.columns)
        }
        if [own.get(column) for column in columns] == list(range(len(table.columns))):
            rows += table.rows
            continue
        pieces = [f"r[{own[column]}]" if column in own else "label" if column == (source, "string") else repr(values.null(column[1]))
                  for column in columns]  # fmt: skip
        compiler = Compiler([], _NOTHING, "union")
        compiler.names["label"] = label
        rows += compiler.function(f"def stage(rows):\n    return [({', '.join(pieces)}{',' * bool(pieces)}) for r in rows]\n")(table.rows)
        if len(rows) > MOST_ROWS:
            raise TooMuch(f"more than {MOST_ROWS:,} rows")
    return Table(columns, rows)


_NOTHING: Any = None


# --- join ------------------------------------------------------------------------------------------------------------------
_KINDS = {
    "": "innerunique", "anti": "leftanti", "leftantisemi": "leftanti", "rightantisemi": "rightanti",
    **{kind: kind for kind in ("innerunique", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "rightsemi")},
    "leftanti": "leftanti", "rightanti": "rightanti",
}  # fmt: skip
_ABSENT: list[Any] = []


def _place(table: Table, name: str, step: Operator, side: str) -> int:
    for place, (column, _) in enumerate(table.columns):
        if column == name:
            return place
    raise KqlError("SEM0100", f"'{step.name}' operator: Failed to resolve column named '{name}' on the {side} side", step.at)


def _sides(node: Node, step: Operator) -> tuple[str, str]:
    if isinstance(node, Name):
        return node.name, node.name
    if isinstance(node, Binary) and node.op == "==":
        found: dict[str, str] = {}
        for one in (node.left, node.right):
            if isinstance(one, Member) and isinstance(one.base, Name) and one.base.name in ("$left", "$right"):
                found[one.base.name] = one.name
        if len(found) == 2:
            return found["$left"], found["$right"]
    raise KqlError("SEM0043", f"'{step.name}' operator: a condition is a column, or $left.column == $right.column", step.at)


def _key(places: list[int]) -> Callable[[Any], Any]:
    return itemgetter(*places)


def join(step: Operator, left: Table, environment: Environment) -> Table:
    """join and lookup."""
    lookup = step.name == "lookup"
    given = step.args["settings"].get("kind", "leftouter" if lookup else "")
    kind = _KINDS.get(given)
    if kind is None or (lookup and kind not in ("leftouter", "inner")):
        raise KqlError("SEM0004", f"'{step.name}' operator: the kind '{given}' does not exist", step.at)
    needed = environment.needed
    right = environment.run(step.args["right"], None if needed is None else Wanted(needed))
    pairs = [_sides(node, step) for node in step.args["on"]]
    mine = [_place(left, one, step, "left") for one, _ in pairs]
    other = [_place(right, one, step, "right") for _, one in pairs]
    for one, two in zip(mine, other, strict=True):
        kinds = left.columns[one][1], right.columns[two][1]
        whole = {"int", "long"}
        if kinds[0] != kinds[1] and not set(kinds) <= whole:
            raise KqlError("SEM0025", f"'{step.name}' operator: the keys '{left.columns[one][0]}' ({kinds[0]}) and "
                           f"'{right.columns[two][0]}' ({kinds[1]}) have different types", step.at)  # fmt: skip
        if "dynamic" in kinds:
            raise KqlError(
                "SEM0026",
                f"'{step.name}' operator: the key '{left.columns[one][0]}' is of type dynamic; use an explicit cast",
                step.at,
            )
    rows = _joined(kind, left, right, _key(mine), _key(other), len(mine))
    if kind in ("leftsemi", "leftanti"):
        return Table(left.columns, rows)
    if kind in ("rightsemi", "rightanti"):
        return Table(right.columns, rows)
    return _both(left, right, rows, set(other) if lookup else set())


def _both(left: Table, right: Table, rows: list[Any], dropped: set[int]) -> Table:
    from azlabs.simulator.kql.operators import free

    columns = list(left.columns)
    taken = {name for name, _ in columns}
    kept = [place for place in range(len(right.columns)) if place not in dropped]
    for place in kept:
        name = free(right.columns[place][0], taken)
        taken.add(name)
        columns.append((name, right.columns[place][1]))
    if dropped:
        width = len(left.columns)
        places = [*range(width), *(width + place for place in kept)]
        rows = [tuple(row[place] for place in places) for row in rows]
    return Table(columns, rows)


def _complete(key: Any, several: bool) -> bool:
    """Nulls equal nothing."""
    return None not in key if several else key is not None


def _joined(
    kind: str, left: Table, right: Table, mine: Callable[[Any], Any], other: Callable[[Any], Any], width: int
) -> list[Any]:
    several = width > 1
    if kind in ("leftsemi", "leftanti"):
        known = {key for key in map(other, right.rows) if _complete(key, several)}
        return [row for row in left.rows if (mine(row) in known) == (kind == "leftsemi")]
    if kind in ("rightsemi", "rightanti"):
        known = {key for key in map(mine, left.rows) if _complete(key, several)}
        return [row for row in right.rows if (other(row) in known) == (kind == "rightsemi")]
    by_key: dict[Any, list[Any]] = {}
    for row in right.rows:
        by_key.setdefault(other(row), []).append(row)
    rows: list[Any] = []
    seen: set[Any] = set()
    nothing_right = tuple(values.null(one) for _, one in right.columns)
    nothing_left = tuple(values.null(one) for _, one in left.columns)
    for row in left.rows:
        key = mine(row)
        if kind == "innerunique":
            if key in seen:
                continue
            seen.add(key)
        partners = by_key.get(key, _ABSENT) if _complete(key, several) else _ABSENT
        if partners:
            if kind != "innerunique":
                seen.add(key)
            rows += [row + partner for partner in partners]
        elif kind in ("leftouter", "fullouter"):
            rows.append(row + nothing_right)
        if len(rows) > MOST_ROWS:
            raise TooMuch(f"more than {MOST_ROWS:,} rows")
    if kind in ("rightouter", "fullouter"):
        for row in right.rows:
            if other(row) not in seen:
                rows.append(nothing_left + row)
    return rows


# --- search ----------------------------------------------------------------------------------------------------------------
class _Searching(Compiler):
    """A text alone is looked for in all columns."""

    def condition(self, node: Node) -> Typed:
        if isinstance(node, Literal) and node.type == "string":
            shown = [(place, values.TO_TEXT[kind]) for place, (_, kind) in enumerate(self.columns)]
            test = _test(str(node.value))

            def found(row: Any) -> bool:
                return any(test(text(row[place])) for place, text in shown)

            return self.emit(f"{self.bind(found)}(r)", "bool", True)
        if isinstance(node, Name) and node.name not in self.places:
            raise self.fail("SEM0100", f"Failed to resolve column or scalar expression named '{node.name}'", node.at)
        if isinstance(node, Binary) and isinstance(node.left, Name) and node.left.name not in self.places:
            return self.constant(False, "bool")
        return super().condition(node)


def _test(term: str) -> Callable[[str], bool]:
    bare = term.strip("*")
    if not bare:
        return bool
    if term.startswith("*") and term.endswith("*"):
        return lambda text: bare.lower() in text.lower()
    name = "hassuffix" if term.startswith("*") else "hasprefix" if term.endswith("*") else "has"
    return lambda text: texts.TESTS[name](text, bare)


def search(step: Operator, table: Table | None, environment: Environment) -> Table:
    """Rows in which a text stands, in any column."""
    if step.args["settings"].get("kind") == "case_sensitive":
        raise NotModelled("search kind=case_sensitive", step.at)
    if table is not None:
        return _searched(step, table, environment)
    patterns = [one.name for one in step.args["tables"] if isinstance(one, Name)] or ["*"]
    names = list(dict.fromkeys(name for pattern in patterns for name in environment.matching(pattern)))
    if step.args["tables"] and not names:
        raise KqlError("SEM0100", f"'search' operator: Failed to resolve table named '{patterns[0]}'", step.at)
    parts = [(name, _searched(step, environment.read_table(name, step.at, None), environment)) for name in names]
    return united([part for part in parts if part[1].rows] or parts[:1], "outer", "$table", step)


def _searched(step: Operator, table: Table, environment: Environment) -> Table:
    compiler = _Searching(table.columns, environment, "search")
    test = compiler.condition(step.args["by"])
    if test.constant:
        return Table(table.columns, table.rows if test.value else [])
    source = compiler.body(
        "def stage(rows):\n    out = []\n    for r in rows:\n", f"        if {test.source}: out.append(r)\n    return out\n"
    )
    return Table(table.columns, compiler.function(source)(table.rows))
