"""Cosmos DB through the unmodified SDK in the same process, and vector queries at `handle`, against plain Python and numpy.

Every ratio is taken in one run: the best of a few trials of each side.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from azlabs.simulator import SUBSCRIPTION_ID, Request, Simulator

ITEMS = 50_000
DIMENSIONS = 1536
_GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/bench"
_ACCOUNT = f"{_GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/benchstore"
_HOST = "https://benchstore.documents.azure.com:443/"


def _manage(simulator: Simulator, method: str, id: str, body: Any, version: str = "2024-11-15") -> Any:
    headers = {"Authorization": f"Bearer {simulator.owner_token()}"}
    url = f"https://management.azure.com{id}?api-version={version}"
    answer = simulator.handle(Request(method, url, headers, json.dumps(body).encode()))
    poll = answer.headers.get("Azure-AsyncOperation")
    for _ in range(5 if poll else 0):
        simulator.handle(Request("GET", str(poll), headers))
    return answer.json()


def _client(simulator: Simulator) -> Any:
    from azure.cosmos import CosmosClient

    from azlabs.cloud.transport import InProcessTransport

    _manage(simulator, "PUT", _GROUP, {"location": "westeurope"}, "2024-11-01")
    properties = {"databaseAccountOfferType": "Standard", "locations": [{"locationName": "westeurope", "failoverPriority": 0}],
                  "capabilities": [{"name": "EnableNoSQLVectorSearch"}]}  # fmt: skip
    _manage(simulator, "PUT", _ACCOUNT, {"location": "westeurope", "kind": "GlobalDocumentDB", "properties": properties})
    key = _manage(simulator, "POST", f"{_ACCOUNT}/listKeys", {})["primaryMasterKey"]

    def handle(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        answer = simulator.handle(Request(method, url, headers, body))
        return answer.status, answer.headers, answer.body

    return CosmosClient(_HOST, key, transport=InProcessTransport(handle))


def _fill(simulator: Simulator, container: Any, items: list[dict[str, Any]]) -> None:
    """Items straight into the tables: writing them is measured elsewhere."""
    rid = container.read()["_rid"]
    container.upsert_item({"id": "seed", "pk": "p"})
    container.delete_item("seed", "p")
    insert = "INSERT INTO cosmos_items (container, pk, id, etag, ts, ttl, lsn, body) VALUES (?,?,?,'\"e\"',1,NULL,?,?)"
    with simulator.store.writing():
        for number, item in enumerate(items):
            row = (rid, json.dumps([item["pk"]]), item["id"], number + 3, json.dumps(item))
            simulator.store.sql.execute(insert, row)
        simulator.store.sql.execute("UPDATE cosmos_containers SET lsn=?, stamp='filled' WHERE rid=?", (len(items) + 3, rid))


def _best(work: Callable[[], Any], times: int = 7) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def points(container: Any) -> dict[str, float]:
    """Point reads and durable upserts of 1 KiB a second."""
    text = "x" * 900
    start = time.perf_counter()
    for number in range(2000):
        container.upsert_item({"id": str(number), "pk": f"p{number % 10}", "text": text})
    middle = time.perf_counter()
    for number in range(2000):
        container.read_item(str(number), f"p{number % 10}")
    end = time.perf_counter()
    return {"upserts a second": 2000 / (middle - start), "point reads a second": 2000 / (end - middle)}


def ordered(simulator: Simulator, container: Any) -> dict[str, float]:
    """The first page of 100 of a filtered ORDER BY, against a list comprehension with a sort."""
    chance = random.Random(1)
    items = [{"id": str(n), "pk": f"p{n % 10}", "n": chance.random(), "text": "x" * 140} for n in range(ITEMS)]
    _fill(simulator, container, items)
    step = iter(range(1_000_000))

    def first_page() -> None:
        given = [{"name": "@n", "value": 0.5 + next(step) * 1e-6}]
        found = container.query_items(
            "SELECT * FROM c WHERE c.n > @n ORDER BY c.n", parameters=given, enable_cross_partition_query=True, max_item_count=100
        )
        assert len(list(next(found.by_page()))) == 100

    first_page()
    ours, plain = _best(first_page), _best(lambda: sorted([item for item in items if item["n"] > 0.5], key=lambda item: item["n"])[:100])
    return {"ORDER BY, times plain Python": ours / plain}


_NEAREST = "SELECT TOP 10 c.id, VectorDistance(c.e, @e) AS s FROM c {} ORDER BY VectorDistance(c.e, @e)"


def _nearest(simulator: Simulator, condition: str, wanted: list[float]) -> Request:
    headers = {"authorization": f"Bearer {simulator.owner_token()}", "content-type": "application/query+json",
               "x-ms-documentdb-isquery": "true", "x-ms-documentdb-partitionkeyrangeid": "0"}  # fmt: skip
    body = json.dumps({"query": _NEAREST.format(condition), "parameters": [{"name": "@e", "value": wanted}]}).encode()
    return Request("POST", _HOST + "dbs/d/colls/vectors/docs", headers, body)


def vectors(simulator: Simulator, container: Any) -> dict[str, float]:
    """The ten nearest of 50,000 vectors, with and without a filter, against numpy; every vector that is asked for is new."""
    import numpy

    matrix = numpy.random.default_rng(1).standard_normal((ITEMS, DIMENSIONS)).astype(numpy.float32)
    _fill(simulator, container, [
        {"id": str(n), "pk": "p", "cat": f"c{n % 3}", "e": [round(float(one), 3) for one in matrix[n]]} for n in range(ITEMS)
    ])  # fmt: skip
    chance = numpy.random.default_rng(2)
    rounds = 15
    wanted = chance.standard_normal((3 * rounds, DIMENSIONS))
    asked = [
        iter([_nearest(simulator, condition, [float(one) for one in row]) for row in wanted[start::3]])
        for start, condition in enumerate(("", "WHERE c.cat = 'c1'"))
    ]
    plain_ones = iter([row.astype(numpy.float32) for row in wanted[2::3]])

    def ask(kind: int) -> None:
        answer = simulator.handle(next(asked[kind]))
        assert len(answer.json()["Documents"]) == 10

    def bare() -> None:
        numpy.argpartition(-(matrix @ next(plain_ones)), 10)[:10]

    ask(0)
    found: list[list[float]] = [[], [], []]
    for _ in range(rounds - 1):
        for kind, work in enumerate((lambda: ask(0), lambda: ask(1), bare)):
            found[kind].append(_best(work, 1))
    ours, filtered, plain = map(min, found)
    return {"vectors, times numpy": ours / plain, "filtered vectors, times numpy": filtered / plain}


def memory(simulator: Simulator, path: Path) -> dict[str, float]:
    """The most that a new process takes to answer vector queries, against the vectors as float32 and the rest of the items as JSON."""
    select = "SELECT sum(length(json_remove(body, '$.e'))) FROM cosmos_items WHERE length(body) > 5000"
    data = ITEMS * DIMENSIONS * 4 + simulator.store.sql.execute(select).fetchone()[0]
    done = subprocess.run([sys.executable, "-m", "bench.cosmos", str(path)], check=True, capture_output=True, text=True)
    return {"memory, times vectors and items": float(done.stdout.split()[-1]) / data}


def _resident(which: str) -> int:
    """Bytes of VmRSS (now) or VmHWM (at most) of this process; Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(which))


