"""The https listener: certificates, keep-alive, bad bytes."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azlabs.simulator import Answer, Simulator, wire
from azlabs.simulator.certificates import certificate
from azlabs.simulator.server import Listener, serve

from .library import SUBSCRIPTION

HEAD = b"PUT / HTTP/1.1\r\nHost: h\r\n"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg?api-version=2024-11-01"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture
def listener(tls: Path) -> Iterator[tuple[Listener, dict[str, str]]]:
    with Simulator() as simulator, serve(simulator, folder=tls) as running:
        yield running, {"Authorization": f"Bearer {simulator.owner_token()}"}


def connect(listener: Listener, host: str = "127.0.0.1") -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(listener.authority))
    return http.client.HTTPSConnection(host, listener.port, context=context, timeout=10)


def test_many_requests_go_over_one_verified_connection(listener: tuple[Listener, dict[str, str]]) -> None:
    running, headers = listener
    client = connect(running)
    client.request("PUT", GROUP, b'{"location":"westeurope"}', headers)
    made = client.getresponse()
    assert (made.status, json.loads(made.read())["name"]) == (201, "rg")
    first = client.sock
    for method, expected in (("GET", 200), ("HEAD", 204), ("DELETE", 202)):
        client.request(method, GROUP, headers=headers)
        answer = client.getresponse()
        answer.read()
        assert answer.status == expected
    assert client.sock is first
    assert answer.headers["Location"].startswith(running.url)
    client.request("GET", answer.headers["Location"].removeprefix(running.url), headers=headers)
    assert client.getresponse().status == 200


def test_chunked_bodies_and_expectations_are_understood(listener: tuple[Listener, dict[str, str]]) -> None:
    running, headers = listener
    client = connect(running)
    client.request("PUT", GROUP, iter([b'{"location":', b'"westeurope"}']), headers, encode_chunked=True)
    assert client.getresponse().status == 201


def test_a_client_without_the_authority_is_not_fooled(listener: tuple[Listener, dict[str, str]]) -> None:
    client = http.client.HTTPSConnection(
        "127.0.0.1", listener[0].port, context=ssl.create_default_context(), timeout=10
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        client.request("GET", "/")


@pytest.mark.parametrize(
    "sent", [b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_bytes_that_are_no_request_are_answered_and_the_connection_ends(
    listener: tuple[Listener, dict[str, str]], sent: bytes
) -> None:
    running, _ = listener
    context = ssl.create_default_context(cafile=str(running.authority))
    raw = socket.create_connection(("127.0.0.1", running.port), timeout=10)
    with raw, context.wrap_socket(raw, server_hostname="localhost") as secure:
        secure.sendall(sent)
        received = b""
        while data := secure.recv(65536):
            received += data
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in received


def test_plain_http_and_silence_do_not_stop_the_listener(listener: tuple[Listener, dict[str, str]]) -> None:
    running, headers = listener
    with (
        socket.create_connection(("127.0.0.1", running.port)) as silent,
        socket.create_connection(("127.0.0.1", running.port)) as plain,
    ):
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client = connect(running)
        client.request("GET", f"{SUBSCRIPTION}?api-version=2022-12-01", headers=headers)
        assert client.getresponse().status == 200
        silent.close()


def test_certificates_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    first = certificate(tmp_path / "tls")
    contents = {file: file.read_bytes() for file in (tmp_path / "tls").iterdir()}
    assert certificate(tmp_path / "tls") == first
    assert {file: file.read_bytes() for file in (tmp_path / "tls").iterdir()} == contents
    assert {file.stat().st_mode & 0o777 for file in contents} == {0o600}
    other = certificate(tmp_path / "tls", ["example.test"])
    assert other.authority == first.authority and other.chain != first.chain


def test_the_certificate_names_azures_hosts(listener: tuple[Listener, dict[str, str]]) -> None:
    running, _ = listener
    context = ssl.create_default_context(cafile=str(running.authority))
    for name in ("management.azure.com", "mine.vault.azure.net", "localhost"):
        with (
            socket.create_connection(("127.0.0.1", running.port), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname=name),
        ):
            pass


def test_after_close_nobody_answers(tls: Path) -> None:
    with Simulator() as simulator:
        running = serve(simulator, folder=tls)
        client = connect(running)
        client.request("GET", "/")
        client.getresponse().read()
        running.close()
        with pytest.raises(OSError):
            connect(running).request("GET", "/")


def stream(data: bytes, step: int = 7) -> wire.Stream:
    """A stream that arrives in small pieces."""
    pieces = [data[index : index + step] for index in range(0, len(data), step)]
    return wire.Stream(lambda _size: pieces.pop(0) if pieces else b"", lambda _data: None)


def test_pipelined_requests_are_read_in_order() -> None:
    one = b"POST /a?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
    two = b"PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\nT: x\r\n\r\n"
    three = b"GET /c HTTP/1.0\r\nHost: h\r\n\r\n"
    reader = stream(one + two + three)
    read = [reader.request() for _ in range(4)]
    assert [(item[0].method, item[0].url, item[0].body, item[1]) for item in read if item is not None] == [
        ("POST", "https://h/a?x=1", b"abc", True),
        ("PUT", "https://h/b", b"def", True),
        ("GET", "https://h/c", None, False),
    ]
    assert read[3] is None


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=60).map(lambda tail: HEAD + tail + b"\r\n\r\n" + tail),
    )
)
def test_any_bytes_are_a_request_an_end_or_malformed(data: bytes) -> None:
    try:
        found = stream(data).request()
    except wire.Malformed as problem:
        assert 400 <= problem.answer().status < 500
    else:
        assert found is None or found[0].url


@pytest.mark.parametrize(
    "line", ["Content-Length: 999999999999999", "Content-Length: -1", "Transfer-Encoding: gzip", "X: " + "a" * 70000]
)
def test_bodies_and_heads_without_measure_are_refused(line: str) -> None:
    with pytest.raises(wire.Malformed):
        stream(f"PUT / HTTP/1.1\r\nHost: h\r\n{line}\r\n\r\n".encode(), 65536).request()


def test_header_values_cannot_split_an_answer() -> None:
    encoded = wire.encode(Answer(200, {"X": "a\r\nSet-Cookie: b"}, b"body"), keep=True)
    assert b"\r\nSet-Cookie" not in encoded
    assert encoded.endswith(b"Content-Length: 4\r\n\r\nbody")
