"""The AMQP type system, and a broker under bytes that are no AMQP."""

from __future__ import annotations

import contextlib
import math
import random
import socket
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from azlabs.simulator.data_planes.service_bus.amqp import performatives as amqp
from azlabs.simulator.data_planes.service_bus.amqp import types
from azlabs.simulator.data_planes.service_bus.amqp.message import REMOVED, Message, batch
from azlabs.simulator.data_planes.service_bus.amqp.types import Malformed, decode, encode, skip

SCALARS = (
    some.none() | some.booleans() | some.integers(-(2**63), 2**63 - 1) | some.floats(allow_nan=False) | some.text(max_size=300)
    | some.binary(max_size=300) | some.uuids() | some.integers(0, 2**32 - 1).map(types.UInt) | some.integers(0, 2**64 - 1).map(types.ULong)
    | some.integers(0, 255).map(types.UByte) | some.integers(-(2**15), 2**15 - 1).map(types.Short)
    | some.integers(-(2**31), 2**31 - 1).map(types.Int) | some.integers(-(2**60), 2**60).map(types.Timestamp)
    | some.text("abc:-", max_size=20).map(types.Symbol)
)  # fmt: skip
KEYS = some.text(max_size=10) | some.text("abc", max_size=5).map(types.Symbol)
VALUES = some.recursive(
    SCALARS, lambda inner: some.lists(inner, max_size=5) | some.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)


@given(VALUES)
def test_what_is_encoded_decodes_to_the_same(value: Any) -> None:
    raw = encode(value)
    found, end = decode(raw)
    assert found == value and type(found) is type(value) and end == len(raw) == skip(raw, 0)


@pytest.mark.parametrize(
    ("items", "code"),
    [([UUID(int=1)], 0x98), ([1, -2], 0x81), ([5], 0x83), (["a", "é"], 0xB1), ([types.Symbol("x")], 0xB3), ([], 0x81)],
)
def test_arrays_keep_their_type(items: list[Any], code: int) -> None:
    found, _ = decode(encode(types.Array(items, code)))
    assert found == items and found.code == code


@given(some.binary(max_size=200))
def test_bytes_that_are_no_value_are_malformed_and_nothing_else(raw: bytes) -> None:
    for reader in (decode, lambda data: skip(data, 0), Message, batch):
        try:
            message = reader(raw)
            if isinstance(message, Message):
                message.header, message.annotations, message.properties, message.application  # noqa: B018
        except Malformed:
            pass


def test_deep_nesting_is_malformed() -> None:
    value: Any = 1
    for _ in range(100):
        value = [value]
    raw = encode(value)
    with pytest.raises(Malformed):
        decode(raw)
    assert not math.isnan(len(raw))


def test_other_properties_survive_a_change_with_their_types() -> None:
    values = {"count": types.UByte(7), "when": types.Timestamp(5), "text": "x"}
    raw = b"\x00\x53\x74" + encode(values) + b"\x00\x53\x75" + encode(b"body")
    changed = Message(raw).changed({"text": REMOVED, "new": 1})
    assert changed.application == {"count": 7, "when": 5, "new": 1}
    assert type(changed.application["count"]) is types.UByte and changed.raw.endswith(b"\x00\x53\x75" + encode(b"body"))


# --- a broker under fire ------------------------------------------------------------------------------------------------
def opening(*more: bytes) -> bytes:
    """A client that says everything right up to here."""
    return b"".join((
        amqp.AMQP_HEADER,
        amqp.frame(0, amqp.OPEN, ["me", "skerrybank.servicebus.windows.net"]),
        amqp.frame(0, amqp.BEGIN, [None, types.UInt(0), types.UInt(100), types.UInt(100)]),
        *more,
    ))  # fmt: skip


def said(port: int, raw: bytes) -> bytes:
    """What the broker answers until it hangs up or says nothing more."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        try:
            while part := connection.recv(65536):
                found += part
        except ConnectionResetError:
            pass
    return found


def attach(address: str, *, receive: bool = False) -> bytes:
    ends = [
        amqp.described(amqp.SOURCE, [address if receive else "me"]),
        amqp.described(amqp.TARGET, ["me" if receive else address]),
    ]
    return amqp.frame(
        0,
        amqp.ATTACH,
        ["link", types.UInt(0), receive, None, None, *ends, None, None, None if receive else types.UInt(0)],
    )


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", amqp.SASL_HEADER),
        (amqp.AMQP_HEADER + b"\x00\x00\x00\x04\x02\x00\x00\x00", b"framing-error"),
        (opening(b"\xff\xff\xff\xff\x02\x00\x00\x00"), b"framing-error"),
        (opening(amqp.frame(0, amqp.OPEN, ["again"])), b"not-allowed"),
        (opening(amqp.frame(7, amqp.FLOW, [])), b"not-allowed"),
        (opening(amqp.frame(0, amqp.TRANSFER, [types.UInt(5)])), b"decode-error"),
        (opening(amqp.frame(0, amqp.BEGIN, ["text"])), b"not-allowed"),
        (opening(attach("orders")), b"unauthorized-access"),
        (amqp.AMQP_HEADER + amqp.frame(0, amqp.OPEN, ["me", "nobody.servicebus.windows.net"]), b"not-found"),
        (amqp.AMQP_HEADER + amqp.frame(0, amqp.BEGIN, [None]), b"not-allowed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_answered_with_an_error(namespace: Any, raw: bytes, answer: bytes) -> None:
    assert answer in said(namespace.bus.port, raw)


def test_random_frames_neither_break_nor_stop_the_broker(namespace: Any, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(7)
    good = opening(
        attach("$cbs"), attach("orders", receive=True), amqp.frame(0, amqp.FLOW, [None] * 3 + [types.UInt(9)])
    )
    for _ in range(150):
        raw = bytearray(good)
        for _ in range(dice.randint(1, 6)):
            raw[dice.randrange(8, len(raw))] = dice.randrange(256)
        said(namespace.bus.port, bytes(raw[: dice.randint(9, len(raw))] + dice.randbytes(dice.randint(0, 40))))
    assert amqp.SASL_HEADER in said(namespace.bus.port, amqp.SASL_HEADER)
    assert [record for record in caplog.records if record.exc_info] == []


@settings(max_examples=50)
@given(some.binary(max_size=120))
def test_frames_parse_or_are_malformed(body: bytes) -> None:
    raw = (8 + len(body)).to_bytes(4, "big") + b"\x02\x00\x00\x00" + body
    with contextlib.suppress(Malformed):
        amqp.parse(raw)
