"""Answers of an in-process transport, in the shape that azure-core and the clients over it read.

Newer clients use the members of `azure.core.rest.HttpResponse`; older ones `body()`, `internal_response`,
`block_size`, `context`, `stream_download`. Both kinds get one object whose content is already there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from http.client import responses as REASONS
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import AsyncHttpResponse, HttpResponse
from azure.core.utils import case_insensitive_dict


class _Answered:
    """What the sync and the async answer have in common."""

    def __init__(self, request: Any, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._request = request
        self._status = status
        self._headers = case_insensitive_dict(dict(headers))
        self._content = body
        self._encoding: str | None = None
        self.internal_response = self
        self.block_size = 4096
        self.context: dict[str, Any] = {}

    request = property(lambda self: self._request)
    status_code = property(lambda self: self._status)
    headers = property(lambda self: self._headers)
    reason = property(lambda self: REASONS.get(self._status, ""))
    content_type = property(lambda self: self._headers.get("content-type"))
    url = property(lambda self: self._request.url)
    content = property(lambda self: self._content)
    is_closed = property(lambda _self: True)
    is_stream_consumed = property(lambda _self: True)

    @property
    def encoding(self) -> str | None:
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    def body(self) -> bytes:
        return self._content

    def text(self, encoding: str | None = None) -> str:
        return self._content.decode(encoding or self._encoding or "utf-8-sig", "replace")

    def json(self) -> Any:
        return json.loads(self.text())

    def raise_for_status(self) -> None:
        if self._status >= 400:
            raise HttpResponseError(response=self)

    def _pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), self.block_size):
            yield self._content[start : start + self.block_size]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._status} {self.reason}>"


class _Pieces:
    """An iterator that a client may hang things on, as the storage clients do with a download."""

    def __init__(self, pieces: Iterator[bytes], response: _Answered) -> None:
        self._pieces = pieces
        self.response, self.content_length = response, len(response.content)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)


class InProcessAnswer(_Answered, HttpResponse):  # type: ignore[misc]
    """An answer for sync clients."""

    def read(self) -> bytes:
        return self._content

    def iter_raw(self, **_options: Any) -> Iterator[bytes]:
        return self._pieces()

    def iter_bytes(self, **_options: Any) -> Iterator[bytes]:
        return self._pieces()

    def stream_download(self, _pipeline: Any, **_options: Any) -> Iterator[bytes]:
        return _Pieces(self._pieces(), self)

    def close(self) -> None:
        return None

    def __enter__(self) -> InProcessAnswer:
        return self

    def __exit__(self, *_details: object) -> None:
        return None


class _AsyncPieces:
    """An async iterator that an old client may also await for, as it does with a stream download."""

    def __init__(self, pieces: Iterator[bytes], response: _Answered) -> None:
        self._pieces = pieces
        self.response, self.content_length = response, len(response.content)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


class AsyncInProcessAnswer(_Answered, AsyncHttpResponse):  # type: ignore[misc]
    """An answer for aio clients."""

    async def read(self) -> bytes:
        return self._content

    async def load_body(self) -> None:
        return None

    def iter_raw(self, **_options: Any) -> AsyncIterator[bytes]:
        return _AsyncPieces(self._pieces(), self)

    def iter_bytes(self, **_options: Any) -> AsyncIterator[bytes]:
        return _AsyncPieces(self._pieces(), self)

    def stream_download(self, _pipeline: Any, **_options: Any) -> AsyncIterator[bytes]:
        return _AsyncPieces(self._pieces(), self)

    async def close(self) -> None:
        return None

    async def __aenter__(self) -> AsyncInProcessAnswer:
        return self

    async def __aexit__(self, *_details: object) -> None:
        return None
