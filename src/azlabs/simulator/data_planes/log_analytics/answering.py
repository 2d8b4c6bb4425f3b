"""One query from request to answer, whatever the address it came to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.log_analytics.places import Place, span_of
from azlabs.simulator.data_planes.telemetry.components import Component, known, named
from azlabs.simulator.kql import values
from azlabs.simulator.kql.errors import KqlError, NotModelled, TooMuch
from azlabs.simulator.kql.evaluator import Result, Table, run

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.tokens import Principal

MOST_ROWS = 500_000
"""Rows of an answer, as the query API has it; above, the answer is partial."""
COMPONENT_ACTION = "Microsoft.Insights/components/query/read"
WORKSPACE_ACTION = "Microsoft.OperationalInsights/workspaces/query/{table}/read"
RESOURCE_ACTION = "Microsoft.Insights/logs/{table}/read"


class QueryRefused(Exception):
    """The answer is an error in the shape of the query API."""

    def __init__(self, status: int, code: str, message: str, inner: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.inner = status, code, message, inner

    def body(self) -> dict[str, Any]:
        """{"error": {"message", "code", "correlationId", "innererror"?}}."""
        error: dict[str, Any] = {"message": self.message, "code": self.code, "correlationId": str(uuid.uuid4())}
        if self.inner is not None:
            error["innererror"] = self.inner
        return {"error": error}


def bad(code: str, message: str) -> QueryRefused:
    """400: the request itself is wrong."""
    return QueryRefused(400, "BadArgumentError", "The request had some invalid properties", {"code": code, "message": message})


def wrong_query(problem: KqlError) -> QueryRefused:
    """What is wrong with a query, and where."""
    if isinstance(problem, NotModelled) or problem.code == "NotModelledBySimulator":
        return QueryRefused(501, "NotModelledBySimulator", problem.message)
    inner: dict[str, Any] = {"code": problem.code, "message": problem.shown}
    if problem.line:
        inner |= {"line": problem.line, "pos": problem.pos}
    if problem.token:
        inner["token"] = problem.token
    outer = {"code": problem.kind, "message": problem.summary, "innererror": inner}
    if isinstance(problem, TooMuch):
        return QueryRefused(400, "BadArgumentError", problem.message, outer)
    return QueryRefused(400, "BadArgumentError", "The request had some invalid properties", outer)


class Asked:
    """What a request says: query, time span, further workspaces, preferences."""

    def __init__(self, given: Any, headers: Mapping[str, str], now: float) -> None:
        if not isinstance(given, dict):
            raise bad("InvalidJsonBody", "The body has to be a JSON object.")
        query = given.get("query")
        if not isinstance(query, str) or not query.strip():
            raise bad("QueryMissing", "The query is missing or empty.")
        self.query = query
        timespan = given.get("timespan")
        if timespan is not None and not isinstance(timespan, str):
            raise bad("InvalidTimespan", "The timespan has to be an ISO 8601 duration or interval.")
        found = span_of(timespan, now) if timespan else (None, None)
        if found is None:
            raise bad("InvalidTimespan", f"The timespan '{str(timespan)[:100]}' is not an ISO 8601 duration or interval.")
        self.span = found
        more = given.get("workspaces") or given.get("workspaceIds") or given.get("applications") or []
        if not isinstance(more, list) or not all(isinstance(one, str) for one in more):
            raise bad("InvalidWorkspaces", "Further workspaces are a list of texts.")
        self.more: list[str] = more
        prefer = str(headers.get("prefer", "")).lower()
        self.statistics, self.render = "include-statistics=true" in prefer, "include-render=true" in prefer


class Asker:
    """Who asks; `everything` for the token that every host accepts. The subscription's owner may all that is an action."""

    def __init__(self, simulator: Simulator, principal: Principal, everything: bool) -> None:
        self.simulator, self.principal, self.everything = simulator, principal, everything

    def may(self, action: str, scope: str) -> bool:
        """May the asker do this there?"""
        if self.everything or self.principal.owner:
            return True
        from azlabs.simulator.providers.authorization.table import access_table

        decision = access_table(self.simulator.store).can(self.principal.object_id, action, scope)
        return bool(decision.allowed) and decision.denied_by is None

    def need(self, action: str, scope: str) -> None:
        """Raise 403 unless the asker may."""
        if not self.may(action, scope):
            raise QueryRefused(
                403,
                "InsufficientAccessError",
                "The provided credentials have insufficient access to perform the requested operation",
            )


# --- where -----------------------------------------------------------------------------------------------------------------
def in_workspace(asker: Asker, name: str, asked: Asked) -> Place:
    """A workspace and the further ones that the request names."""
    simulator = asker.simulator
    found = []
    for one in (name, *asked.more):
        workspace = named(simulator, one)
        if workspace is None:
            raise QueryRefused(404, "WorkspaceNotFoundError", f"The workspace '{one[:200]}' could not be found")
        asker.need("Microsoft.OperationalInsights/workspaces/query/read", workspace.id)
        if not workspace.queries:
            raise QueryRefused(403, "InsufficientAccessError", "Queries from public networks are disabled for this workspace.")
        found.append(workspace)
    return Place(
        simulator, "workspace", [one.key for one in found], False, asked.span, WORKSPACE_ACTION, [one.id for one in found]
    )