def _taken(path: Path) -> int:
    import numpy

    with Simulator(path) as simulator:
        request = _nearest(simulator, "", [1.0] * DIMENSIONS)
        simulator.handle(Request("GET", _HOST + "dbs/d/colls/vectors", request.headers))
        numpy.ones((9, 9), numpy.float32) @ numpy.ones(9, numpy.float32)
        before = _resident("VmRSS")
        for _ in range(3):
            assert len(simulator.handle(request).json()["Documents"]) == 10
        return _resident("VmHWM") - before


def figures() -> dict[str, float]:
    """All figures."""
    from azure.cosmos import PartitionKey

    policies: dict[str, Any] = {
        "indexing_policy": {"includedPaths": [{"path": "/*"}], "vectorIndexes": [{"path": "/e", "type": "quantizedFlat"}]},
        "vector_embedding_policy": {
            "vectorEmbeddings": [{"path": "/e", "dataType": "float32", "dimensions": DIMENSIONS, "distanceFunction": "cosine"}]
        },
    }
    with tempfile.TemporaryDirectory() as folder, Simulator(Path(folder) / "state.sqlite") as simulator:
        database = _client(simulator).create_database("d")
        found = points(database.create_container("points", PartitionKey("/pk")))
        found |= ordered(simulator, database.create_container("ordered", PartitionKey("/pk")))
        found |= vectors(simulator, database.create_container("vectors", PartitionKey("/pk"), **policies))
        found |= memory(simulator, Path(folder) / "state.sqlite")
    return found


LIMITS = {"upserts a second": 1000, "point reads a second": 2000}
MOST = {"ORDER BY, times plain Python": 3, "vectors, times numpy": 1.5, "filtered vectors, times numpy": 2,
        "memory, times vectors and items": 1.3}  # fmt: skip


def main() -> bool:
    """Print the figures; True when a limit was not kept."""
    failed = False
    for name, value in figures().items():
        kept = value >= LIMITS.get(name, 0) and value <= MOST.get(name, value)
        failed |= not kept
        print(f"{name}: {value:.2f}{'' if kept else '  (not kept)'}")
    return failed


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(_taken(Path(sys.argv[1])))
    else:
        raise SystemExit(main())
