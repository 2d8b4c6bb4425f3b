"""Query plans: what a client has to put together itself when a query goes through several partitions."""

from __future__ import annotations

from typing import Any

from azlabs.simulator.data_planes.cosmos.errors import bad
from azlabs.simulator.data_planes.cosmos.query import spelling
from azlabs.simulator.data_planes.cosmos.query.compiler import Compiler
from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.functions import AGGREGATES
from azlabs.simulator.data_planes.cosmos.query.spelling import spell
from azlabs.simulator.data_planes.cosmos.query.syntax import (
    Call,
    Constant,
    Expression,
    MakeArray,
    Name,
    Query,
    Subquery,
)

EVERYTHING = {"min": "", "max": "FF", "isMinInclusive": True, "isMaxInclusive": False}
NAMES = {"COUNT": "Count", "SUM": "Sum", "AVG": "Average", "MIN": "Min", "MAX": "Max", "COUNTIF": "CountIf"}
COMPONENT = 120
"""Results that each component of a hybrid search delivers at least."""
_TOTAL = "{documentdb-formattablehybridsearchquery-totaldocumentcount}"
_WORDS = "{documentdb-formattablehybridsearchquery-totalwordcount-%d}"
_HITS = "{documentdb-formattablehybridsearchquery-hitcountsarray-%d}"


def aggregates(query: Query) -> list[Call]:
    """The aggregates of a projection, those of subqueries left out."""
    found: list[Call] = []

    def visit(node: Any) -> None:
        if isinstance(node, Subquery):
            return
        if isinstance(node, Call) and node.name in AGGREGATES:
            found.append(node)
            return
        for name in getattr(node, "__dataclass_fields__", ()):
            value = getattr(node, name)
            for one in value if value.__class__ is tuple else (value,):
                for part in one if one.__class__ is tuple else (one,):
                    visit(part)

    for column in query.columns:
        visit(column.value)
    return found


def is_vector_order(query: Query) -> bool:
    """ORDER BY VectorDistance?"""
    return bool(query.order) and isinstance(query.order[0].value, Call) and query.order[0].value.name == "VECTORDISTANCE"


def needed(query: Query) -> bool:
    """Can the results of several partitions not simply follow each other?"""
    return bool(
        query.order or query.rank is not None or query.group or query.distinct or query.top is not None or query.limit is not None
        or aggregates(query)
    )  # fmt: skip


def features(query: Query) -> list[str]:
    """What a client has to be able to do."""
    found = aggregates(query)
    table = {
        "Aggregate": bool(found) and not query.group,
        "CountIf": any(one.name == "COUNTIF" for one in found),
        "Distinct": query.distinct,
        "GroupBy": bool(query.group),
        "OrderBy": bool(query.order) and not is_vector_order(query),
        "MultipleOrderBy": len(query.order) > 1,
        "NonStreamingOrderBy": is_vector_order(query),
        "OffsetAndLimit": query.limit is not None,
        "Top": query.top is not None,
        "HybridSearch": query.rank is not None,
    }
    return [name for name, there in table.items() if there]


def make(query: Query, parameters: dict[str, Any], supported: str, descending: list[bool]) -> dict[str, Any]:
    """The plan of a query. `descending`: directions of ORDER BY, those of vectors decided. Raises 400."""
    able = {one.strip() for one in supported.split(",")}
    unable = [one for one in features(query) if one not in able]
    if unable:
        raise bad(
            "Query contains the following features, which the calling client does not support: "
            f"{', '.join(unable)}. Upgrade your SDK to a version that does support the requested features."
        )
    if query.rank is not None:
        return {
            "partitionedQueryExecutionInfoVersion": 2, "queryInfo": _info(query, "", None, None, None, []),
            "hybridSearchQueryInfo": _hybrid(query, parameters), "queryRanges": [EVERYTHING],
        }  # fmt: skip
    compiler = Compiler(parameters)
    top = compiler.count(query.top, "TOP") if query.top is not None else None
    offset = compiler.count(query.offset, "OFFSET") if query.offset is not None else None
    limit = compiler.count(query.limit, "LIMIT") if query.limit is not None else None
    info = _info(query, _rewritten(query, top, offset, limit, descending), top, offset, limit, descending)
    return {"partitionedQueryExecutionInfoVersion": 2, "queryInfo": info, "queryRanges": [EVERYTHING]}


def _info(query: Query, rewritten: str, top: int | None, offset: int | None, limit: int | None, descending: list[bool]) -> dict[str, Any]:
    found = aggregates(query)
    single = len(found) == 1 and query.form == "value" and query.columns[0].value is found[0]
    counted = [NAMES[one.name] for one in found if one.name in NAMES] if single or query.form == "list" else []
    return {
        "distinctType": ("Ordered" if query.order else "Unordered") if query.distinct else "None",
        "top": top, "offset": offset, "limit": limit,
        "orderBy": ["Descending" if down else "Ascending" for down in descending],
        "orderByExpressions": [spell(one.value) for one in query.order],
        "groupByExpressions": [spell(one) for one in query.group],
        "groupByAliases": [], "aggregates": [] if query.group else counted, "groupByAliasToAggregateType": {},
        "rewrittenQuery": rewritten, "hasSelectValue": query.form == "value", "dCountInfo": None,
        "hasNonStreamingOrderBy": is_vector_order(query),
    }  # fmt: skip


def _root(query: Query) -> str:
    return query.sources[0].alias if query.sources else ""


