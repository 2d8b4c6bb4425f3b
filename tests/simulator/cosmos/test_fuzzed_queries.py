"""Queries that a machine makes up, over http: answered or refused in the service's words, never a failure, never for long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.cosmos import PartitionKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azlabs.simulator import Request, Simulator
from azlabs.simulator.data_planes.cosmos.query.functions import AGGREGATES, table

from .support import HOST, client, make_account
from .test_sdk import VECTORS

NAMES = st.sampled_from(["c", "c.a", "c.b", "c.e", "c.tags", "c.id", "c['a b']", "c.tags[0]", "t", "nothing", "c.b.x"])
SIGNS = st.sampled_from(["+", "-", "*", "/", "%", "=", "!=", "<", "<=", ">", ">=", "&", "|", "^", "<<", ">>>", "||", "??", "AND", "OR"])
LITERALS = st.sampled_from(
    ["1", "0", "-1", "2.5", "1e308", "9007199254740993",
     "'a'", "''", "'%a_'", "null", "true", "undefined", "[]", "[1,0,0]", "{}", "{'a':1}",
     "@p", "@e", "@none", "'2024-02-30T00:00:00Z'", "'(a+)+$'", "'yyyy'", "{'type':'Point','coordinates':[1,2]}"]
)  # fmt: skip
FUNCTIONS = sorted({*table(), *AGGREGATES, "VECTORDISTANCE", "FULLTEXTSCORE", "RRF", "ST_AREA", "FOO"})


def _extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, SIGNS, inner).map(lambda x: f"({' '.join(x)})"),
        st.tuples(st.sampled_from(FUNCTIONS), st.lists(inner, max_size=4)).map(lambda x: f"{x[0]}({', '.join(x[1])})"),
        st.tuples(inner, st.lists(inner, min_size=1, max_size=3)).map(lambda x: f"({x[0]} IN ({', '.join(x[1])}))"),
        st.tuples(inner, inner, inner).map(lambda x: f"({x[0]} BETWEEN {x[1]} AND {x[2]})"),
        st.tuples(inner, inner, inner).map(lambda x: f"({x[0]} ? {x[1]} : {x[2]})"),
        st.tuples(inner, inner).map(lambda x: f"({x[0]} LIKE {x[1]})"),
        st.tuples(inner, inner).map(lambda x: f"{x[0]}[{x[1]}]"),
        inner.map(lambda x: f"(NOT {x})"),
        inner.map(lambda x: f"(-{x})"),
        inner.map(lambda x: f"EXISTS(SELECT VALUE t FROM t IN c.tags WHERE {x})"),
        inner.map(lambda x: f"ARRAY(SELECT {x} FROM t IN c.tags)"),
        inner.map(lambda x: f"(SELECT VALUE {x})"),
    )


EXPRESSIONS = st.recursive(NAMES | LITERALS, _extend, max_leaves=8)
QUERIES = st.tuples(
    st.sampled_from(["", "TOP 2 ", "DISTINCT ", "TOP @p "]),
    st.one_of(st.just("*"), EXPRESSIONS.map(lambda x: f"VALUE {x}"), st.lists(EXPRESSIONS, min_size=1, max_size=3).map(", ".join)),
    st.sampled_from(["c", "c JOIN t IN c.tags", "t IN c.tags", "c JOIN (SELECT VALUE t FROM t IN c.tags) t", "c.b", "c JOIN t IN c.x"]),
    st.one_of(st.just(""), EXPRESSIONS.map(lambda x: f" WHERE {x}")),
    st.one_of(st.just(""), EXPRESSIONS.map(lambda x: f" GROUP BY {x}"), EXPRESSIONS.map(lambda x: f" ORDER BY {x}"),
              st.just(" ORDER BY VectorDistance(c.e, @e)"), EXPRESSIONS.map(lambda x: f" ORDER BY RANK {x}")),
    st.sampled_from(["", " OFFSET 1 LIMIT 1"]),
).map(lambda x: f"SELECT {x[0]}{x[1]} FROM {x[2]}{x[3]}{x[4]}{x[5]}")  # fmt: skip


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as found:
        database = client(found, make_account(found)).create_database("d")
        container = database.create_container("c", PartitionKey("/pk"), **VECTORS)
        values: list[Any] = [1, 2.5, "a", None, True, [1, "a"], {"x": {"y": 1}}, "Größe", -7]
        for number, value in enumerate(values):
            container.create_item({"id": str(number), "pk": "p", "a": value, "b": {"x": value}, "tags": [number, "a", {"k": value}],
                                   "e": [number, 1, 0] if number % 2 else None})  # fmt: skip
        yield found


def ask(simulator: Simulator, query: str, **headers: str) -> Any:
    body = {"query": query, "parameters": [{"name": "@p", "value": 1}, {"name": "@e", "value": [1, 0, 0]}]}
    common = {"authorization": f"Bearer {simulator.owner_token()}", "content-type": "application/query+json"}
    return simulator.handle(Request("POST", HOST + "dbs/d/colls/c/docs", common | headers, json.dumps(body).encode()))


@settings(max_examples=150, deadline=5000, suppress_health_check=list(HealthCheck))
@given(QUERIES)
def test_a_made_up_query_is_answered_or_refused(simulator: Simulator, query: str) -> None:
    for headers in ({"x-ms-documentdb-partitionkey": '["p"]'}, {"x-ms-cosmos-is-query-plan-request": "true"}):
        answer = ask(simulator, query, **headers)
        assert answer.status in (200, 400) or (answer.status == 501 and answer.json()["code"] == "NotModelledBySimulator"), query
        assert answer.status == 200 or answer.json()["message"]


@pytest.mark.parametrize(
    "condition",
    ["REGEXMATCH(@long, '(a+)+$')", "REGEXMATCH(@long, '(a|aa)+$')", "REGEXMATCH(@long, 'a*a*a*a*a*a*a*b')",
     "@long LIKE '%a%a%a%a%a%a%a%a%a%b'",
     "c.a LIKE '[z-a]'", "REGEXMATCH('a', '[')", "REPLICATE('ab', 100000000000) = 'a'", "POWER(10, 1000000) > 1", "1e400 > 1",
     "INTBITLEFTSHIFT(1, 100000000000) = 1", "STRINGTONUMBER('1e999') = 1"],
)  # fmt: skip
def test_no_expression_takes_for_ever(simulator: Simulator, condition: str) -> None:
    query = f"SELECT VALUE c.id FROM c WHERE {condition.replace('@long', repr('a' * 5000))}"
    assert ask(simulator, query, **{"x-ms-documentdb-partitionkey": '["p"]'}).status in (200, 400, 501)


def test_no_product_of_arrays_takes_for_ever(simulator: Simulator) -> None:
    long = json.dumps(list(range(200)))
    joins = " ".join(f"JOIN (SELECT VALUE {long}) l{n} JOIN x{n} IN l{n}" for n in range(5))
    answer = ask(simulator, f"SELECT VALUE COUNT(1) FROM c {joins}", **{"x-ms-documentdb-partitionkey": '["p"]'})
    assert (answer.status, answer.json()["code"]) == (501, "NotModelledBySimulator")
