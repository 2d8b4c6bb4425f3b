"""What the tiers allow, what ends by itself, and what is refused by name."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from azlabs.simulator.data_planes.service_bus.amqp import performatives as amqp
from azlabs.simulator.data_planes.service_bus.amqp import types
from azlabs.simulator.data_planes.service_bus.amqp.types import Int, Timestamp
from azlabs.simulator.data_planes.service_bus.management import batch_delete

from .test_wire import attach, opening, said
from .test_with_the_sdk import Message, exceptions, peek, take, texts


def gone(namespace: Any, path: str) -> bool:
    """Is the entity deleted after the broker has looked?"""
    namespace.bus.call(lambda server: server._idle.look())
    key = f"{namespace.id}/{path}".lower()
    return namespace.simulator.store.get(key) is None


def test_an_entity_that_nobody_uses_is_deleted(namespace: Any) -> None:
    namespace.queue("idle", autoDeleteOnIdle="PT5M")
    namespace.queue("used", autoDeleteOnIdle="PT5M")
    namespace.queue("always")
    namespace.topic("news", idle={"autoDeleteOnIdle": "PT5M"})
    with namespace.client() as client, client.get_queue_receiver("used") as receiver:
        receiver.peek_messages()
        namespace.simulator.clock.advance(200)
        assert not gone(namespace, "queues/idle")
        namespace.simulator.clock.advance(200)
        assert gone(namespace, "queues/idle") and not gone(namespace, "queues/always")
        assert not gone(namespace, "queues/used") and not gone(namespace, "topics/news")
        assert gone(namespace, "topics/news/subscriptions/idle")
    while namespace.bus.call(lambda server: len(server.connections)):
        time.sleep(0.01)
    namespace.simulator.clock.advance(290)
    assert not gone(namespace, "queues/used")
    namespace.simulator.clock.advance(20)
    assert gone(namespace, "queues/used")


def test_a_message_shows_how_long_it_lives_in_its_queue(namespace: Any) -> None:
    queue = namespace.queue("orders", defaultMessageTimeToLive="P7D")
    with namespace.client() as client, client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        sender.send_messages([Message("default"), Message("short", time_to_live=timedelta(hours=1))])
        default, short = take(receiver, 2)
        assert default.time_to_live == timedelta(days=7)
        assert default.expires_at_utc - default.enqueued_time_utc == timedelta(days=7)
        assert short.time_to_live == timedelta(hours=1)


def test_large_messages_need_premium_and_a_queue_that_takes_them(namespaces: Any) -> None:
    namespace = namespaces(sku="Premium")
    queue = namespace.queue("large", maxMessageSizeInKilobytes=102_400)
    namespace.queue("plain")
    body = b"x" * (5 * 1024 * 1024)
    with namespace.client() as client, client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        sender.send_messages(Message(body))
        (found,) = take(receiver, 1)
        assert b"".join(found.body) == body
        receiver.complete_message(found)
        with client.get_queue_sender("plain") as other:
            other.send_messages(Message(body[: 1000 * 1024]))
            with pytest.raises(exceptions.MessageSizeExceededError):
                other.send_messages(Message(body))


def test_a_full_queue_takes_nothing_more(namespace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from azlabs.simulator.data_planes.service_bus import namespaces as reading

    made = reading.entity_of
    monkeypatch.setattr(reading, "entity_of", lambda *given: _smaller(made(*given)))
    queue = namespace.queue("orders")
    with namespace.client() as client, client.get_queue_sender(queue) as sender:
        sender.send_messages(Message("x" * 700))
        with pytest.raises(exceptions.ServiceBusQuotaExceededError):
            sender.send_messages(Message("x" * 700))


def _smaller(entity: Any) -> Any:
    from dataclasses import replace

    return replace(entity, max_bytes=1000)


@pytest.mark.parametrize("message", [
    {"message_id": "m" * 129}, {"session_id": "s" * 129}, {"application_properties": {"x": "y" * 70_000}},
])  # fmt: skip
def test_words_on_a_message_have_a_length(namespace: Any, message: dict[str, Any]) -> None:
    queue = namespace.queue("orders")
    with namespace.client() as client, client.get_queue_sender(queue) as sender:
        with pytest.raises((exceptions.ServiceBusError, ValueError)):
            sender.send_messages(Message("x", **message))
        sender.send_messages(Message("y"))
        with client.get_queue_receiver(queue) as receiver:
            assert texts(peek(receiver)) == ["y"]


def test_basic_namespaces_have_no_forwarding(namespaces: Any) -> None:
    namespace = namespaces(sku="Basic")
    namespace.queue("orders")
    with pytest.raises(AssertionError, match="not supported in Basic"):
        namespace.queue("other", forwardTo="orders")


def test_messages_are_deleted_in_batches(namespace: Any) -> None:
    queue = namespace.queue("orders")
    with namespace.client() as client, client.get_queue_sender(queue) as sender, client.get_queue_receiver(queue) as receiver:
        sender.send_messages([Message(text) for text in "abcd"])
        sender.schedule_messages(Message("later"), datetime.now(UTC) + timedelta(hours=1))
        (held,) = take(receiver, 1)

        def ask(count: int, before: datetime) -> Any:
            return namespace.bus.call(lambda server: batch_delete(_asked(server, namespace, count, before)))

        assert ask(10, datetime.now(UTC) - timedelta(hours=1)) is None
        assert ask(2, datetime.now(UTC) + timedelta(minutes=1)) == {"message-count": Int(2)}
        assert ask(10, datetime.now(UTC) + timedelta(minutes=1)) == {"message-count": Int(1)}
        assert texts(peek(receiver)) == ["a", "later"]
        receiver.complete_message(held)


def _asked(server: Any, namespace: Any, count: int, before: datetime) -> Any:
    from types import SimpleNamespace

    from azlabs.simulator.data_planes.service_bus import namespaces as reading
    from azlabs.simulator.data_planes.service_bus.management import Asked

    found = reading.namespace_named(server.simulator.store, namespace.name)
    place = server.broker.find(found, "orders")
    connection: Any = SimpleNamespace(broker=server.broker)
    link: Any = SimpleNamespace(letter="")
    body = {"message-count": count, "enqueued-time-utc": Timestamp(int(before.timestamp() * 1000))}
    return Asked(connection, link, place, body)


def test_transactions_are_refused_by_name(namespace: Any) -> None:
    ends = [amqp.described(amqp.SOURCE, ["me"]), amqp.described(amqp.COORDINATOR, [None])]
    link = ["tx", types.UInt(0), False, None, None, *ends, None, None, types.UInt(0)]
    assert b"does not model transactions (NotModelledBySimulator)" in said(
        namespace.bus.port, opening(amqp.frame(0, amqp.ATTACH, link))
    )


# --- who gets in --------------------------------------------------------------------------------------------------------
def with_password(name: str, key: str, *more: bytes) -> bytes:
    """A client that shows the name of a rule and its key (SASL PLAIN) in place of a token."""
    response = b"\0" + name.encode() + b"\0" + key.encode()
    return b"".join((
        amqp.SASL_HEADER, amqp.frame(0, amqp.SASL_INIT, [types.Symbol("PLAIN"), response], kind=1), opening(*more),
    ))  # fmt: skip


def test_a_key_is_good_in_place_of_a_token(namespace: Any) -> None:
    namespace.queue("orders")
    root = "RootManageSharedAccessKey"
    assert b"unauthorized-access" not in said(namespace.bus.port, with_password(root, namespace.key, attach("orders")))
    assert b"unauthorized-access" in said(namespace.bus.port, with_password(root, "d3Jvbmc=", attach("orders")))
    namespace.arm("PATCH", namespace.id, {"properties": {"disableLocalAuth": True}})
    assert b"unauthorized-access" in said(namespace.bus.port, with_password(root, namespace.key, attach("orders")))


def test_rules_by_address_let_in_whom_they_name(namespaces: Any) -> None:
    namespace = namespaces(sku="Premium")
    namespace.queue("orders")
    with namespace.client() as client, client.get_queue_sender("orders") as open_before:
        for block, allowed in (("203.0.113.0/24", True), ("198.51.100.7", False)):
            rules = {"defaultAction": "Deny", "ipRules": [{"ipMask": block, "action": "Allow"}]}
            namespace.arm("PUT", f"{namespace.id}/networkRuleSets/default", {"properties": rules})
            if allowed:
                open_before.send_messages(Message("x"))
                continue
            with pytest.raises(exceptions.ServiceBusError):
                open_before.send_messages(Message("x"))
    with namespace.client() as refused, pytest.raises(exceptions.ServiceBusError):
        refused.get_queue_sender("orders").send_messages(Message("x"))
