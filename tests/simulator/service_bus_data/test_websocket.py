"""AMQP over WebSocket on the https port, with the SDK's aio client and with frames that are wrong."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from azlabs.simulator import Simulator
from azlabs.simulator.data_planes.service_bus import websocket
from azlabs.simulator.data_planes.service_bus.amqp import performatives as amqp
from azlabs.simulator.data_planes.service_bus.doorway import Doorway
from azlabs.simulator.server import Listener, serve

from .conftest import Namespace

servicebus = pytest.importorskip("azure.servicebus")
aio = pytest.importorskip("azure.servicebus.aio")
pytest.importorskip("aiohttp")


@pytest.fixture
def station(tmp_path: Any) -> Iterator[tuple[Namespace, Listener]]:
    """A namespace whose broker waits behind an https port."""
    simulator = Simulator()
    namespace = Namespace(simulator)
    namespace.bus.close()
    door = Doorway(simulator, tmp_path)
    with serve(simulator, folder=tmp_path) as listener:
        yield namespace, listener
    door.close()
    simulator.close()


def masked(code: int, payload: bytes, mask: bytes = b"abcd", first: int = 0x80) -> bytes:
    size = len(payload)
    head = bytes((first | code, 0x80 | size)) if size < 126 else bytes((first | code, 0xFE)) + size.to_bytes(2, "big")
    return head + mask + bytes(one ^ mask[at % 4] for at, one in enumerate(payload))


def test_the_sdk_sends_and_receives_over_a_websocket(
    station: tuple[Namespace, Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace, listener = station
    resolve, name = socket.getaddrinfo, "skerrybank.servicebus.windows.net"
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *more, **named: resolve("127.0.0.1" if host == name else host, *more, **named)
    )
    namespace.queue("orders")
    body = os.urandom(200_000)

    async def work() -> None:
        text = f"Endpoint=sb://skerrybank.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={namespace.key}"
        client = aio.ServiceBusClient.from_connection_string(
            text, transport_type=servicebus.TransportType.AmqpOverWebsocket, retry_total=0, socket_timeout=5,
            custom_endpoint_address=f"https://{name}:{listener.port}", connection_verify=str(listener.authority),
        )  # fmt: skip
        async with client, client.get_queue_sender("orders") as sender, client.get_queue_receiver("orders") as receiver:
            await sender.send_messages(servicebus.ServiceBusMessage(body))
            (found,) = await receiver.receive_messages(1, max_wait_time=5)
            assert b"".join(found.body) == body
            await receiver.complete_message(found)

    asyncio.run(work())


def talk(listener: Listener, *more: bytes, headers: str = "") -> bytes:
    """What is answered to an opening and what follows it."""
    key = base64.b64encode(b"0123456789abcdef").decode()
    head = (
        "GET /$servicebus/websocket HTTP/1.1\r\nHost: skerrybank.servicebus.windows.net\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\n" + (headers or "Sec-WebSocket-Protocol: AMQPWSB10\r\nSec-WebSocket-Version: 13\r\n") + "\r\n"
    )
    context = ssl.create_default_context(cafile=str(listener.authority))
    found = b""
    with (
        socket.create_connection(("127.0.0.1", listener.port), timeout=5) as raw,
        context.wrap_socket(raw, server_hostname="skerrybank.servicebus.windows.net") as secure,
    ):
        secure.sendall(head.encode() + b"".join(more))
        with contextlib.suppress(OSError):
            while part := secure.recv(65536):
                found += part
                if b"\x88\x02" in found or not found.startswith(b"HTTP/1.1 101"):
                    break
    return found


def test_an_opening_is_answered_and_frames_are_carried(station: tuple[Namespace, Listener]) -> None:
    _, listener = station
    found = talk(listener, masked(9, b"there?"), masked(2, amqp.SASL_HEADER), masked(8, (1000).to_bytes(2, "big")))
    digest = hashlib.sha1(base64.b64encode(b"0123456789abcdef") + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    assert b"Sec-WebSocket-Accept: " + base64.b64encode(digest) in found
    assert b"\x8a\x06there?" in found and b"\x88\x02\x03\xe8" in found
    for headers, status in (
        ("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Version: 13\r\n", b"400"),
        ("Sec-WebSocket-Protocol: AMQPWSB10\r\nSec-WebSocket-Version: 8\r\n", b"426"),
    ):
        assert talk(listener, headers=headers).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(("raw", "code"), [
    (b"\x82\x01x", 1002), (masked(1, b"text"), 1003), (masked(0, b"x"), 1002), (b"\x82\xff" + b"\xff" * 8, 1009),
    (masked(9, b"x", first=0), 1002), (masked(3, b"x"), 1002),
])  # fmt: skip
def test_frames_that_are_wrong_end_the_connection(station: tuple[Namespace, Listener], raw: bytes, code: int) -> None:
    assert b"\x88\x02" + code.to_bytes(2, "big") in talk(station[1], raw)


def test_nobody_carries_frames_without_a_broker() -> None:
    from azlabs.simulator import Request

    with Simulator() as simulator:
        headers = {
            "Upgrade": "websocket", "Sec-WebSocket-Key": "x", "Sec-WebSocket-Protocol": "amqp", "Sec-WebSocket-Version": "13",
        }  # fmt: skip
        url = "https://skerrybank.servicebus.windows.net/$servicebus/websocket"
        assert simulator.handle(Request("GET", url, headers)).status == 503


@given(some.lists(some.tuples(some.binary(max_size=300), some.binary(min_size=4, max_size=4))), some.data())
def test_frames_come_out_as_they_went_in_however_they_are_cut(parts: list[tuple[bytes, bytes]], data: Any) -> None:
    raw = b"".join(masked(2, payload, mask) for payload, mask in parts)
    frames, found, at = websocket.Frames(), [], 0
    while at < len(raw):
        size = data.draw(some.integers(1, 400))
        found += frames.feed(raw[at : at + size])
        at += size
    assert found == [(2, payload) for payload, _ in parts]


@given(some.binary(max_size=200))
def test_random_bytes_are_frames_or_are_not(raw: bytes) -> None:
    with contextlib.suppress(websocket.BadFrame):
        websocket.Frames().feed(raw)
