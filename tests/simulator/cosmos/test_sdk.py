"""The unmodified azure-cosmos SDK, sync and aio, against the data plane in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import PartitionKey, exceptions

from azlabs.simulator import Principal, Request, Simulator

from .support import ACCOUNT, HOST, Token, async_client, client, make_account, manage

VECTORS: dict[str, Any] = {
    "indexing_policy": {"includedPaths": [{"path": "/*"}], "excludedPaths": [], "vectorIndexes": [{"path": "/e", "type": "quantizedFlat"}]},
    "vector_embedding_policy": {
        "vectorEmbeddings": [{"path": "/e", "dataType": "float32", "dimensions": 3, "distanceFunction": "cosine"}]
    },
}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as found:
        yield found


@pytest.fixture
def key(simulator: Simulator) -> str:
    return make_account(simulator)


@pytest.fixture
def database(simulator: Simulator, key: str) -> Any:
    return client(simulator, key).create_database_if_not_exists("library")


@pytest.fixture
def container(database: Any) -> Any:
    found = database.create_container_if_not_exists("notes", PartitionKey("/pk"), offer_throughput=400)
    for number in range(12):
        found.create_item({"id": str(number), "pk": f"p{number % 3}", "n": number, "text": "red bicycle" if number == 7 else "slow car"})
    return found


def query(container: Any, text: str, **more: Any) -> list[Any]:
    more.setdefault("enable_cross_partition_query", True)
    return list(container.query_items(text, **more))


def test_an_item_is_created_read_replaced_patched_and_deleted(container: Any) -> None:
    made = container.create_item({"id": "x", "pk": "a", "n": 1})
    assert container.read_item("x", "a")["_etag"] == made["_etag"]
    with pytest.raises(exceptions.CosmosResourceExistsError):
        container.create_item({"id": "x", "pk": "a"})
    assert container.upsert_item({"id": "x", "pk": "a", "n": 2})["n"] == 2
    assert container.replace_item("x", {"id": "x", "pk": "a", "n": 3})["n"] == 3
    assert container.patch_item("x", "a", [{"op": "incr", "path": "/n", "value": 4}, {"op": "add", "path": "/t", "value": [1]}])["n"] == 7
    container.delete_item("x", "a")
    with pytest.raises(exceptions.CosmosResourceNotFoundError):
        container.read_item("x", "a")


def test_a_write_with_an_old_etag_is_refused(container: Any) -> None:
    old = container.read_item("1", "p1")
    container.upsert_item({"id": "1", "pk": "p1", "n": 100})
    with pytest.raises(exceptions.CosmosAccessConditionFailedError):
        container.replace_item("1", {"id": "1", "pk": "p1"}, etag=old["_etag"], match_condition=MatchConditions.IfNotModified)


def test_an_item_in_the_wrong_partition_is_refused(simulator: Simulator, container: Any) -> None:
    headers = {"authorization": f"Bearer {simulator.owner_token()}", "x-ms-documentdb-partitionkey": '["other"]'}
    answer = simulator.handle(Request("POST", HOST + "dbs/library/colls/notes/docs", headers, b'{"id":"w","pk":"a"}'))
    assert (answer.status, answer.headers["x-ms-substatus"]) == (400, "1001")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("SELECT VALUE COUNT(1) FROM c", [12]), ("SELECT VALUE AVG(c.n) FROM c", [5.5]), ("SELECT VALUE MAX(c.n) FROM c", [11]),
     ("SELECT TOP 2 VALUE c.n FROM c ORDER BY c.n DESC", [11, 10]), ("SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 3 LIMIT 2", [3, 4]),
     ("SELECT DISTINCT VALUE c.pk FROM c", ["p0", "p1", "p2"]), ("SELECT VALUE c.id FROM c WHERE c.n > 9", ["10", "11"]),
     ("SELECT TOP 1 VALUE c.id FROM c ORDER BY RANK FullTextScore(c.text, 'bicycles')", ["7"])],
)  # fmt: skip
def test_queries_go_through_all_partitions(container: Any, text: str, expected: list[Any]) -> None:
    assert query(container, text) == expected


def test_groups_are_for_one_partition_since_the_client_cannot_merge_them(container: Any) -> None:
    text = "SELECT c.pk, COUNT(1) AS n FROM c GROUP BY c.pk"
    assert query(container, text, partition_key="p1", enable_cross_partition_query=None) == [{"pk": "p1", "n": 4}]
    with pytest.raises(exceptions.CosmosHttpResponseError, match="GroupBy"):
        query(container, text)


def test_a_query_over_partitions_has_to_say_so(container: Any) -> None:
    with pytest.raises(exceptions.CosmosHttpResponseError, match="Cross partition query is required"):
        query(container, "SELECT * FROM c", enable_cross_partition_query=None)


def test_pages_continue_where_they_ended(container: Any) -> None:
    for text in ("SELECT * FROM c", "SELECT * FROM c ORDER BY c.n"):
        pages = container.query_items(text, enable_cross_partition_query=True, max_item_count=5).by_page()
        assert [item["n"] for page in pages for item in page] == list(range(12))


def test_sorting_by_two_properties_needs_a_composite_index(database: Any, container: Any) -> None:
    text = "SELECT VALUE c.id FROM c ORDER BY c.a ASC, c.b DESC"
    with pytest.raises(exceptions.CosmosHttpResponseError, match="composite index"):
        query(container, text)
    policy = {"compositeIndexes": [[{"path": "/a", "order": "ascending"}, {"path": "/b", "order": "descending"}]]}
    found = database.create_container("sorted", PartitionKey("/pk"), indexing_policy=policy)
    for name, a, b in (("1", 1, 1), ("2", 1, 2), ("3", 0, 0)):
        found.create_item({"id": name, "pk": name, "a": a, "b": b})
    assert query(found, text) == ["3", "2", "1"]


def test_a_batch_is_all_or_nothing(container: Any) -> None:
    done = container.execute_item_batch([("create", ({"id": "b", "pk": "p"},)), ("read", ("b",)), ("delete", ("b",))], "p")
    assert [one["statusCode"] for one in done] == [201, 200, 204]
    with pytest.raises(exceptions.CosmosBatchOperationError) as failure:
        container.execute_item_batch([("create", ({"id": "b", "pk": "p"},)), ("create", ({"id": "b", "pk": "p"},))], "p")
    assert failure.value.error_index == 1
    assert query(container, "SELECT * FROM c WHERE c.pk = 'p'") == []


def test_many_items_are_read_at_once(container: Any) -> None:
    assert len(container.read_items([("1", "p1"), ("2", "p2"), ("none", "p0")])) == 2


def test_the_change_feed_goes_on_from_its_continuation(container: Any) -> None:
    assert len(list(container.query_items_change_feed(start_time="Beginning"))) == 12
    token = container.client_connection.last_response_headers["etag"]
    container.upsert_item({"id": "1", "pk": "p1", "n": -1})
    assert [item["id"] for item in container.query_items_change_feed(continuation=token)] == ["1"]


def test_hierarchical_keys_are_queried_by_prefix(database: Any) -> None:
    found = database.create_container("tenants", PartitionKey(["/a", "/b"], kind="MultiHash"))
    for number in range(10):
        found.create_item({"id": str(number), "a": "x" if number < 6 else "y", "b": str(number % 2)})
    assert len(query(found, "SELECT * FROM c", partition_key=["x"], enable_cross_partition_query=None)) == 6
    assert len(query(found, "SELECT * FROM c", partition_key=["x", "0"], enable_cross_partition_query=None)) == 3


def test_time_to_live_and_unique_keys(simulator: Simulator, database: Any) -> None:
    unique = {"uniqueKeys": [{"paths": ["/mail"]}]}
    found = database.create_container("people", PartitionKey("/pk"), default_ttl=60, unique_key_policy=unique)
    found.create_item({"id": "1", "pk": "a", "mail": "m"})
    found.create_item({"id": "2", "pk": "a", "mail": "n", "ttl": -1})
    with pytest.raises(exceptions.CosmosResourceExistsError, match="Unique"):
        found.create_item({"id": "3", "pk": "a", "mail": "m"})
    simulator.clock.advance(61)
    assert query(found, "SELECT VALUE c.id FROM c") == ["2"]
    found.create_item({"id": "3", "pk": "a", "mail": "m"})


def test_the_nearest_vectors_come_first_with_and_without_a_filter(database: Any) -> None:
    found = database.create_container("vectors", PartitionKey("/pk"), **VECTORS)
    for name, cat, vector in (("x", "a", [1, 0, 0]), ("y", "b", [0.9, 0.1, 0]), ("z", "a", [0, 0, 1])):
        found.create_item({"id": name, "pk": name, "cat": cat, "e": vector})
    found.create_item({"id": "none", "pk": "none"})
    given = [{"name": "@e", "value": [1, 0, 0]}]
    text = "SELECT TOP 2 c.id, VectorDistance(c.e, @e) AS s FROM c {} ORDER BY VectorDistance(c.e, @e)"
    assert [one["id"] for one in query(found, text.format(""), parameters=given)] == ["x", "y"]
    assert [one["id"] for one in query(found, text.format("WHERE c.cat = 'a'"), parameters=given)] == ["x", "z"]
    found.replace_item("x", {"id": "x", "pk": "x", "e": [0, 1, 0]})
    found.delete_item("y", "y")
    assert query(found, text.format(""), parameters=given)[0]["id"] in ("x", "z")
    assert query(found, "SELECT VALUE c.e FROM c WHERE c.id = 'x'") == [[0, 1, 0]]
    with pytest.raises(exceptions.CosmosHttpResponseError, match="dimensions"):
        query(found, text.format(""), parameters=[{"name": "@e", "value": [1]}])


def test_a_flat_index_of_too_many_dimensions_is_refused(database: Any) -> None:
    policy = {"vectorEmbeddings": [{"path": "/e", "dataType": "float32", "dimensions": 1536, "distanceFunction": "cosine"}]}
    with pytest.raises(exceptions.CosmosHttpResponseError, match="505"):
        database.create_container(
            "flat", PartitionKey("/pk"), indexing_policy={"vectorIndexes": [{"path": "/e", "type": "flat"}]}, vector_embedding_policy=policy
        )


def test_both_planes_see_the_same_containers(simulator: Simulator, database: Any, container: Any) -> None:
    seen = manage(simulator, "GET", f"{ACCOUNT}/sqlDatabases/library/containers/notes")
    assert seen["properties"]["resource"]["_rid"] == container.read()["_rid"]
    resource = {"id": "made", "partitionKey": {"paths": ["/pk"], "kind": "Hash"}}
    manage(simulator, "PUT", f"{ACCOUNT}/sqlDatabases/library/containers/made", {"properties": {"resource": resource}})
    assert database.get_container_client("made").create_item({"id": "1", "pk": "a"})["id"] == "1"
    assert container.replace_throughput(500).offer_throughput == container.get_throughput().offer_throughput == 500


def test_a_snapshot_has_the_items(simulator: Simulator, container: Any) -> None:
    snapshot = simulator.snapshot()
    container.delete_item("1", "p1")
    assert query(container, "SELECT VALUE COUNT(1) FROM c") == [11]
    simulator.restore(snapshot)
    assert query(container, "SELECT VALUE COUNT(1) FROM c") == [12]


def test_data_roles_decide_what_a_token_may(simulator: Simulator, container: Any) -> None:
    someone = Principal("7d3c0e0a-0000-4000-8000-000000000001", simulator.tokens.owner.tenant_id, "app")
    with pytest.raises(exceptions.CosmosHttpResponseError) as refusal:
        client(simulator, Token(simulator, simulator.tokens.owner))
    assert refusal.value.status_code == 403
    properties = {"roleDefinitionId": f"{ACCOUNT}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000001", "scope": f"{ACCOUNT}/dbs/library/colls/notes",  # noqa: E501
                  "principalId": someone.object_id}  # fmt: skip
    manage(simulator, "PUT", f"{ACCOUNT}/sqlRoleAssignments/{someone.object_id}", {"properties": properties})
    mine = client(simulator, Token(simulator, someone)).get_database_client("library").get_container_client("notes")
    assert mine.read_item("1", "p1")["n"] == 1
    with pytest.raises(exceptions.CosmosHttpResponseError) as refusal:
        mine.upsert_item({"id": "1", "pk": "p1"})
    assert (refusal.value.status_code, refusal.value.sub_status) == (403, 5301)


def test_keys_are_refused_where_local_auth_is_off_or_they_are_wrong(simulator: Simulator) -> None:
    key = make_account(simulator, disableLocalAuth=True)
    for credential, word in ((key, "Local Authorization is disabled"), ("d3Jvbmc=", "Local Authorization")):
        with pytest.raises(exceptions.CosmosHttpResponseError, match=word):
            client(simulator, credential).create_database("d")


def test_the_firewall_keeps_others_out(simulator: Simulator) -> None:
    key = make_account(simulator, publicNetworkAccess="Disabled")
    with pytest.raises(exceptions.CosmosHttpResponseError, match="firewall"):
        client(simulator, key)


def test_the_aio_client_does_the_same(simulator: Simulator, key: str) -> None:
    async def work() -> tuple[list[Any], list[Any]]:
        async with async_client(simulator, key) as found:
            database = await found.create_database_if_not_exists("d")
            container = await database.create_container_if_not_exists("c", PartitionKey("/pk"), **VECTORS)
            for number in range(5):
                await container.upsert_item({"id": str(number), "pk": str(number % 2), "e": [number, 1, 0]})
            text = "SELECT TOP 2 c.id FROM c ORDER BY VectorDistance(c.e, [1, 0, 0])"
            nearest = [one["id"] async for one in container.query_items(text)]
            counted = [one async for one in container.query_items("SELECT VALUE COUNT(1) FROM c WHERE c.pk = '1'", partition_key="1")]
            return nearest, counted

    assert asyncio.run(work()) == (["4", "3"], [2])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"query": 5}', b'{"query": "SELECT", "parameters": 7}', b"[" * 5000])  # noqa: E501
@pytest.mark.parametrize("path", ["docs", "docs/1", "", "docs?x", "nothing"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_broken_requests_get_the_services_own_errors(simulator: Simulator, container: Any, method: str, path: str, body: bytes) -> None:
    headers = {"authorization": f"Bearer {simulator.owner_token()}", "x-ms-documentdb-partitionkey": '["p1"]',
               "content-type": "application/query+json"}  # fmt: skip
    answer = simulator.handle(Request(method, HOST + "dbs/library/colls/notes/" + path, headers, body))
    assert answer.status != 500
    if answer.status >= 400:
        assert set(answer.json()) == {"code", "message"}