def in_component(asker: Asker, component: Component | None, asked: Asked) -> Place:
    """The tables of a component under its own names."""
    if component is None:
        raise QueryRefused(404, "ApplicationNotFoundError", "The application could not be found")
    asker.need(COMPONENT_ACTION, component.id)
    if not component.queries:
        raise QueryRefused(403, "InsufficientAccessError", "Queries from public networks are disabled for this application.")
    found = [component.id]
    for one in asked.more:
        other = known(asker.simulator).apps.get(one.lower())
        if other is None:
            raise QueryRefused(404, "ApplicationNotFoundError", f"The application '{one[:200]}' could not be found")
        asker.need(COMPONENT_ACTION, other.id)
        found.append(other.id)
    return Place(asker.simulator, "component", found, True, asked.span, "", ())


def in_resource(asker: Asker, resource_id: str, asked: Asked) -> Place:
    """The logs of a resource: a component's in the tables of its workspace, a workspace's all."""
    simulator = asker.simulator
    key = "/" + resource_id.strip("/").lower()
    if (workspace := known(simulator).workspaces.get(key)) is not None:
        return in_workspace(asker, workspace.key, asked)
    row = simulator.store.get(key)
    if row is None:
        raise QueryRefused(404, "ResourceNotFoundError", f"The resource '{resource_id[:300]}' could not be found")
    return Place(simulator, "component", [row.id], False, asked.span, RESOURCE_ACTION, [row.id])


# --- answer ----------------------------------------------------------------------------------------------------------------
def answer(asker: Asker, place: Place, asked: Asked) -> dict[str, Any]:
    """{"tables": [...], "statistics"?, "render"?, "error"?}. Raises QueryRefused."""
    import time

    begun = time.perf_counter()
    try:
        result = run(asked.query, place, asker.simulator.clock.now())
    except KqlError as problem:
        raise wrong_query(problem) from None
    for table in sorted(result.read) if place.permission else ():
        for scope in place.scopes:
            asker.need(place.permission.format(table=table), scope)
    found: dict[str, Any] = {"tables": [_shown(place_, table) for place_, table in enumerate(result.tables)]}
    if asked.render:
        found["render"] = _render(result)
    if asked.statistics:
        found["statistics"] = _statistics(result, time.perf_counter() - begun)
    if any(len(table.rows) > MOST_ROWS for table in result.tables):
        limit = f"Records limit ({MOST_ROWS}) was exceeded"
        found["error"] = {"code": "PartialError", "message": "There were some errors when processing your query.",
                          "details": [{"code": "EngineError", "message": limit,
                                       "innererror": {"code": "E_QUERY_RESULT_SET_TOO_LARGE", "message": limit}}]}  # fmt: skip
    return found


def _shown(number: int, table: Table) -> dict[str, Any]:
    rows: Sequence[Any] = table.rows[:MOST_ROWS]
    ready = [values.answered(kind) for _, kind in table.columns]
    if any(one is not None for one in ready):
        shown = [[cell if make is None else make(cell) for make, cell in zip(ready, row, strict=True)] for row in rows]
    else:
        shown = [list(row) for row in rows]
    return {
        "name": "PrimaryResult" if number == 0 else f"Table_{number}",
        "columns": [{"name": name, "type": kind} for name, kind in table.columns],
        "rows": shown,
    }


def _render(result: Result) -> dict[str, Any]:
    given = dict(result.render)
    names = ("visualization", "title", "accumulate", "isQuerySorted", "kind", "legend", "series", "xcolumn", "xaxis", "xtitle", "ycolumns",
             "yaxis", "ysplit", "ytitle", "anomalycolumns", "ymin", "ymax")  # fmt: skip
    shown: dict[str, Any] = dict.fromkeys(names)
    for name, text in given.items():
        shown[name] = text.strip("\"'") if isinstance(text, str) else text
    return shown


def _statistics(result: Result, seconds: float) -> dict[str, Any]:
    return {
        "query": {
            "executionTime": round(seconds, 7),
            "resourceUsage": {
                "cache": {"memory": {"hits": 0, "misses": 0, "total": 0}, "disk": {"hits": 0, "misses": 0, "total": 0}},
                "cpu": {"user": values.TO_TEXT["timespan"](round(seconds * 1e7)), "kernel": "00:00:00",
                        "totalCpu": values.TO_TEXT["timespan"](round(seconds * 1e7))},
                "memory": {"peakPerNode": 0},
            },
            "inputDatasetStatistics": {"extents": {"total": len(result.read), "scanned": len(result.read)},
                                       "rows": {"total": result.rows_read, "scanned": result.rows_read}},
            "datasetStatistics": [
                {"tableRowCount": len(table.rows), "tableSize": sum(map(len, table.rows)) * 8} for table in result.tables
            ],
        }
    }  # fmt: skip