def _payload(query: Query) -> str:
    if query.form == "*":
        return _root(query)
    if query.form == "value":
        return spell(query.columns[0].value)
    import json

    return "{" + ", ".join(f"{json.dumps(one.name)}: {spell(one.value)}" for one in query.columns) + "}"


def _rewritten(query: Query, top: int | None, offset: int | None, limit: int | None, descending: list[bool]) -> str:
    most = top if top is not None else limit + (offset or 0) if limit is not None else None
    taken = f"TOP {most} " if most is not None else ""
    if query.order:
        if query.group or not query.sources:
            return ""
        keys = ", ".join(f'{{"item": {spell(one.value)}}}' for one in query.order)
        by = ", ".join(
            spell(one.value) + ("" if is_vector_order(query) else " DESC" if down else " ASC")
            for one, down in zip(query.order, descending, strict=True)
        )
        return (
            f"SELECT {taken}{_root(query)}._rid, [{keys}] AS orderByItems, {_payload(query)} AS payload{spelling.tail(query)} ORDER BY {by}"
        )
    found = aggregates(query)
    if len(found) == 1 and query.form == "value" and query.columns[0].value is found[0] and not query.group:
        argument = spell(found[0].arguments[0]) if found[0].arguments else "1"
        item = f"{{\"sum\": SUM({argument}), \"count\": COUNT({argument})}}" if found[0].name == "AVG" else spell(found[0])
        return f'SELECT VALUE [{{"item": {item}}}]{spelling.tail(query)}'
    if limit is not None and not query.distinct:
        return f"SELECT {taken}{spelling.columns(query)}{spelling.tail(query)}"
    return spelling.query(query) if not query.distinct else f"SELECT DISTINCT {spelling.columns(query)}{spelling.tail(query)}"


def _hybrid(query: Query, parameters: dict[str, Any]) -> dict[str, Any]:
    assert query.rank is not None
    compiler = Compiler(parameters)
    components, weights = _components(query.rank, compiler)
    take = compiler.count(query.top or query.limit, "TOP") if query.top is not None or query.limit is not None else 0  # type: ignore[arg-type]
    skip = compiler.count(query.offset, "OFFSET") if query.offset is not None else 0
    scores: list[str] = []
    statistics: list[str] = []
    for place, one in enumerate(components):
        if one.name == "VECTORDISTANCE":
            scores.append(spell(one))
            continue
        text, words = _full_text(one, compiler)
        listed = spell(MakeArray(tuple(map(Constant, words))))
        scores.append(f"_FullTextScore({text}, {listed}, {_TOTAL}, {_WORDS % place}, {_HITS % place})")
        hits = ", ".join(f"COUNTIF(FullTextContains({text}, {spell(Constant(word))}))" for word in words)
        statistics.append(f'{{"totalWordCount": SUM(_FullTextWordCount({text})), "hitCounts": [{hits}]}}')
    most = max(COMPONENT, take + skip)
    infos: list[dict[str, Any]] = [
        {
            "distinctType": "None", "top": most, "offset": None, "limit": None, "orderBy": ["Descending"], "orderByExpressions": [score],
            "groupByExpressions": [], "groupByAliases": [], "aggregates": [], "groupByAliasToAggregateType": {},
            "rewrittenQuery": f'SELECT TOP {most} {_root(query)}._rid, [{{"item": {score}}}] AS orderByItems, '
            f'{{"payload": {_payload(query)}, "componentScores": [{", ".join(scores)}]}} AS payload{spelling.tail(query)} '
            f"ORDER BY {score} DESC",
            "hasSelectValue": False, "dCountInfo": None, "hasNonStreamingOrderBy": True,
        }
        for score in scores
    ]  # fmt: skip
    return {
        "globalStatisticsQuery": f"SELECT COUNT(1) AS documentCount, [{', '.join(statistics)}] AS fullTextStatistics FROM {_root(query)}",
        "componentQueryInfos": infos, "componentWeights": weights, "projectionQueryInfo": None, "skip": skip, "take": take,
        "requiresGlobalStatistics": bool(statistics),
    }  # fmt: skip


def _components(rank: Expression, compiler: Compiler) -> tuple[list[Call], list[float]]:
    if not isinstance(rank, Call) or rank.name != "RRF":
        return [rank], []  # type: ignore[list-item]
    arguments = list(rank.arguments)
    weights: list[float] = []
    if arguments and not isinstance(arguments[-1], Call):
        try:
            weights = compiler.constant(arguments.pop())
        except LookupError:
            weights = []
        if not isinstance(weights, list) or len(weights) != len(arguments):
            raise QueryError("RRF needs one weight for each of its functions.", "SC2207")
    if len(arguments) < 2 or any(not isinstance(one, Call) or one.name not in ("FULLTEXTSCORE", "VECTORDISTANCE") for one in arguments):
        raise QueryError("RRF takes at least two calls of FullTextScore or VectorDistance.", "SC2207")
    return arguments, weights  # type: ignore[return-value]


def _full_text(call: Call, compiler: Compiler) -> tuple[str, list[str]]:
    if len(call.arguments) < 2:
        raise QueryError("The FullTextScore function requires a path and at least one keyword.", "SC2050", call.start, call.end)
    try:
        given = [compiler.constant(one) for one in call.arguments[1:]]
    except LookupError:
        given = [None]
    words = given[0] if len(given) == 1 and isinstance(given[0], list) else given
    if not words or any(not isinstance(word, str) for word in words) or isinstance(call.arguments[0], Name | Constant):
        raise QueryError("FullTextScore takes the path of a property and keywords that are strings.", "SC2051", call.start, call.end)
    return spell(call.arguments[0]), list(words)
