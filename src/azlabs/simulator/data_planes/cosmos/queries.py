"""Queries over a container: which items, how the vectors come in, pages and their continuation."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from azlabs.simulator.data_planes.cosmos import access, charges, plan
from azlabs.simulator.data_planes.cosmos.asking import Asking, answer
from azlabs.simulator.data_planes.cosmos.cache import Cache
from azlabs.simulator.data_planes.cosmos.documents import scope
from azlabs.simulator.data_planes.cosmos.errors import bad, refused
from azlabs.simulator.data_planes.cosmos.indexes import check_order
from azlabs.simulator.data_planes.cosmos.partition import effective, of_header
from azlabs.simulator.data_planes.cosmos.places import Container
from azlabs.simulator.data_planes.cosmos.query.compiler import Compiler, Level
from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.parser import parse
from azlabs.simulator.data_planes.cosmos.query.syntax import (
    Binary,
    Constant,
    Expression,
    Member,
    Name,
    Parameter,
    Query,
)
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED, canonical
from azlabs.simulator.data_planes.cosmos.search import Search
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.resource_manager.errors import Refused

Places = tuple[str | None, tuple[str, str] | None]
LARGEST_PAGE = 4 * 1024 * 1024
KEPT = 8
"""Results of queries that are kept for their further pages."""


def syntax_error(problem: QueryError) -> Refused:
    """A query error as Cosmos DB writes it."""
    if problem.code == "NotModelledBySimulator":
        return refused(501, problem.code, problem.message)
    one: dict[str, Any] = {"severity": "Error"}
    if problem.end:
        one["location"] = {"start": problem.start, "end": problem.end}
    if problem.code:
        one["code"] = problem.code
    return bad("Message: " + json.dumps({"errors": [{**one, "message": problem.message}]}))


_NONE: list[Any] = []


def read_query(asking: Asking) -> tuple[Query, dict[str, Any]]:
    """(query, parameters) of the body. Raises 400."""
    if asking.headers.get("content-type", "").startswith("application/sql"):
        text, given = asking.body.decode("utf-8", "replace"), _NONE
    else:
        body = asking.json()
        body = {"query": body} if isinstance(body, str) else body
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            raise bad('Message: {"Errors":["The query of the request is missing."]}')
        text, given = body["query"], body.get("parameters") or []
    if not isinstance(given, list) or any(not isinstance(one, dict) or "name" not in one for one in given):
        raise bad('Message: {"Errors":["The parameters of the query are invalid."]}')
    try:
        return parse(text), {str(one["name"]): one.get("value", UNDEFINED) for one in given}
    except QueryError as problem:
        raise syntax_error(problem) from None


def query_items(asking: Asking, container: Container) -> Answer:
    """POST of a query, or of a request for its plan."""
    access.require(asking, access.CONTAINER + "executeQuery", scope(container))
    asking.plane.sweep(container, asking.now)
    query, parameters = read_query(asking)
    try:
        if asking.flag("x-ms-cosmos-is-query-plan-request"):
            return _plan(asking, container, query, parameters)
        return _run(asking, container, query, parameters)
    except QueryError as problem:
        raise syntax_error(problem) from None


def _compiled(container: Container, cache: Cache | None, query: Query, parameters: dict[str, Any]) -> tuple[Level, Search]:
    search = Search(container, cache, query)
    level = Compiler(parameters, search.distance).compile(query)
    search.settle(level)
    check_order(container, query)
    return level, search


def _plan(asking: Asking, container: Container, query: Query, parameters: dict[str, Any]) -> Answer:
    descending: list[bool] = []
    if query.rank is None:
        descending = _compiled(container, None, query, parameters)[0].descending
    supported = asking.headers.get("x-ms-cosmos-supported-query-features", "")
    return answer(dumps(plan.make(query, parameters, supported, descending)))


def _pinned(container: Container, query: Query, parameters: dict[str, Any]) -> str | None:
    """The partition key, where the query's condition fixes it."""
    if not query.sources or not isinstance(query.sources[0].value, Name) or query.where is None or query.sources[0].iterates:
        return None
    alias = query.sources[0].alias
    fixed: dict[tuple[str, ...], Any] = {}
    open_parts: list[Expression] = [query.where]
    while open_parts:
        one = open_parts.pop()
        if isinstance(one, Binary) and one.sign == "AND":
            open_parts += [one.left, one.right]
        elif isinstance(one, Binary) and one.sign == "=":
            for path, value in ((one.left, one.right), (one.right, one.left)):
                place = chain(path, alias)
                if place is not None and isinstance(value, Constant | Parameter):
                    fixed[place] = value.value if isinstance(value, Constant) else parameters.get(value.name, UNDEFINED)
    values = [fixed.get(path, UNDEFINED) for path in container.paths]
    return None if any(value is UNDEFINED or isinstance(value, list | dict) for value in values) else canonical(values)


def chain(node: Expression, alias: str) -> tuple[str, ...] | None:
    """The path that an expression names below an alias; None when it is something else."""
    names: list[str] = []
    while isinstance(node, Member):
        if not isinstance(node.name, Constant) or not isinstance(node.name.value, str):
            return None
        names.append(node.name.value)
        node = node.value
    return tuple(reversed(names)) if isinstance(node, Name) and node.name == alias else None


