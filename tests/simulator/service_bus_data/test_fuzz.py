"""Conversations of clients with every right, changed at random: an error or a closed connection, never a traceback or a hang."""

from __future__ import annotations

import contextlib
import random
import socket
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from azlabs.simulator.data_planes.service_bus.amqp import message as messages
from azlabs.simulator.data_planes.service_bus.amqp import performatives as amqp
from azlabs.simulator.data_planes.service_bus.amqp.types import (
    Array,
    Described,
    Int,
    Malformed,
    Symbol,
    Timestamp,
    UInt,
    encode,
)
from azlabs.simulator.data_planes.service_bus.management import OPERATIONS

from .test_limits import with_password

DELIVERY = b"\x00\x53\x75\xa0"
"""The data section of a message."""
ROOT = "RootManageSharedAccessKey"


def attached(handle: int, address: str, *, receive: bool = False, filters: Any = None) -> bytes:
    source = [address if receive else "me"] + [None] * 6 + [filters]
    ends = [amqp.described(amqp.SOURCE, source), amqp.described(amqp.TARGET, ["me" if receive else address])]
    first = None if receive else UInt(0)
    return amqp.frame(0, amqp.ATTACH, [f"link-{handle}", UInt(handle), receive, None, None, *ends, None, None, first])


def transfer(handle: int, delivery: int, payload: bytes, format: int = 0) -> bytes:
    return amqp.frame(0, amqp.TRANSFER, [UInt(handle), UInt(delivery), b"tag", UInt(format), False, False], payload)


def credit(handle: int) -> bytes:
    numbers = [UInt(0), UInt(100), UInt(0), UInt(100), UInt(handle), UInt(0), UInt(10)]
    return amqp.frame(0, amqp.FLOW, numbers)


def request(operation: str, body: dict[str, Any]) -> bytes:
    out = b"\x00\x53\x73" + encode(["id", None, None, None, "me"])
    return out + b"\x00\x53\x74" + encode({"operation": operation}) + b"\x00\x53\x77" + encode(body)


BODIES: list[dict[str, Any]] = [
    {}, {"lock-tokens": Array([uuid4()], 0x98), "disposition-status": "completed", "session-id": "s"},
    {"message-count": Int(5), "from-sequence-number": 1}, {"sequence-numbers": Array([1, 2], 0x81), "receiver-settle-mode": UInt(1)},
    {"messages": [{"message": messages.compose(b"x"), "message-id": "m"}]}, {"session-id": "s", "session-state": b"x"},
    {"last-updated-time": Timestamp(0), "skip": Int(0), "top": Int(5)},
    {"rule-name": "r", "rule-description": {"sql-filter": {"expression": "a = 1"}, "sql-rule-action": {"expression": "SET a = 2"}}},
    {"enqueued-time-utc": Timestamp(int(datetime.now(UTC).timestamp() * 1000)), "message-count": Int(1)},
]  # fmt: skip


def conversation(dice: random.Random, key: str) -> tuple[bytes, bytes]:
    """What clients say in a usual order, until messages come and after it."""
    queue = dice.choice(["orders", "sessions", "news/Subscriptions/all", "orders/$DeadLetterQueue"])
    operation = dice.choice(list(OPERATIONS))
    wanted = {Symbol("com.microsoft:session-filter"): Described(Symbol("com.microsoft:session-filter"), dice.choice(["s", None]))}
    outcome = dice.choice([
        amqp.ACCEPTED_STATE, amqp.RELEASED_STATE, amqp.described(amqp.MODIFIED, [True, dice.random() < 0.5, {Symbol("k"): 1}]),
        amqp.described(amqp.REJECTED, [amqp.error("com.microsoft:dead-letter", "why")]),
    ])  # fmt: skip
    batch = b"".join(b"\x00\x53\x75" + encode(messages.compose(b"y")) for _ in range(3))
    frames = [
        attached(0, dice.choice(["orders", "news", "sessions"])),
        transfer(0, 0, messages.compose(b"body", ttl=5, properties={"message-id": "m", "group-id": "s"}, application={"a": 1})),
        transfer(0, 1, batch, messages.BATCH_FORMAT),
        attached(1, queue, receive=True, filters=wanted if queue == "sessions" else None),
        credit(1),
    ]
    later = [
        amqp.frame(0, amqp.DISPOSITION, [True, UInt(0), UInt(dice.choice([0, 5, 2**31])), False, outcome]),
        attached(2, f"{queue}/$management"),
        attached(3, f"{queue}/$management", receive=True),
        credit(3),
        *(transfer(2, 2 + at, request(operation, body)) for at, body in enumerate(dice.sample(BODIES, 3))),
        amqp.frame(0, amqp.DETACH, [UInt(1), True]),
    ]
    return with_password(ROOT, key, *frames), b"".join(later)


def spoken(port: int, first: bytes, later: bytes) -> bytes:
    """What the broker answers to both parts."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=0.05) as connection:
        connection.sendall(first)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while DELIVERY not in found and (part := connection.recv(65536)):
                found += part
        connection.settimeout(2)
        try:
            connection.sendall(later)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                found += part
        except TimeoutError:
            raise AssertionError("the broker neither answers nor hangs up") from None
        except OSError:
            pass  # it has hung up already
    return found


@pytest.fixture
def busy(namespace: Any) -> Any:
    namespace.queue("orders")
    namespace.queue("sessions", requiresSession=True)
    namespace.topic("news", all={})
    return namespace


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.exc_text or record.getMessage() for record in caplog.records if record.exc_info]


def test_conversations_that_are_right_are_answered(busy: Any, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(3)
    delivered = 0
    for _ in range(40):
        found = spoken(busy.bus.port, *conversation(dice, busy.key))
        assert b"internal-error" not in found and b"unauthorized" not in found and b"statusCode" in found
        delivered += DELIVERY in found
    assert delivered > 10
    assert failures(caplog) == []


def test_conversations_that_were_changed_neither_break_nor_stop_the_broker(
    busy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(11)
    start = len(with_password(ROOT, busy.key))
    for _ in range(300):
        first, later = (bytearray(part) for part in conversation(dice, busy.key))
        for _ in range(dice.choice([1, 1, 2, 3, 8])):
            part, least = dice.choice([(first, start), (later, 0)])
            part[dice.randrange(least, len(part))] = dice.choice([0, 1, 0x40, 0x7F, 0x80, 0xC0, 0xFF, dice.randrange(256)])
        found = spoken(busy.bus.port, bytes(first), bytes(later))
        assert b"internal-error" not in found
    assert failures(caplog) == []
    with busy.client() as client, client.get_queue_sender("orders") as sender:
        from azure.servicebus import ServiceBusMessage

        sender.send_messages(ServiceBusMessage("still there"))


@settings(max_examples=300)
@given(some.binary(max_size=200), some.integers(0, 60), some.binary(max_size=4))
def test_messages_are_read_or_malformed(tail: bytes, at: int, change: bytes) -> None:
    raw = bytearray(messages.compose(b"x", ttl=1, properties={"message-id": "m"}, application={"a": 1, "b": "c"}) + tail)
    raw[at : at + len(change)] = change
    with contextlib.suppress(Malformed):
        found = messages.Message(bytes(raw))
        _ = found.header, found.annotations, found.properties, found.application, found.body
        found.changed({"new": 1}).delivered(1, {}, 5.0)
    with contextlib.suppress(Malformed):
        messages.batch(bytes(raw))
