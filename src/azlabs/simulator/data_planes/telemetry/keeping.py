"""Rows of telemetry in the simulator's database: written in one piece, cut by age and number, read by column."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.telemetry.components import Component, known
from azlabs.simulator.data_planes.telemetry.tables import BY_TABLE, CLASSIC_DERIVED, DERIVED, Kind, statements
from azlabs.simulator.identity import SUBSCRIPTION_ID
from azlabs.simulator.kql import times
from azlabs.simulator.kql.evaluator import Filter

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.store import Store

MOST_ROWS = 250_000
"""Rows of a table, of all workspaces together; the oldest fall out."""
MOST_BYTES = 512 * 1024 * 1024
SWEEP_EVERY = 2_000
Rows = list[tuple[Any, ...]]


def prepare(store: Store) -> None:
    """Make the tables, unless they are there."""
    with store.writing():
        for statement in statements():
            store.sql.execute(statement)


def _made(store: Store) -> bool:
    return store.sql.execute("SELECT 1 FROM sqlite_master WHERE name='telemetry_sources'").fetchone() is not None


def source_number(store: Store, component: Component) -> int:
    """The number of a component with its workspace, for rows to carry."""
    given = (component.id, component.workspace, component.ikey, component.app, component.name)
    find = "SELECT number FROM telemetry_sources WHERE component=? AND workspace=? AND ikey=?"
    row = store.sql.execute(find, given[:3]).fetchone()
    if row is None:
        store.sql.execute("INSERT INTO telemetry_sources (component, workspace, ikey, app, name) VALUES (?,?,?,?,?)", given)
        row = store.sql.execute(find, given[:3]).fetchone()
    return int(row[0])


def keep(simulator: Simulator, items: Iterable[tuple[Component, Kind, list[Any], int]]) -> None:
    """Write (component, kind, values, size) in one transaction."""
    store = simulator.store
    with store.writing():
        if not _made(store):
            prepare(store)
        numbers: dict[str, int] = {}
        batches: dict[Kind, list[list[Any]]] = {}
        for component, kind, row, size in items:
            number = numbers.get(component.ikey)
            if number is None:
                number = numbers[component.ikey] = source_number(store, component)
            batches.setdefault(kind, []).append([number, size, *row])
        for kind, rows in batches.items():
            names = ", ".join(f'"{name}"' for name, *_ in kind.fields)
            marks = ",".join("?" * (len(kind.fields) + 2))
            table = f"telemetry_{kind.table}"
            before = _last(store, table)
            store.sql.executemany(f"INSERT INTO {table} (_source, _size, {names}) VALUES ({marks})", rows)
            if before // SWEEP_EVERY != _last(store, table) // SWEEP_EVERY:
                _sweep(simulator, table)


def _last(store: Store, table: str) -> int:
    return int(store.sql.execute(f"SELECT coalesce(max(_number), 0) FROM {table}").fetchone()[0])


def _sweep(simulator: Simulator, table: str) -> None:
    """Delete what is too old, what belongs to a workspace that is gone, and the oldest of too many."""
    execute = simulator.store.sql.execute
    now = times.from_seconds(simulator.clock.now())
    for number, workspace in execute("SELECT number, workspace FROM telemetry_sources").fetchall():
        execute(
            f'DELETE FROM {table} WHERE _source=? AND "TimeGenerated"<?', (number, now - _days(simulator, workspace) * times.DAY)
        )
    last = _last(simulator.store, table)
    execute(f"DELETE FROM {table} WHERE _number<=?", (last - MOST_ROWS,))
    while int(execute(f"SELECT coalesce(sum(_size), 0) FROM {table}").fetchone()[0]) > MOST_BYTES:
        execute(f"DELETE FROM {table} WHERE _number IN (SELECT _number FROM {table} ORDER BY _number LIMIT {SWEEP_EVERY})")


def _days(simulator: Simulator, workspace: str) -> int:
    from azlabs.simulator.data_planes.telemetry.components import RETENTION_DAYS

    found = known(simulator).workspaces.get(workspace)
    return found.days if found is not None else RETENTION_DAYS


def taken_in(store: Store, *, since: int, component: str = "", workspace: str = "") -> int:
    """Bytes that a component or a workspace took in since a moment (ticks)."""
    if not _made(store):
        return 0
    which, value = ("component", component) if component else ("workspace", workspace)
    parts = [
        f"(SELECT coalesce(sum(_size), 0) FROM telemetry_{table} WHERE _source IN (SELECT number FROM telemetry_sources WHERE {which}=?1) "
        'AND "TimeGenerated">=?2)'
        for table in BY_TABLE
    ]
    return int(store.sql.execute(f"SELECT {' + '.join(parts)}", (value, since)).fetchone()[0])


# --- reading ---------------------------------------------------------------------------------------------------------------
def _json(text: str | None) -> Any:
    return json.loads(text) if text else None


_BOOLS: dict[Any, bool | None] = {None: None, 0: False, 1: True}
_TEXT_BOOLS = {None: "", 0: "False", 1: "True"}


class Stored:
    """A table for queries: the rows of some sources, by the names of a workspace or of a component."""

    def __init__(
        self,
        simulator: Simulator,
        kind: Kind,
        classic: bool,
        where: tuple[str, Sequence[str]],
        span: tuple[int | None, int | None],
    ) -> None:
        self._simulator, self._kind, self._classic, self._where, self._span = simulator, kind, classic, where, span
        self._columns = kind.classic_columns if classic else kind.columns
        self.columns = [(name, one) for name, (_, one) in self._columns.items()]

    def read(self, names: Sequence[str], filters: Sequence[Filter], limit: int | None) -> Rows:
        """Rows with these columns."""
        store = self._simulator.store
        if not _made(store):
            return []
        column, wanted = self._where
        marks = ",".join("?" * len(wanted))
        sources = {
            row[0]: row
            for row in store.sql.execute(
                f"SELECT number, component, workspace, ikey, app, name FROM telemetry_sources WHERE {column} IN ({marks})",
                list(wanted),
            )
        }
        if not sources:
            return []
        conditions, values = self._conditions(filters)
        oldest = times.from_seconds(self._simulator.clock.now())
        each = " OR ".join('(_source=? AND "TimeGenerated">=?)' for _ in sources)
        for number, row in sources.items():
            values += [number, oldest - _days(self._simulator, row[2]) * times.DAY]
        picked = [self._sql(name) for name in names] or ["1"]
        where = " AND ".join([*conditions, f"({each})"])
        text = f"SELECT {', '.join(picked)} FROM telemetry_{self._kind.table} WHERE {where} ORDER BY _number LIMIT ?"
        values.append(-1 if limit is None else limit)
        rows: Rows = store.sql.execute(text, values).fetchall()
        return self._finished(names, rows, sources) if names else [()] * len(rows)

    def _sql(self, name: str) -> str:
        stored = self._columns[name][0]
        if stored in DERIVED or stored in CLASSIC_DERIVED:
            return {"_BilledSize": "_size", "itemId": "_number"}.get(stored, "_source")
        return f'"{stored}"'

    def _conditions(self, filters: Sequence[Filter]) -> tuple[list[str], list[Any]]:
        found, values = ["1"], []
        for op, moment in zip((">=", "<"), self._span, strict=True):
            if moment is not None:
                found.append(f'"TimeGenerated"{op}?')
                values.append(moment)
        for one in filters:
            stored, kind = self._columns[one.column]
            if (
                stored in DERIVED
                or stored in CLASSIC_DERIVED
                or kind not in ("datetime", "string")
                or (kind == "string") != isinstance(one.value, str)
            ):
                continue
            if kind == "string" and stored == "Success":
                continue
            found.append(f'"{stored}"{"=" if one.op == "==" else one.op}?')
            values.append(one.value)
        return found, values

    def _finished(self, names: Sequence[str], rows: Rows, sources: dict[int, Any]) -> Rows:
        pieces: list[str] = []
        scope: dict[str, Any] = {"J": _json, "B": _BOOLS, "T": _TEXT_BOOLS, "rows": rows}
        plain = True
        for place, name in enumerate(names):
            stored, kind = self._columns[name]
            piece = f"r[{place}]"
            if stored in DERIVED or stored in CLASSIC_DERIVED:
                scope[f"D{place}"] = self._derived(stored, sources)
                piece = f"D{place}({piece})"
            elif kind == "dynamic":
                piece = f"J({piece})"
            elif kind == "bool":
                piece = f"B[{piece}]"
            elif stored == "Success":
                piece = f"T[{piece}]"
            plain = plain and piece == f"r[{place}]"
            pieces.append(piece)
        if plain:
            return rows
        made: Rows = eval(f"[({', '.join(pieces)},) for r in rows]", scope)
        return made

    def _derived(self, name: str, sources: dict[int, Any]) -> Callable[[Any], Any]:
        if name == "_BilledSize":
            return float
        if name == "itemId":
            return lambda number: f"{number:032x}"
        facts = {number: self._fact(name, row) for number, row in sources.items()}
        return facts.__getitem__

    def _fact(self, name: str, source: Any) -> Any:
        _, component, workspace, ikey, app, title = source
        owner = known(self._simulator).workspaces.get(workspace)
        fixed = {
            "TenantId": owner.customer if owner is not None else "", "ResourceGUID": app, "IKey": ikey, "iKey": ikey, "appId": app,
            "appName": component, "SourceSystem": "Azure", "Type": self._kind.table, "_ResourceId": component.lower(),
            "_SubscriptionId": SUBSCRIPTION_ID, "_IsBillable": "True", "itemType": self._kind.item_type, "name": title,
        }  # fmt: skip
        return fixed[name]