def _places(asking: Asking, container: Container, query: Query, parameters: dict[str, Any]) -> Places:
    """(partition key, range of effective keys) that a request is limited to. Raises 400."""
    header = asking.headers.get("x-ms-documentdb-partitionkey")
    span: tuple[str, str] | None = None
    if "x-ms-start-epk" in asking.headers or "x-ms-end-epk" in asking.headers:
        span = (asking.headers.get("x-ms-start-epk", ""), asking.headers.get("x-ms-end-epk", "FF"))
    if header is not None:
        key = of_header(header, len(container.paths), prefix=True)
        if len(json.loads(key)) == len(container.paths):
            if query.rank is not None:
                raise _needs_plan()
            return key, None
        low = effective(key, True)
        return None, (low, low + "FF")
    if "x-ms-documentdb-partitionkeyrangeid" in asking.headers:
        return None, span or _range(asking, container)
    if span is not None and query.rank is None:
        return None, span
    pinned = _pinned(container, query, parameters)
    if pinned is not None and query.rank is None:
        return pinned, None
    if not asking.flag("x-ms-documentdb-query-enablecrosspartition"):
        raise bad(
            "Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition to true, specify "
            "x-ms-documentdb-partitionkey, or revise your query to avoid this exception."
        )
    if plan.needed(query):
        raise _needs_plan()
    return None, None


def _needs_plan() -> Refused:
    return refused(
        400, "BadRequest",
        "The provided cross partition query can not be directly served by the gateway. This is a first chance (internal) exception that "
        "all newer clients will know how to handle gracefully. This exception is traced, but unless you see it bubble up as an exception "
        "(which only happens on older SDK clients), then you can safely ignore this message.", 1004,
    )  # fmt: skip


def _range(asking: Asking, container: Container) -> tuple[str, str] | None:
    from azlabs.simulator.data_planes.cosmos.resources import bounds

    text = asking.headers["x-ms-documentdb-partitionkeyrangeid"].rpartition(",")[2]
    if container.ranges == 1:
        return None
    if not text.isdecimal() or int(text) >= container.ranges:
        raise refused(410, "Gone", "The requested partition key range is gone.", 1002)
    return bounds(container.ranges, int(text))


def _run(asking: Asking, container: Container, query: Query, parameters: dict[str, Any]) -> Answer:
    key, span = _places(asking, container, query, parameters)
    store = asking.simulator.store
    with store.lock:
        cache = asking.plane.cache(container)
        identity = (asking.body, key, span)
        ready = cache.results.get(identity)
        if ready is None:
            level, search = _compiled(container, cache, query, parameters)
            ready = (level, search, search.rows(store, level, items_of(cache, key, span, container)))
            while len(cache.results) >= KEPT:
                del cache.results[next(iter(cache.results))]
            cache.results[identity] = ready
        level, search, found = ready
        return _page(asking, container, level, search, found, cache)


def items_of(cache: Cache, key: str | None, span: tuple[str, str] | None, container: Container) -> Any:
    """The items of a partition key or range, in the order of their creation."""
    if key is not None:
        return list(cache.by_key.get(key, {}).values())
    if span is None or (span[0] == "" and span[1] == "FF"):
        return cache.whole
    inside = {one for one in cache.by_key if span[0] <= effective(one, container.hierarchical) < span[1]}
    return [item for number, item in cache.items.items() if cache.keys[number] in inside]


def _page(asking: Asking, container: Container, level: Level, search: Search, found: Sequence[Any], cache: Cache) -> Answer:
    start = _start(asking)
    size = asking.page_size()
    values: list[str] = []
    length = 0
    place = start
    while place < len(found) and len(values) < size and length < LARGEST_PAGE:
        value = search.result(asking.simulator.store, level, found[place])
        place += 1
        if value is not UNDEFINED:
            values.append(dumps(value))
            length += len(values[-1])
    more = {}
    if place < len(found):
        token = {"token": f"+RID:~{container.rid}#RT:1#TRC:{place}", "range": {"min": "", "max": "FF"}, "at": place}
        more["x-ms-continuation"] = json.dumps(token)
    serves, used, missing = container.indexing.serves(level.query)
    share = (place - start) / len(found) if found else 1.0
    charge = charges.query(length, len(values), 0.0 if serves else share * len(cache.items))
    text = f'{{"_rid":"{container.rid}","Documents":[{",".join(values)}],"_count":{len(values)}}}'
    if asking.flag("x-ms-documentdb-populatequerymetrics"):
        more["x-ms-documentdb-query-metrics"] = (
            f"totalExecutionTimeInMs=1.00;queryCompileTimeInMs=0.10;retrievedDocumentCount={len(found)};outputDocumentCount={len(values)};"
            f"outputDocumentSize={length};indexUtilizationRatio={1 if serves else 0:.2f}"
        )
    if asking.flag("x-ms-cosmos-populateindexmetrics"):
        more["x-ms-cosmos-index-utilization"] = _index_metrics(used, missing)
    return answer(text, 200, charge, x_ms_item_count=str(len(values)), **more)


def _index_metrics(used: list[tuple[str, ...]], missing: list[tuple[str, ...]]) -> str:
    found = {
        name: {"SingleIndexes": [{"IndexSpec": f"/{'/'.join(path)}/?"} for path in dict.fromkeys(paths)], "CompositeIndexes": []}
        for name, paths in (("UtilizedIndexes", used), ("PotentialIndexes", missing))
    }
    return base64.b64encode(dumps(found).encode()).decode()


def _start(asking: Asking) -> int:
    """Where a page begins. Raises 400 for a continuation that is none."""
    text = asking.headers.get("x-ms-continuation")
    if not text:
        return 0
    try:
        found = json.loads(text)["at"]
        if type(found) is int and found >= 0:
            return found
    except (ValueError, KeyError, TypeError):
        pass
    raise bad("Invalid Continuation Token")


