"""Every operation of the newest azure-servicebus, once with its sync and once with its aio clients."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from azlabs.simulator import Request

servicebus = pytest.importorskip("azure.servicebus")
aio = pytest.importorskip("azure.servicebus.aio")
exceptions = pytest.importorskip("azure.servicebus.exceptions")
Message = servicebus.ServiceBusMessage
FLAVOURS = pytest.mark.parametrize("flavour", [servicebus, aio], ids=["sync", "aio"])


async def ok(value: Any) -> Any:
    """What a call gives, sync or aio."""
    return await value if inspect.isawaitable(value) else value


@contextlib.asynccontextmanager
async def opened(thing: Any) -> AsyncIterator[Any]:
    if hasattr(thing, "__aenter__"):
        async with thing as found:
            yield found
    else:
        with thing as found:
            yield found


async def listed(pages: Any) -> list[Any]:
    return [one async for one in pages] if hasattr(pages, "__aiter__") else list(pages)


def client_of(flavour: Any, namespace: Any, **options: Any) -> Any:
    options = {"retry_total": 0, "socket_timeout": 0.02, **options}
    return opened(flavour.ServiceBusClient.from_connection_string(namespace.connection_string(), **options))


async def take(receiver: Any, count: int) -> list[Any]:
    found: list[Any] = []
    while len(found) < count:
        got = await ok(receiver.receive_messages(count - len(found), max_wait_time=3))
        if not got:
            break
        found += got
    return found


@FLAVOURS
def test_senders(namespace: Any, flavour: Any) -> None:
    namespace.queue("orders")
    namespace.topic("news", all={})

    async def work() -> None:
        async with client_of(flavour, namespace) as client:
            async with opened(client.get_queue_sender("orders")) as sender:
                await ok(sender.send_messages(Message("one", time_to_live=timedelta(minutes=5))))
                batch = await ok(sender.create_message_batch())
                batch.add_message(Message("two"))
                await ok(sender.send_messages(batch))
                await ok(sender.send_messages([Message("three"), Message("four")]))
                soon = datetime.now(UTC) + timedelta(hours=1)
                numbers = await ok(sender.schedule_messages([Message("later"), Message("never")], soon))
                await ok(sender.cancel_scheduled_messages(numbers[1:]))
                raw = servicebus.amqp.AmqpAnnotatedMessage(value_body={"a": 1}, application_properties={"k": "v"})
                await ok(sender.send_messages(raw))
                rows = servicebus.amqp.AmqpAnnotatedMessage(sequence_body=[[1, 2], [3]])
                await ok(sender.send_messages(rows))
            async with opened(client.get_queue_receiver("orders")) as receiver:
                seen = await ok(receiver.peek_messages(20))
                assert [one.state.name for one in seen] == ["ACTIVE"] * 4 + ["SCHEDULED"] + ["ACTIVE"] * 2
                found = await take(receiver, 6)
                assert [str(one) for one in found[:4]] == ["one", "two", "three", "four"]
                assert found[0].time_to_live == timedelta(minutes=5)
                assert found[0].expires_at_utc - found[0].enqueued_time_utc == timedelta(minutes=5)
                assert found[4].body == {b"a": 1} and found[4].application_properties == {b"k": b"v"}
                assert list(found[5].body) == [[1, 2], [3]]
            async with opened(client.get_topic_sender("news")) as sender:
                await ok(sender.send_messages(Message("for all")))
            async with opened(client.get_subscription_receiver("news", "all")) as receiver:
                assert [str(one) for one in await take(receiver, 1)] == ["for all"]

    asyncio.run(work())


@FLAVOURS
def test_receivers(namespace: Any, flavour: Any) -> None:
    namespace.queue("orders", maxDeliveryCount=2)

    async def work() -> None:
        async with client_of(flavour, namespace) as client:
            async with opened(client.get_queue_sender("orders")) as sender:
                await ok(sender.send_messages([Message(text) for text in "abcdef"]))
            async with opened(client.get_queue_receiver("orders", prefetch_count=4)) as receiver:
                a, b, c, d = await take(receiver, 4)
                until = await ok(receiver.renew_message_lock(a))
                assert until >= a.locked_until_utc - timedelta(seconds=1)
                await ok(receiver.complete_message(a))
                await ok(receiver.defer_message(b))
                await ok(receiver.dead_letter_message(c, reason="why", error_description="because"))
                await ok(receiver.abandon_message(d))
                (again,) = await ok(receiver.receive_deferred_messages(b.sequence_number))
                await ok(receiver.complete_message(again))
                with pytest.raises(exceptions.ServiceBusError):
                    await ok(receiver.receive_deferred_messages([b.sequence_number]))
                rest = {str(one): one.delivery_count for one in await take(receiver, 3)}
                assert rest == {"d": 1, "e": 0, "f": 0}
                with pytest.raises(exceptions.MessageAlreadySettled):
                    await ok(receiver.complete_message(a))
            async with opened(client.get_queue_receiver("orders", sub_queue="deadletter")) as letters:
                (letter,) = await take(letters, 1)
                assert (letter.dead_letter_reason, letter.dead_letter_error_description) == ("why", "because")
                assert letter.dead_letter_source == "orders"
                await ok(letters.complete_message(letter))
            async with opened(client.get_queue_receiver("orders", sub_queue="transferdeadletter")) as letters:
                assert await ok(letters.peek_messages()) == []
            async with opened(client.get_queue_receiver("orders", receive_mode="receiveanddelete")) as receiver:
                assert await ok(receiver.receive_messages(1, max_wait_time=0.1)) == []

    asyncio.run(work())


@FLAVOURS
def test_a_receiver_is_an_iterator_that_ends(namespace: Any, flavour: Any) -> None:
    namespace.queue("orders")

    async def work() -> list[str]:
        async with client_of(flavour, namespace) as client:
            async with opened(client.get_queue_sender("orders")) as sender:
                await ok(sender.send_messages([Message(text) for text in "ab"]))
            async with opened(client.get_queue_receiver("orders", max_wait_time=0.5)) as receiver:
                return [str(one) for one in await listed(receiver)]

    assert asyncio.run(work()) == ["a", "b"]


@FLAVOURS
def test_sessions(namespace: Any, flavour: Any) -> None:
    namespace.queue("orders", requiresSession=True)
    namespace.topic("news", all={"requiresSession": True})
    before = datetime.now(UTC) - timedelta(seconds=5)

    async def work() -> None:
        async with client_of(flavour, namespace) as client:
            async with opened(client.get_queue_sender("orders")) as sender:
                await ok(sender.send_messages([Message(name, session_id=name) for name in ("s2", "s1", "s2")]))
                await ok(sender.schedule_messages(Message("x", session_id="s3"), datetime.now(UTC) + timedelta(hours=1)))
            async with opened(client.get_topic_sender("news")) as sender:
                await ok(sender.send_messages(Message("n", session_id="n1")))
            assert await listed(client.list_queue_sessions("orders")) == ["s1", "s2"]
            assert await listed(client.list_subscription_sessions("news", "all")) == ["n1"]
            free = servicebus.NEXT_AVAILABLE_SESSION
            async with opened(client.get_queue_receiver("orders", session_id=free)) as receiver:
                session = receiver.session
                assert session.session_id == "s2"
                await ok(session.set_state("half"))
                assert await ok(session.get_state()) == b"half"
                assert await ok(session.renew_lock()) > datetime.now(UTC) + timedelta(seconds=50)
                first, second = await take(receiver, 2)
                await ok(receiver.complete_message(first))
                await ok(receiver.defer_message(second))
                (again,) = await ok(receiver.receive_deferred_messages([second.sequence_number]))
                await ok(receiver.complete_message(again))
                with pytest.raises(exceptions.SessionCannotBeLockedError):
                    async with opened(client.get_queue_receiver("orders", session_id="s2")):
                        pass
            found = await listed(client.list_queue_sessions("orders", state_updated_after=before))
            assert found == ["s2"]
            async with opened(client.get_queue_receiver("orders", session_id="s2")) as receiver:
                await ok(receiver.session.set_state(None))
            assert await listed(client.list_queue_sessions("orders")) == ["s1"]

    asyncio.run(work())


@FLAVOURS
def test_locks_are_renewed_in_the_background(namespace: Any, flavour: Any) -> None:
    namespace.queue("orders", lockDuration="PT1S")
    namespace.queue("sessions", lockDuration="PT1S", requiresSession=True)

    async def work() -> None:
        async with client_of(flavour, namespace) as client, opened(flavour.AutoLockRenewer(max_lock_renewal_duration=60)) as all:
            for queue, session in (("orders", None), ("sessions", "s")):
                async with opened(client.get_queue_sender(queue)) as sender:
                    await ok(sender.send_messages(Message("slow", session_id=session)))
            async with (
                opened(client.get_queue_receiver("orders")) as plain,
                opened(client.get_queue_receiver("sessions", session_id="s")) as session,
            ):
                (first,), (second,) = await take(plain, 1), await take(session, 1)
                all.register(plain, first)
                all.register(session, session.session)
                await asyncio.sleep(1.6)
                for receiver, message in ((plain, first), (session, second)):
                    await ok(receiver.complete_message(message))
                    assert await ok(receiver.peek_messages()) == []

    asyncio.run(work())


@FLAVOURS
def test_administration(namespace: Any, flavour: Any) -> None:
    from azure.servicebus.aio.management import ServiceBusAdministrationClient as AioAdministration
    from azure.servicebus.management import (
        CorrelationRuleFilter,
        ServiceBusAdministrationClient,
        SqlRuleAction,
        SqlRuleFilter,
    )

    from azlabs.cloud.transport import InProcessTransport

    def handle(method: str, url: str, headers: Any, body: Any) -> Any:
        answer = namespace.simulator.handle(Request(method, url, headers, body))
        return answer.status, answer.headers, answer.body

    kind = AioAdministration if flavour is aio else ServiceBusAdministrationClient
    transport = InProcessTransport(handle)
    text = f"Endpoint=sb://{namespace.name}.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={namespace.key}"

    async def work() -> None:
        chosen = awaited(transport) if flavour is aio else transport
        async with opened(kind.from_connection_string(text, transport=chosen, retry_total=0)) as admin:
            queue = await ok(admin.create_queue("orders", max_delivery_count=5, requires_duplicate_detection=True))
            queue.max_delivery_count = 7
            await ok(admin.update_queue(queue))
            assert (await ok(admin.get_queue("orders"))).max_delivery_count == 7
            assert (await ok(admin.get_queue_runtime_properties("orders"))).total_message_count == 0
            assert [one.name for one in await listed(admin.list_queues())] == ["orders"]
            assert [one.name for one in await listed(admin.list_queues_runtime_properties())] == ["orders"]
            topic = await ok(admin.create_topic("news", default_message_time_to_live=timedelta(days=3)))
            topic.default_message_time_to_live = timedelta(days=2)
            await ok(admin.update_topic(topic))
            assert (await ok(admin.get_topic("news"))).default_message_time_to_live == timedelta(days=2)
            assert (await ok(admin.get_topic_runtime_properties("news"))).subscription_count == 0
            assert len(await listed(admin.list_topics())) == len(await listed(admin.list_topics_runtime_properties())) == 1
            one = await ok(admin.create_subscription("news", "all", lock_duration=timedelta(seconds=30)))
            one.max_delivery_count = 3
            await ok(admin.update_subscription("news", one))
            found = await ok(admin.get_subscription("news", "all"))
            assert (found.max_delivery_count, found.lock_duration) == (3, timedelta(seconds=30))
            assert (await ok(admin.get_subscription_runtime_properties("news", "all"))).total_message_count == 0
            assert len(await listed(admin.list_subscriptions("news"))) == 1
            assert len(await listed(admin.list_subscriptions_runtime_properties("news"))) == 1
            wanted = SqlRuleFilter("a > @least", parameters={"@least": 3})
            rule = await ok(admin.create_rule("news", "all", "big", filter=wanted, action=SqlRuleAction("SET b = 1")))
            rule.filter = CorrelationRuleFilter(label="x", properties={"a": 1})
            await ok(admin.update_rule("news", "all", rule))
            assert (await ok(admin.get_rule("news", "all", "big"))).filter.label == "x"
            assert [one.name for one in await listed(admin.list_rules("news", "all"))] == ["$Default", "big"]
            await ok(admin.delete_rule("news", "all", "big"))
            await ok(admin.delete_subscription("news", "all"))
            await ok(admin.delete_topic("news"))
            await ok(admin.delete_queue("orders"))
            assert await listed(admin.list_queues()) == []
            assert (await ok(admin.get_namespace_properties())).messaging_sku == "Standard"

    asyncio.run(work())


def _awaited_class() -> Any:
    from azure.core.pipeline.transport import AsyncHttpTransport

    class Awaited(AsyncHttpTransport):
        """A transport of this process for aio clients."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        async def send(self, request: Any, **options: Any) -> Any:
            return self._inner.send(request, **options)

        async def open(self) -> None:
            pass

        async def close(self) -> None:
            pass

        async def sleep(self, duration: float) -> None:
            pass

        async def __aexit__(self, *_exception: object) -> None:
            pass

    return Awaited


def awaited(inner: Any) -> Any:
    return _awaited_class()(inner)
