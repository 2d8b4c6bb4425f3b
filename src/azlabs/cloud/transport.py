"""Transports for the real SDK clients that need no socket: a function answers in the same process.

`Handler` takes (method, url, headers, body bytes or None) and returns (status, headers, body bytes). The simulator, a
recording and a test all fit it. `nap` stands in for sleeping: without one a poller that wants to wait 30 s does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.transport import AsyncHttpTransport, HttpTransport

from azlabs.cloud.answers import AsyncInProcessAnswer, InProcessAnswer

Handler = Callable[[str, str, dict[str, str], bytes | None], tuple[int, Mapping[str, str], bytes]]


def request_body(request: Any) -> bytes | None:
    """The bytes that a request of azure-core (either generation) would send."""
    content = request.content if hasattr(request, "content") else getattr(request, "data", None)
    if content is None:
        content = getattr(request, "_data", None)
    return _bytes(content)


def _bytes(content: Any) -> bytes | None:
    if content is None or isinstance(content, bytes):
        return content
    if isinstance(content, bytearray | memoryview):
        return bytes(content)
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, Mapping):
        return urlencode(content, doseq=True).encode()
    if hasattr(content, "read"):
        return _bytes(content.read())
    if isinstance(content, Iterable):
        return b"".join(piece if isinstance(piece, bytes) else str(piece).encode() for piece in content)
    raise TypeError(f"A request body of type {type(content).__name__} cannot be sent.")


@contextmanager
def _connection_errors() -> Iterator[None]:
    """A connection that ends without an answer, as azure-core's own transports tell it; the clients' retries go by that."""
    try:
        yield
    except ConnectionError as problem:
        raise ServiceResponseError(f"Connection aborted. {problem}", error=problem) from problem


class InProcessTransport(HttpTransport):  # type: ignore[misc]
    """Answers the requests of sync clients by a function call."""

    def __init__(self, handler: Handler, nap: Callable[[float], None] | None = None) -> None:
        self._handler = handler
        self._nap = nap

    def send(self, request: Any, **_options: Any) -> InProcessAnswer:
        with _connection_errors():
            status, headers, body = self._handler(request.method, request.url, dict(request.headers), request_body(request))
        return InProcessAnswer(request, status, headers, body)

    def open(self) -> None:
        return None

    def close(self) -> None:
        return None

    def sleep(self, duration: float) -> None:
        if self._nap is not None:
            self._nap(duration)

    def __enter__(self) -> InProcessTransport:
        return self

    def __exit__(self, *_details: object) -> None:
        return None


class AsyncInProcessTransport(AsyncHttpTransport):  # type: ignore[misc]
    """Answers the requests of aio clients by a function call, in a worker thread so that the event loop stays free."""

    def __init__(self, handler: Handler, nap: Callable[[float], None] | None = None) -> None:
        self._handler = handler
        self._nap = nap

    async def send(self, request: Any, **_options: Any) -> AsyncInProcessAnswer:
        import asyncio

        body = request_body(request)
        with _connection_errors():
            status, headers, content = await asyncio.to_thread(
                self._handler, request.method, request.url, dict(request.headers), body
            )
        return AsyncInProcessAnswer(request, status, headers, content)

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def sleep(self, duration: float) -> None:
        if self._nap is not None:
            self._nap(duration)

    async def __aenter__(self) -> AsyncInProcessTransport:
        return self

    async def __aexit__(self, *_details: object) -> None:
        return None
