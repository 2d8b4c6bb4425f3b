"""Every operation of the unmodified azure-cosmos SDK, sync and aio, in the same process."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import PartitionKey, ThroughputProperties, exceptions

from azlabs.simulator import Simulator

from .support import async_client, client, make_account

Work = Callable[[Any], Awaitable[None]]


async def value(found: Any) -> Any:
    """What a call of either client comes to."""
    return await found if inspect.isawaitable(found) else found


async def every(found: Any) -> list[Any]:
    """All results of a list of either client."""
    found = await value(found)
    return [one async for one in found] if hasattr(found, "__aiter__") else list(found)


@pytest.fixture(params=["sync", "aio"])
def run(request: Any) -> Iterator[Callable[[Work], None]]:
    """Runs a piece of work with a client of one kind."""
    with Simulator() as simulator:
        key = make_account(simulator)

        async def go(work: Work) -> None:
            if request.param == "sync":
                await work(client(simulator, key))
                return
            async with async_client(simulator, key) as found:
                await work(found)

        yield lambda work: asyncio.run(go(work))


async def made(account: Any, **options: Any) -> Any:
    """A container with six items in three partitions."""
    database = await value(account.create_database_if_not_exists("library"))
    container = await value(database.create_container_if_not_exists("notes", PartitionKey("/pk"), **options))
    for number in range(6):
        await value(container.create_item({"id": str(number), "pk": f"p{number % 3}", "n": number}))
    return container


def test_databases_and_containers(run: Any) -> None:
    async def work(account: Any) -> None:
        database = await value(account.create_database("one", offer_throughput=400))
        with pytest.raises(exceptions.CosmosResourceExistsError):
            await value(account.create_database("one"))
        await value(account.create_database_if_not_exists("two"))
        assert sorted(one["id"] for one in await every(account.list_databases())) == ["one", "two"]
        named = [{"name": "@id", "value": "two"}]
        assert len(await every(account.query_databases("SELECT * FROM r WHERE r.id = @id", parameters=named))) == 1
        assert (await value(database.get_throughput())).offer_throughput == 400
        await value(database.replace_throughput(600))
        assert (await value(database.get_throughput())).offer_throughput == 600
        container = await value(database.create_container("c", PartitionKey("/pk"), default_ttl=-1))
        again = await value(database.replace_container(container, PartitionKey("/pk"), default_ttl=30))
        assert (await value(again.read()))["defaultTtl"] == 30
        assert len(await every(database.list_containers())) == len(await every(database.query_containers("SELECT * FROM c"))) == 1
        most = ThroughputProperties(auto_scale_max_throughput=4000)
        own = await value(database.create_container("own", PartitionKey("/pk"), offer_throughput=most))
        assert (await value(own.get_throughput())).auto_scale_max_throughput == 4000
        await value(database.delete_container("own"))
        await value(account.delete_database("two"))
        with pytest.raises(exceptions.CosmosResourceNotFoundError):
            await value(account.get_database_client("two").read())
        with pytest.raises(exceptions.CosmosResourceNotFoundError):
            await value(database.get_container_client("own").read_item("1", "p"))

    run(work)


def test_items(run: Any) -> None:
    async def work(account: Any) -> None:
        container = await made(account)
        item = await value(container.read_item("1", "p1"))
        item["n"] = 10
        await value(container.replace_item("1", item, etag=item["_etag"], match_condition=MatchConditions.IfNotModified))
        with pytest.raises(exceptions.CosmosAccessConditionFailedError):
            await value(container.replace_item("1", item, etag=item["_etag"], match_condition=MatchConditions.IfNotModified))
        assert (await value(container.upsert_item({"id": "new", "pk": "p0"})))["id"] == "new"
        change = [{"op": "set", "path": "/a", "value": 1}]
        patched = await value(container.patch_item("new", "p0", change, filter_predicate="from c where c.pk = 'p0'"))
        assert patched["a"] == 1
        with pytest.raises(exceptions.CosmosHttpResponseError) as refusal:
            await value(container.patch_item("new", "p0", [{"op": "remove", "path": "/a"}], filter_predicate="from c where c.a = 2"))
        assert refusal.value.status_code == 412
        await value(container.delete_item("new", "p0"))
        with pytest.raises(exceptions.CosmosResourceNotFoundError):
            await value(container.delete_item("new", "p0"))
        assert not await value(container.upsert_item({"id": "quiet", "pk": "p0"}, no_response=True))
        assert len(await every(container.read_all_items())) == 7
        assert len(await value(container.read_items([("0", "p0"), ("1", "p1"), ("2", "p2"), ("none", "p2")]))) == 3
        await value(container.delete_all_items_by_partition_key("p0"))
        assert [one["id"] for one in await every(container.read_all_items())] == ["1", "2", "4", "5"]
        for id in ("a/b", "a\\b", "a?b", "a#b"):
            with pytest.raises((ValueError, exceptions.CosmosHttpResponseError)):
                await value(container.create_item({"id": id, "pk": "p"}))
        for id in ("a b", "Überholung", "%25", "x" * 255, "a+b&c=d", "quote'\""):
            await value(container.create_item({"id": id, "pk": "p/ä#?"}))
            assert (await value(container.read_item(id, "p/ä#?")))["id"] == id
            await value(container.delete_item(id, "p/ä#?"))
        with pytest.raises(exceptions.CosmosHttpResponseError) as refusal:
            await value(container.create_item({"id": "big", "pk": "p", "text": "x" * 2_200_000}))
        assert refusal.value.status_code == 413

    run(work)


def test_queries(run: Any) -> None:
    async def work(account: Any) -> None:
        container = await made(account)
        given = [{"name": "@n", "value": 2}]
        text = "SELECT VALUE c.id FROM c WHERE c.n > @n ORDER BY c.n DESC"
        cross = {} if hasattr(container.read_all_items(), "__aiter__") else {"enable_cross_partition_query": True}
        assert await every(container.query_items(text, parameters=given, **cross)) == ["5", "4", "3"]
        assert await every(container.query_items(text, parameters=given, partition_key="p0")) == ["3"]
        assert await every(container.query_items("SELECT VALUE COUNT(1) FROM c", **cross)) == [6]
        assert await every(container.query_items("SELECT VALUE c.n FROM c OFFSET 1 LIMIT 2", partition_key="p1")) == [4]
        sizes, token = [], None
        while True:
            pages = container.query_items("SELECT * FROM c WHERE c.pk = 'p0' OR c.pk = 'p1'", max_item_count=3, **cross).by_page(token)
            page = [one async for one in await pages.__anext__()] if hasattr(pages, "__anext__") else list(next(pages))
            sizes.append(len(page))
            token = pages.continuation_token
            if not token:
                break
        assert sum(sizes) == 4 and len(sizes) >= 2
        ranges = await every(container.read_feed_ranges())
        found = [one for part in ranges for one in await every(container.query_items("SELECT * FROM c", feed_range=part))]
        assert len(found) == 6
        with pytest.raises(exceptions.CosmosHttpResponseError) as refusal:
            await every(container.query_items("SELEC * FROM c", **cross))
        assert refusal.value.status_code == 400 and "Syntax" in str(refusal.value)

    run(work)


def test_the_change_feed(run: Any) -> None:
    async def work(account: Any) -> None:
        container = await made(account)
        headers: dict[str, Any] = {}

        def keep(found: Any, *_: Any) -> None:
            headers.update(found)

        start = {"start_time": "Beginning", "response_hook": keep}
        assert len(await every(container.query_items_change_feed(**start))) == 6
        token = headers["etag"]
        assert await every(container.query_items_change_feed(continuation=token)) == []
        await value(container.upsert_item({"id": "1", "pk": "p1", "n": 11}))
        await value(container.delete_item("2", "p2"))
        changed = await every(container.query_items_change_feed(continuation=token, response_hook=keep))
        assert [(one["id"], one["n"]) for one in changed] == [("1", 11)]
        assert await every(container.query_items_change_feed(continuation=headers["etag"])) == []
        of_key = await every(container.query_items_change_feed(start_time="Beginning", partition_key="p1"))
        assert [one["id"] for one in of_key] == ["4", "1"]
        parts = await every(container.read_feed_ranges())
        feeds = [container.query_items_change_feed(start_time="Beginning", feed_range=part) for part in parts]
        found = [one for feed in feeds for one in await every(feed)]
        assert len(found) == 5
        small = container.query_items_change_feed(start_time="Beginning", max_item_count=2).by_page()
        sizes = []
        if hasattr(small, "__anext__"):
            async for page in small:
                sizes.append(len([one async for one in page]))
        else:
            sizes = [len(list(page)) for page in small]
        assert sum(sizes) == 5
        assert await every(container.query_items_change_feed(start_time="Now")) == []
        with pytest.raises(exceptions.CosmosHttpResponseError, match="all versions and deletes"):
            await every(container.query_items_change_feed(mode="AllVersionsAndDeletes"))

    run(work)


def test_batches(run: Any) -> None:
    async def work(account: Any) -> None:
        container = await made(account)
        operations = [
            ("create", ({"id": "b", "pk": "p0"},)), ("upsert", ({"id": "c", "pk": "p0", "n": 1},)), ("read", ("b",)),
            ("replace", ("b", {"id": "b", "pk": "p0", "n": 2})), ("patch", ("c", [{"op": "incr", "path": "/n", "value": 5}])),
            ("delete", ("b",)),
        ]  # fmt: skip
        done = await value(container.execute_item_batch(operations, "p0"))
        assert [one["statusCode"] for one in done] == [201, 201, 200, 200, 200, 204]
        assert (await value(container.read_item("c", "p0")))["n"] == 6
        wrong = [("delete", ("c",)), ("read", ("none",))]
        with pytest.raises(exceptions.CosmosBatchOperationError) as failure:
            await value(container.execute_item_batch(wrong, "p0"))
        assert (failure.value.error_index, failure.value.operation_responses[0]["statusCode"]) == (1, 424)
        assert (await value(container.read_item("c", "p0")))["n"] == 6

    run(work)


def test_hierarchical_keys_and_session_tokens(run: Any) -> None:
    async def work(account: Any) -> None:
        database = await value(account.create_database("d"))
        container = await value(database.create_container("h", PartitionKey(["/a", "/b", "/c"], kind="MultiHash")))
        for number in range(8):
            await value(container.create_item({"id": str(number), "a": "x", "b": str(number % 2), "c": number % 4}))
        assert (await value(container.read_item("5", ["x", "1", 1])))["id"] == "5"
        assert len(await every(container.query_items("SELECT * FROM c", partition_key=["x", "1"]))) == 4
        headers: dict[str, Any] = {}
        item = {"id": "5", "a": "x", "b": "1", "c": 1}
        await value(container.upsert_item(item, response_hook=lambda found, _: headers.update(found)))
        token = headers["x-ms-session-token"]
        assert (await value(container.read_item("5", ["x", "1", 1], session_token=token)))["id"] == "5"

    run(work)


def test_scripts_and_triggers_are_refused_by_name(run: Any) -> None:
    async def work(account: Any) -> None:
        container = await made(account)
        scripts = container.scripts
        body = {"id": "s", "body": "function () {}", "serverScript": "function () {}", "triggerType": "Pre", "triggerOperation": "All"}
        made_by = {
            "sprocs": scripts.create_stored_procedure, "triggers": scripts.create_trigger, "udfs": scripts.create_user_defined_function,
        }  # fmt: skip
        for word, call in made_by.items():
            with pytest.raises(exceptions.CosmosHttpResponseError, match=word) as refusal:
                await value(call(body))
            assert refusal.value.status_code == 501
        with pytest.raises(exceptions.CosmosHttpResponseError, match="trigger") as refusal:
            await value(container.create_item({"id": "t", "pk": "p"}, pre_trigger_include="t"))
        assert refusal.value.status_code == 501
        with pytest.raises(exceptions.CosmosHttpResponseError, match="User-defined functions"):
            await every(container.query_items("SELECT VALUE udf.f(c.n) FROM c", partition_key="p0"))
        assert await every(container.list_conflicts()) == []

    run(work)
