"""Vector search agrees with a naive evaluation, whatever was written, deleted or brought back before it."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from azure.cosmos import PartitionKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azlabs.simulator import Request, Simulator
from azlabs.simulator.data_planes.cosmos.cache import Cache
from azlabs.simulator.data_planes.cosmos.places import plane_of

from .support import HOST, client, make_account

numbers = st.integers(-3, 3)
vectors = st.lists(numbers, min_size=3, max_size=3).filter(any)
ids = st.sampled_from("abcdefgh")
items = st.fixed_dictionaries({"id": ids, "cat": st.sampled_from("xy")}, optional={"e": vectors | st.just([1]) | st.none()})
kinds = st.tuples(st.just("write"), items) | st.tuples(st.just("delete"), ids) | st.tuples(st.sampled_from(["save", "back"]), st.none())
steps = st.lists(kinds, max_size=25)


@cache
def place(function: str) -> tuple[Simulator, Any, bytes]:
    """A simulator with an empty container, the container, and a snapshot of that."""
    simulator = Simulator()
    embedding = {"path": "/e", "dataType": "float32", "dimensions": 3, "distanceFunction": function}
    database = client(simulator, make_account(simulator)).create_database("d")
    container = database.create_container(
        "c", PartitionKey("/pk"), vector_embedding_policy={"vectorEmbeddings": [embedding]},
        indexing_policy={"vectorIndexes": [{"path": "/e", "type": "diskANN"}]},
    )  # fmt: skip
    return simulator, container, simulator.snapshot()


def score(function: str, left: list[int], right: list[int]) -> float:
    product = float(sum(a * b for a, b in zip(left, right, strict=True)))
    if function == "dotproduct":
        return product
    return math.dist(left, right) if function == "euclidean" else product / (math.hypot(*left) * math.hypot(*right))


def nearest(simulator: Simulator, query: str, wanted: list[int]) -> list[Any]:
    body = {"query": query, "parameters": [{"name": "@e", "value": wanted}]}
    headers = {"authorization": f"Bearer {simulator.owner_token()}", "content-type": "application/query+json",
               "x-ms-documentdb-partitionkeyrangeid": "0"}  # fmt: skip
    answer = simulator.handle(Request("POST", HOST + "dbs/d/colls/c/docs", headers, json.dumps(body).encode()))
    assert answer.status == 200, answer.body
    return list(answer.json()["Documents"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["cosine", "dotproduct", "euclidean"]), steps, vectors, st.integers(1, 6))
def test_the_nearest_are_those_of_a_naive_evaluation(function: str, done: list[Any], wanted: list[int], count: int) -> None:
    simulator, container, empty = place(function)
    simulator.restore(empty)
    known: dict[str, dict[str, Any]] = {}
    saved, kept = empty, dict(known)
    for kind, what in done:
        if kind == "write":
            container.upsert_item({**what, "pk": "p"})
            known[what["id"]] = what
        elif kind == "delete" and what in known:
            container.delete_item(what, "p")
            del known[what]
        elif kind == "save":
            saved, kept = simulator.snapshot(), dict(known)
        elif kind == "back":
            simulator.restore(saved)
            known = dict(kept)
        for condition, category in (("", "xy"), ("WHERE c.cat = 'x'", "x")):
            text = f"SELECT TOP {count} c.id, VectorDistance(c.e, @e) AS s FROM c {condition} ORDER BY VectorDistance(c.e, @e)"
            found = nearest(simulator, text, wanted)
            able = [one for one in known.values() if one["cat"] in category and len(one.get("e") or ()) == 3]
            scores = sorted((score(function, one["e"], wanted) for one in able), reverse=function != "euclidean")[:count]
            assert [one["s"] for one in found] == pytest.approx(scores, abs=1e-5)
            assert all(score(function, known[one["id"]]["e"], wanted) == pytest.approx(one["s"], abs=1e-5) for one in found)
    whole = nearest(simulator, "SELECT * FROM c", wanted)
    assert {one["id"]: one.get("e") for one in whole} == {name: one.get("e") for name, one in known.items()}


def test_what_another_process_wrote_is_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.sqlite"
    with Simulator(path) as mine, Simulator(path) as other:
        key = make_account(mine)
        here = client(mine, key).create_database("d").create_container("c", PartitionKey("/pk"))
        for number in range(5):
            here.create_item({"id": str(number), "pk": "p"})
        there = client(other, key).get_database_client("d").get_container_client("c")
        assert len(list(here.query_items("SELECT * FROM c", partition_key="p"))) == 5
        read: list[int] = []
        load = Cache._load
        monkeypatch.setattr(Cache, "_load", lambda self, store, found: (read.extend(found), load(self, store, found))[1])
        there.upsert_item({"id": "2", "pk": "p", "new": True})
        there.create_item({"id": "5", "pk": "p"})
        there.delete_item("0", "p")
        assert list(here.query_items("SELECT VALUE c.id FROM c", partition_key="p")) == ["1", "2", "3", "4", "5"]
        assert len(read) == 2
        assert plane_of(mine).caches
