"""Request units: what operations cost, what indexes change, and 429 where throughput is enforced or on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.cosmos import PartitionKey, exceptions

from azlabs.simulator import Answer, Request, Simulator
from azlabs.simulator.data_planes.cosmos import throughput
from azlabs.simulator.faults import Fault

from .support import HOST, client, make_account

DOCS = HOST + "dbs/d/colls/c/docs"


class Place:
    """A container, and requests to it as the owner."""

    def __init__(self, simulator: Simulator, **account: Any) -> None:
        self.simulator = simulator
        self.client = client(simulator, make_account(simulator, **account))
        self.database = self.client.create_database("d")

    def container(self, **options: Any) -> Any:
        return self.database.create_container("c", PartitionKey("/pk"), **options)

    def ask(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        found = {"authorization": f"Bearer {self.simulator.owner_token()}", "x-ms-documentdb-partitionkey": '["p"]'}
        found |= {name.replace("_", "-"): text for name, text in headers.items()}
        return self.simulator.handle(Request(method, url, found, json.dumps(body).encode() if body is not None else None))

    def charge(self, method: str, url: str, body: Any = None, **headers: str) -> float:
        answer = self.ask(method, url, body, **headers)
        assert answer.status < 300, answer.body
        return float(answer.headers["x-ms-request-charge"])

    def query(self, text: str) -> float:
        return self.charge("POST", DOCS, {"query": text}, content_type="application/query+json")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as found:
        yield found


@pytest.fixture
def place(simulator: Simulator) -> Place:
    return Place(simulator)


def test_reads_cost_by_size_as_documented(place: Place) -> None:
    place.container()
    for name, size in (("small", 500), ("large", 100 * 1024 - 300)):
        place.ask("POST", DOCS, {"id": name, "pk": "p", "text": "x" * size})
    assert place.charge("GET", f"{DOCS}/small") == 1
    assert place.charge("GET", f"{DOCS}/large") == pytest.approx(10, abs=0.1)


def test_paths_out_of_the_index_make_writes_cheaper_and_filters_dearer(place: Place) -> None:
    item = {"id": "1", "pk": "p", "inside": 1, "notes": {str(n): n for n in range(50)}}
    place.container()
    indexed = place.charge("POST", DOCS, item)
    place.database.delete_container("c")
    place.container(indexing_policy={"includedPaths": [{"path": "/*"}], "excludedPaths": [{"path": "/notes/*"}]})
    assert place.charge("POST", DOCS, item) < indexed - 2
    for number in range(2, 102):
        place.ask("POST", DOCS, {**item, "id": str(number)})
    cheap = place.query("SELECT * FROM c WHERE c.inside = 2")
    assert cheap < 3
    assert place.query("SELECT * FROM c WHERE c.notes['1'] = 2") > cheap + 6
    assert place.query("SELECT * FROM c WHERE c.notes['1'] = 2 AND c.inside = 2") == cheap
    assert place.query("SELECT * FROM c WHERE UPPER(c.pk) = 'X'") > cheap + 6


def test_sorting_by_a_path_out_of_the_index_is_refused(place: Place) -> None:
    found = place.container(indexing_policy={"includedPaths": [{"path": "/a/?"}], "excludedPaths": [{"path": "/*"}]})
    found.create_item({"id": "1", "pk": "p", "a": 1, "b": 1})
    for path in ("a", "id", "_ts"):
        assert list(found.query_items(f"SELECT VALUE c.id FROM c ORDER BY c.{path}", partition_key="p")) == ["1"]
    with pytest.raises(exceptions.CosmosHttpResponseError, match="excluded"):
        list(found.query_items("SELECT * FROM c ORDER BY c.b", partition_key="p"))


def test_index_metrics_name_the_paths(place: Place) -> None:
    found = place.container(indexing_policy={"includedPaths": [{"path": "/a/?"}], "excludedPaths": [{"path": "/*"}]})
    headers: dict[str, str] = {}
    list(found.query_items("SELECT * FROM c WHERE c.a = 1 AND c.b = 2", partition_key="p", populate_index_metrics=True,
                           response_hook=lambda got, _: headers.update(got)))  # fmt: skip
    assert "/a/?" in str(headers["x-ms-cosmos-index-utilization"])


def test_an_unindexed_vector_costs_less_than_an_indexed_array(place: Place) -> None:
    embedding = {"path": "/e", "dataType": "float32", "dimensions": 1536, "distanceFunction": "cosine"}
    vectors: dict[str, Any] = {
        "indexing_policy": {"vectorIndexes": [{"path": "/e", "type": "quantizedFlat"}]},
        "vector_embedding_policy": {"vectorEmbeddings": [embedding]},
    }
    item = {"id": "1", "pk": "p", "e": [0.5] * 1536}
    place.container()
    plain = place.charge("POST", DOCS, item)
    place.database.delete_container("c")
    place.container(**vectors)
    assert place.charge("POST", DOCS, item) < plain / 2


def test_enforced_throughput_answers_429_until_the_next_second(simulator: Simulator, place: Place) -> None:
    found = place.container(offer_throughput=400)
    found.create_item({"id": "1", "pk": "p"})
    for _ in range(500):
        assert place.ask("GET", f"{DOCS}/1").status == 200
    throughput.enforce(simulator, True)
    start = simulator.clock.now()
    simulator.clock.now = lambda: start  # type: ignore[method-assign]
    answers = [place.ask("GET", f"{DOCS}/1") for _ in range(402)]
    assert [one.status for one in answers] == [200] * 400 + [429] * 2
    refusal = answers[-1]
    assert (refusal.headers["x-ms-substatus"], refusal.json()["code"]) == ("3200", "TooManyRequests")
    wait = int(refusal.headers["x-ms-retry-after-ms"])
    simulator.clock.now = lambda: start + wait / 1000  # type: ignore[method-assign]
    assert place.ask("GET", f"{DOCS}/1").status == 200
    throughput.enforce(simulator, False)
    assert all(place.ask("GET", f"{DOCS}/1").status == 200 for _ in range(450))


@pytest.mark.parametrize(
    ("account", "database", "container", "rate", "ranges"),
    [({}, None, None, 400, 1), ({}, None, 25000, 25000 / 3, 3), ({}, 700, None, 700, 1), ({}, 700, 900, 900, 1),
     ({"capabilities": [{"name": "EnableServerless"}]}, None, None, 5000, 1)],
)  # fmt: skip
def test_whose_throughput_a_container_has(
    simulator: Simulator, account: dict[str, Any], database: int | None, container: int | None, rate: float, ranges: int
) -> None:
    connection = client(simulator, make_account(simulator, **account))
    made = connection.create_database("d", offer_throughput=database)
    made.create_container("c", PartitionKey("/pk"), offer_throughput=container)
    from azlabs.simulator.data_planes.cosmos.places import plane_of

    plane = plane_of(simulator)
    budget = plane.container(plane.account("store"), "d", "c").budget
    assert (budget.rate, budget.ranges) == (rate, ranges)


def test_the_client_waits_and_tries_again_after_a_429_on_demand(simulator: Simulator) -> None:
    from azure.cosmos import CosmosClient

    from azlabs.cloud.transport import InProcessTransport

    from .support import handler

    key = make_account(simulator)
    found = CosmosClient(HOST, key, transport=InProcessTransport(handler(simulator)))
    container = found.create_database("d").create_container("c", PartitionKey("/pk"))
    container.create_item({"id": "1", "pk": "p"})
    simulator.faults.add(
        Fault("GET", "/dbs/d/colls/c/docs/*", kind="throttle", host="store.documents.azure.com", times=2, retry_after=0)
    )
    assert container.read_item("1", "p")["id"] == "1"
    assert not simulator.resource_manager.faults.waiting
